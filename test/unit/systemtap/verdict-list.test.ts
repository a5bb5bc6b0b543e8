import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type Candidate, nameOf } from '../../../src/systemtap/choose.ts';
import { findMend } from '../../../src/systemtap/mends/table.ts';
import {
  countBuilds,
  makeVerdictList,
  parseVerdictList,
  readListFile,
  readShippedVerdicts,
  renderVerdictList,
} from '../../../src/systemtap/verdict-list.ts';
import { SAMPLE_BUILD, sampleVerdict } from '../../helpers/sample-verdict.ts';
import { spoiledForms } from '../../helpers/spoiled.ts';

const scratch = mkdtempSync(join(tmpdir(), 'tapprep-list-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const mend = findMend('task-euid');
if (mend === null) throw new Error('no such mend');
const MENDED: Candidate = {
  kind: 'portable',
  version: '5.6',
  packageVersion: '5.6-1',
  distro: 'debian',
  from: { distro: 'debian', suite: 'sid' },
  mends: [mend],
};
const OWN: Candidate = { kind: 'distro', version: '4.8', packageVersion: '4.8-2', distro: 'debian' };
const NOW = Date.UTC(2026, 10, 30);
const LIST = makeVerdictList([sampleVerdict(MENDED, 'pass', 'pass'), sampleVerdict(OWN, 'fail', 'skip')], NOW);

const parse = (value: unknown): unknown => parseVerdictList(JSON.stringify(value), 'seen.json');
const refusal = (sentence: RegExp): unknown =>
  expect.objectContaining({ code: 'BAD_VERDICTS', message: expect.stringMatching(sentence) as string });

test('a list is read as it was written, in one order whoever wrote it', () => {
  const text = renderVerdictList(LIST);
  expect(parseVerdictList(text, 'seen.json')).toEqual(LIST);
  const turned = makeVerdictList(LIST.verdicts.toReversed(), NOW);
  expect(renderVerdictList(turned)).toBe(text);
  expect(renderVerdictList(makeVerdictList([], NOW))).toContain('"verdicts": []');
  expect(countBuilds(LIST)).toBe(1);
});

test('what the kernel build of a verdict is has to be known before it is handed on', () => {
  const vague = sampleVerdict(OWN, 'pass', 'pass', { ...SAMPLE_BUILD, package: null });
  expect(makeVerdictList([vague], NOW).verdicts).toEqual([]);
  expect(() => parse({ ...LIST, verdicts: [vague] })).toThrow(refusal(/nothing tells this kernel build from another/));
});

test.each([...spoiledForms(LIST)])('a list with %s is refused', (_name, form) => {
  expect(() => parse(form)).toThrow(refusal(/^seen\.json is no list of verdicts of tapprep: /));
});

const [first, second] = LIST.verdicts;
if (first === undefined || second === undefined) throw new Error('too few verdicts');

test.each<[string, unknown, RegExp]>([
  [
    'a future version',
    { ...LIST, schema: 'tapprep-verdict-list/2' },
    /"tapprep-verdict-list\/2", but this tapprep reads "tapprep-verdict-list\/1"/,
  ],
  ['another form', { ...LIST, schema: 'tapprep-plan/1' }, /is no list of verdicts/],
  ['nothing', null, /is no list of verdicts/],
  [
    'the same verdict twice',
    { ...LIST, verdicts: [first, first] },
    /two verdicts on SystemTap .* and the same build of 6\.1\.0-18-amd64/,
  ],
  [
    'another verdict on the same SystemTap and build',
    { ...LIST, verdicts: [first, { ...first, kernel: { ...SAMPLE_BUILD, unameV: '#1 SMP' }, reason: null }] },
    /two verdicts on SystemTap/,
  ],
  ['a word that a terminal would act on', { ...LIST, verdicts: [{ ...second, reason: '\u001b]0;x\u0007' }] }, /reason/],
  [
    'a rung that does not exist',
    { ...LIST, verdicts: [{ ...first, failed: { step: 'root', blame: null } }] },
    /failed\.step/,
  ],
  [
    'a release with a path in it',
    { ...LIST, verdicts: [{ ...first, kernel: { ...SAMPLE_BUILD, release: '../x' } }] },
    /kernel\.release/,
  ],
  [
    'the distribution’s own from elsewhere',
    { ...LIST, verdicts: [{ ...first, systemtap: { ...first.systemtap, from: null, kind: 'portable' } }] },
    /comes from nowhere else/,
  ],
  [
    'a verdict that is none',
    { ...LIST, verdicts: [{ ...first, rungs: { hello: 'skip', 'kernel.function': 'pass' } }] },
    /hello world was not tried/,
  ],
  [
    'more verdicts than any machine has',
    { ...LIST, verdicts: Array.from({ length: 20_001 }, () => first) },
    /verdicts: /,
  ],
])('%s is refused by what is wrong with it', (_name, form, sentence) => {
  expect(() => parse(form)).toThrow(refusal(sentence));
});

test('what is no JSON, and a text that is larger than any list, are refused', () => {
  expect(() => parseVerdictList('{', 'seen.json')).toThrow(refusal(/is no JSON/));
  expect(() => parseVerdictList(' '.repeat(16 * 1024 * 1024 + 1), 'seen.json')).toThrow(refusal(/at most 16777216/));
});

test('a file that is no list is refused before it is read', async () => {
  const huge = join(scratch, 'huge');
  writeFileSync(huge, '');
  truncateSync(huge, 1e12);
  await expect(readListFile(huge)).rejects.toEqual(
    refusal(/has 1000000000000 bytes, but a list of verdicts has at most/),
  );
  await expect(readListFile(scratch)).rejects.toEqual(refusal(/is no file/));
  await expect(readListFile(join(scratch, 'none'))).rejects.toEqual(refusal(/is no file/));
  // A pipe would be read for ever.
  await expect(readListFile('/dev/zero')).rejects.toEqual(refusal(/is no file/));
});

test('what ships counts for the very build alone', async () => {
  const root = join(scratch, 'package');
  mkdirSync(root);
  expect(await readShippedVerdicts(root, SAMPLE_BUILD)).toEqual([]);
  writeFileSync(join(root, 'verdicts.json'), renderVerdictList(LIST));
  const found = await readShippedVerdicts(root, SAMPLE_BUILD);
  expect(found.map(({ candidate, origin }) => [candidate, origin])).toEqual([
    [nameOf(OWN), { kind: 'shipped' }],
    [nameOf(MENDED), { kind: 'shipped' }],
  ]);
  expect(await readShippedVerdicts(root, { ...SAMPLE_BUILD, package: '6.1.76-2' })).toEqual([]);
  expect(await readShippedVerdicts(root, { ...SAMPLE_BUILD, release: '6.1.0-19-amd64' })).toEqual([]);
});

test('the list of this package is one', () => {
  const path = join(import.meta.dirname, '../../../verdicts.json');
  expect(parseVerdictList(readFileSync(path, 'utf8'), path).verdicts.length).toBeGreaterThan(0);
});
