import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import type { Candidate } from '../../../src/systemtap/choose.ts';
import { isSameBuild, kernelBuildOf } from '../../../src/systemtap/kernel-build.ts';
import { findMend } from '../../../src/systemtap/mends/table.ts';
import {
  importVerdicts,
  listVerdicts,
  ownVerdicts,
  recallVerdicts,
  rememberVerdict,
  type VerdictFile,
} from '../../../src/systemtap/verdicts.ts';
import { debTarget } from '../../helpers/deb-records.ts';
import { ownVerdict, SAMPLE_BUILD, sampleVerdict } from '../../helpers/sample-verdict.ts';
import { spoiledForms } from '../../helpers/spoiled.ts';

const P51: Candidate = portable('trixie', '5.1', '5.1-5');
const P56: Candidate = portable('sid', '5.6', '5.6-1');

function portable(suite: string, version: string, packageVersion: string): Candidate {
  return { kind: 'portable', version, packageVersion, distro: 'debian', from: { distro: 'debian', suite } };
}

const scratch = mkdtempSync(join(tmpdir(), 'tapprep-verdicts-'));
let cacheDir = '';
beforeEach(() => {
  cacheDir = mkdtempSync(join(scratch, 'cache-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('verdicts are kept for each kernel build, the newest on a candidate counts', async () => {
  expect(await recallVerdicts(cacheDir, SAMPLE_BUILD)).toEqual([]);
  await rememberVerdict(cacheDir, sampleVerdict(P51, 'fail', 'skip'));
  await rememberVerdict(cacheDir, sampleVerdict(P56, 'pass', 'pass'));
  await rememberVerdict(cacheDir, sampleVerdict(P51, 'pass', 'fail'));
  const expected = [ownVerdict(P51, 'pass', 'fail'), ownVerdict(P56, 'pass', 'pass')];
  expect(await recallVerdicts(cacheDir, SAMPLE_BUILD)).toEqual(expected);
  // Of a rung that was not tried again the earlier outcome stays.
  await rememberVerdict(cacheDir, sampleVerdict(P56, 'pass', 'skip'));
  expect((await recallVerdicts(cacheDir, SAMPLE_BUILD))[0]?.rungs['kernel.function']).toBe('pass');
  expect(await recallVerdicts(cacheDir, { ...SAMPLE_BUILD, package: '6.1.77-1' })).toEqual([]);
  expect(ownVerdicts(await listVerdicts(cacheDir))).toHaveLength(2);
});

test('long words are cut, and what a terminal would act on is taken out', async () => {
  const reason = `\u001b[31merror\u001b[0m\n${'x'.repeat(5000)}`;
  await rememberVerdict(cacheDir, { ...sampleVerdict(P51, 'fail', 'skip'), reason });
  const [found] = await recallVerdicts(cacheDir, SAMPLE_BUILD);
  expect(found?.reason).toHaveLength(1000);
  expect(found?.reason).toMatch(/^ \[31merror \[0m\n/);
});

test('a build is known by build-id, else by package version, else by uname -v', () => {
  const target = debTarget({ unameV: null, packageVersion: null });
  const buildId = 'ab'.repeat(20) as NonNullable<typeof target.buildId>;
  const plan = kernelBuildOf(target, '6.1.192-2');
  const running = kernelBuildOf({ ...target, unameV: '#1', buildId, packageVersion: '6.1.192-2' }, null);
  // Whether it is looked at from a plan or on the machine itself.
  expect(isSameBuild(plan, running)).toBe(true);
  const others = [
    kernelBuildOf(target, '6.1.192-1'),
    kernelBuildOf({ ...target, release: '6.1.0-1-amd64' }, '6.1.192-2'),
    kernelBuildOf({ ...target, arch: 'aarch64' }, '6.1.192-2'),
    kernelBuildOf(target, null),
  ];
  expect(others.map((each) => isSameBuild(each, plan))).toEqual([false, false, false, false]);
  // What is known of the running kernel itself weighs more than what a package is called.
  const rebuilt = { ...running, buildId: 'cd'.repeat(20) as typeof buildId };
  expect(isSameBuild(running, rebuilt)).toBe(false);
  expect(isSameBuild({ ...plan, package: null, unameV: '#1' }, { ...running, buildId: null })).toBe(true);
});

test('an rpm kernel of another vendor is another build, though the version is the same', () => {
  const rpm = { ...SAMPLE_BUILD, release: '4.18.0-513.el8.x86_64', package: 'rhel:4.18.0-513.el8' };
  expect(isSameBuild(rpm, { ...rpm, distro: 'rocky', package: 'rocky:4.18.0-513.el8' })).toBe(false);
});

const IMPORTED = { kind: 'imported', signer: null, at: '2026-11-30T00:00:00.000Z' } as const;

test('an imported verdict never stands in the place of one that was made here', async () => {
  await rememberVerdict(cacheDir, sampleVerdict(P51, 'fail', 'skip'));
  const later = { ...sampleVerdict(P51, 'pass', 'pass'), at: '2027-01-01T00:00:00.000Z' };
  const lists = [later, sampleVerdict(P56, 'pass', 'pass')];
  expect(await importVerdicts(cacheDir, lists, IMPORTED)).toEqual({ taken: 1, own: 1, known: 0 });
  const found = await recallVerdicts(cacheDir, SAMPLE_BUILD);
  expect(found).toEqual([ownVerdict(P51, 'fail', 'skip'), { ...ownVerdict(P56, 'pass', 'pass'), origin: IMPORTED }]);
  // Once more it is nothing new, and it is not handed on as one of this machine's own.
  expect(await importVerdicts(cacheDir, lists, IMPORTED)).toEqual({ taken: 0, own: 1, known: 1 });
  expect(ownVerdicts(await listVerdicts(cacheDir))).toHaveLength(1);
  // What is seen here afterwards comes first.
  await rememberVerdict(cacheDir, sampleVerdict(P56, 'fail', 'skip'));
  expect((await recallVerdicts(cacheDir, SAMPLE_BUILD))[0]).toEqual(ownVerdict(P56, 'fail', 'skip'));
});

test('a verdict on a mend that this tapprep has otherwise says nothing of its own', async () => {
  const mend = findMend('task-euid');
  if (mend === null) throw new Error('no such mend');
  await rememberVerdict(cacheDir, sampleVerdict({ ...P56, mends: [mend] }, 'pass', 'pass'));
  expect(await recallVerdicts(cacheDir, SAMPLE_BUILD)).toHaveLength(1);
  const changed = { ...mend, flags: ['-Wother'] };
  const other = mkdtempSync(join(scratch, 'cache-'));
  await rememberVerdict(other, sampleVerdict({ ...P56, mends: [changed] }, 'pass', 'pass'));
  expect(await recallVerdicts(other, SAMPLE_BUILD)).toEqual([]);
});

const FILE: VerdictFile = {
  schema: 'tapprep-verdicts/2',
  release: SAMPLE_BUILD.release,
  arch: SAMPLE_BUILD.arch,
  verdicts: [{ ...sampleVerdict(P51, 'pass', 'fail'), origin: { kind: 'here' } }],
};

async function recallFrom(form: unknown): Promise<number> {
  await rememberVerdict(cacheDir, sampleVerdict(P51, 'pass', 'fail'));
  const directory = join(cacheDir, 'systemtap/verdicts');
  writeFileSync(
    join(directory, readdirSync(directory)[0] ?? ''),
    typeof form === 'string' ? form : JSON.stringify(form),
  );
  return (await recallVerdicts(cacheDir, SAMPLE_BUILD)).length;
}

test('verdicts are read as they were written', async () => {
  expect(await recallFrom(FILE)).toBe(1);
});

test.each<[string, unknown]>([
  ...spoiledForms(FILE),
  ['a version of before', { ...FILE, schema: 'tapprep-verdicts/1' }],
  ['a future version', { ...FILE, schema: 'tapprep-verdicts/3' }],
  ['another kernel', { ...FILE, release: '6.1.0-19-amd64' }],
  ['its end missing', '{"schema":"tapprep-verdicts/2"'],
])('a file of verdicts with %s gives none', async (_name, form) => {
  expect(await recallFrom(form)).toBe(0);
});
