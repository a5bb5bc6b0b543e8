import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { formatCase, parseCase } from '../../../src/diagnose/cases/case-file.ts';
import { redactLog } from '../../../src/diagnose/cases/redact-log.ts';
import { scoreCase, sumScores } from '../../../src/diagnose/cases/score-case.ts';
import { diagnose } from '../../../src/diagnose/diagnose.ts';
import { EL9 } from './sample-facts.ts';

const CASES = globSync('test/cases/*.txt')
  .toSorted()
  .map((path) => ({ name: basename(path), wanted: parseCase(readFileSync(path, 'utf8')) }));
const SCORES = CASES.map(({ name, wanted }) => ({ name, ...scoreCase(wanted, diagnose({ log: wanted.log })) }));

test('every case of test/cases gets its right answer first', () => {
  expect(CASES.length).toBeGreaterThanOrEqual(40);
  expect(SCORES.filter(({ why }) => why !== null).map(({ name, why }) => `${name}: ${why ?? ''}`)).toEqual([]);
});

test('certain is never wrong, likely at most once in ten, and three of four answers are firm', () => {
  const { certain, likely, sure, cases } = sumScores(SCORES);
  process.stdout.write(
    `certain ${certain.join(' of ')}, likely ${likely.join(' of ')}, firm and right ${sure} of ${cases}\n`,
  );
  expect(certain[0]).toBe(certain[1]);
  expect(likely[0] / likely[1]).toBeGreaterThanOrEqual(0.9);
  expect(sure / cases).toBeGreaterThanOrEqual(0.75);
});

test('where two causes remain, one command decides between them', () => {
  const found = CASES.flatMap(({ wanted }) => diagnose({ log: wanted.log }).slice(0, 1));
  const undecided = found.filter(({ confidence }) => confidence !== 'certain');
  expect(found.filter(({ confidence, decidedBy }) => confidence === 'certain' && decidedBy !== undefined)).toEqual([]);
  expect(undecided.filter(({ decidedBy }) => decidedBy !== undefined).length).toBeGreaterThan(20);
  const missing = diagnose({ log: 'chdir(/lib/modules/5.10.0-33-amd64/build): No such file or directory' });
  expect(missing.map(({ code }) => code)).toEqual(['DEVEL_MISSING']);
  const [first] = diagnose({
    log: 'Checking "/lib/modules/5.10.0-33-amd64/build/.config" failed with error: No such file or directory',
  });
  expect(first).toMatchObject({
    code: 'DEVEL_MISSING',
    decidedBy: { against: 'DEVEL_VERSION_MISMATCH', command: 'ls -ld /lib/modules/* /lib/modules/*/build' },
  });
});

test('every frequent language is among the cases', () => {
  const languages = new Set(CASES.map(({ name }) => /^([a-z]{2})-/.exec(name)?.[1]));
  expect([...languages]).toEqual(expect.arrayContaining(['zh', 'ja', 'de', 'ru', 'fr', 'es', 'pt']));
});

test('of two runs in one log both failures are told as what they are', () => {
  const wanted = CASES.find(({ name }) => name === 'two-runs.txt')?.wanted;
  const found = diagnose({ log: wanted?.log ?? '' });
  expect(found.map(({ code }) => code)).toEqual(expect.arrayContaining(['DEVEL_MISSING', 'SECUREBOOT_SIGNATURE']));
});

test.each([
  ['# expect: DEVEL_MISSING\nno line', 'there is no line'],
  ['# cause: x\n-----8<----- below -----\nlog\n', 'no "expect:"'],
  ['# expect: NO_SUCH_CODE\n-----8<----- below -----\nlog\n', '"NO_SUCH_CODE" is no code'],
])('a file that is no case says why: %s', (text, why) => {
  expect(() => parseCase(text)).toThrow(why);
});

test('what feedback writes is a case, with nothing left that tells whose machine it was', () => {
  const log = redactLog(
    [
      'root@db7.example.com:~# stap -v x.stp',
      'Linux db7 5.14.0-503.11.1.el9_5.x86_64 #1 SMP x86_64 GNU/Linux',
      'Checking "/lib/modules/5.14.0-503.11.1.el9_5.x86_64/build/.config" failed with error: No such file or directory',
      'connect to 10.1.2.3: refused; see /home/alice/x and https://alice:pw@h/?token=abc',
    ].join('\n'),
  );
  const text = formatCase({ expect: ['DEVEL_MISSING'], cause: 'no headers | none', facts: EL9, log });
  expect(text).not.toMatch(/db7|alice|10\.1\.2\.3|abc/);
  const wanted = parseCase(text);
  expect(wanted).toMatchObject({ expect: ['DEVEL_MISSING'], cause: 'no headers none' });
  expect(scoreCase(wanted, diagnose({ log: wanted.log })).why).toBeNull();
});
