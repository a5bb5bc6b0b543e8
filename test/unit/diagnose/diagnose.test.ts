import { describe, expect, it } from 'vitest';
import { DIAGNOSIS_CODES, type DiagnosisCode } from '../../../src/diagnose/codes.ts';
import { diagnose } from '../../../src/diagnose/diagnose.ts';
import { FIELD_LOGS } from './field-logs.ts';
import { HARMLESS_LOGS, SYNTHETIC_LOGS } from './synthetic-logs.ts';
import { cpuMilliseconds } from '../../helpers/cpu-time.ts';

const codesOf = (log: string): readonly string[] => diagnose({ log }).map((diagnosis) => diagnosis.code);

describe('diagnose', () => {
  it.each(SYNTHETIC_LOGS)('$code: $name', ({ log, code, also, says }) => {
    const diagnoses = diagnose({ log });
    expect(diagnoses.map((diagnosis) => diagnosis.code)[0]).toBe(code);
    expect(diagnoses.map((diagnosis) => diagnosis.code)).toEqual(expect.arrayContaining([...(also ?? [])]));
    expect(diagnoses[0]?.cause).toContain(says ?? '');
    for (const diagnosis of diagnoses) {
      expect(diagnosis.fix.length).toBeGreaterThan(0);
      expect(diagnosis.cause).toMatch(/\.$/);
      expect(diagnosis.cause).not.toMatch(/undefined|null|NaN|  /);
    }
  });

  it.each(FIELD_LOGS)('$code: as users post it, $name', ({ log, code }) => {
    expect(codesOf(log)[0]).toBe(code);
  });

  it.each(HARMLESS_LOGS)('is silent about %s', (_name, log) => {
    expect(codesOf(log)).toEqual([]);
  });

  // STALE_CACHE never stands alone: the failure that is replayed is told with it.
  it('has a log that puts every code first', () => {
    const seen = new Set<DiagnosisCode>(SYNTHETIC_LOGS.map(({ code }) => code));
    const missing = DIAGNOSIS_CODES.filter((code) => !seen.has(code));
    expect(missing).toEqual(['STALE_CACHE']);
  });

  const decorations: readonly (readonly [string, (line: string) => string])[] = [
    ['colours', (line) => `\u001b[1;31m${line}\u001b[0m`],
    ['syslog', (line) => `Nov  3 04:05:06 web-1 stap[4711]: ${line}`],
    ['ISO time stamps', (line) => `2026-03-04T05:06:07.891Z ${line}`],
    ['dmesg time stamps', (line) => `[12345.678901] ${line}`],
    ['carriage returns', (line) => `${line}\r`],
    ['compose prefixes', (line) => `tracer_1  | ${line}`],
    ['mail quotes', (line) => `> > ${line}`],
    ['typographic quotes', (line) => line.replaceAll(/'([^']*)'/g, '‘$1’').replaceAll(/"([^"]*)"/g, '“$1”')],
    ['JSON strings', (line) => JSON.stringify({ log: `${line}\n`, stream: 'stderr' })],
    [
      'noise between',
      (line) => `[   77.000001] audit: type=1400 something else\n${line}\n\n[   78.000001] e1000: link is up`,
    ],
  ];
  it.each(decorations)('recognises every log with %s around its lines', (how, decorate) => {
    for (const { name, log, code } of SYNTHETIC_LOGS) {
      // Commands and their answers are read together: noise between them changes what they say.
      if (how === 'noise between' && /^\S*[$#] /m.test(log)) continue;
      const decorated = log.split('\n').map(decorate).join('\n');
      expect([name, codesOf(decorated).slice(0, 3)]).toEqual([name, expect.arrayContaining([code])]);
    }
  });

  it('recognises long lines that were wrapped at 80 columns', () => {
    for (const { name, log, code } of SYNTHETIC_LOGS) {
      const wrapped = log
        .split('\n')
        .map((line) => line.replaceAll(/.{80}/g, '$&\n'))
        .join('\n');
      expect([name, codesOf(wrapped).slice(0, 3)]).toEqual([name, expect.arrayContaining([code])]);
    }
  });

  it('recognises lines that were wrapped between words', () => {
    for (const { name, log, code } of SYNTHETIC_LOGS) {
      const wrapped = log
        .split('\n')
        .map((line) => line.replaceAll(/(.{60,80}) /g, '$1\n'))
        .join('\n');
      expect([name, codesOf(wrapped).slice(0, 3)]).toEqual([name, expect.arrayContaining([code])]);
    }
  });

  it('tells the replayed module beside the mismatch that it replays', () => {
    const log =
      'Pass 4: using cached /root/.systemtap/cache/0b/stap_1.ko\nPass 5: starting run.\nERROR: module version mismatch (#1 SMP a b c 2017 vs #1 SMP d e f 2017), release 3.10.0-1.el7.x86_64';
    expect(codesOf(log)).toEqual(['DEVEL_VENDOR_MISMATCH', 'STALE_CACHE']);
  });

  it.each(['/.config', '/Makefile', '/Module.symvers', "Couldn't insert module", 'kernel-devel-', 'InRelease'])(
    'is not stalled by lines made of %s and quotes',
    async (needle) => {
      const line = `${needle}${'\'"5.1.1-'.repeat(8)}`.repeat(40).slice(0, 2040);
      // Before repetitions were bounded by what they may not contain this took half a minute.
      expect(await cpuMilliseconds(() => diagnose({ log: `${line}\n`.repeat(40) }))).toBeLessThan(3000);
    },
  );

  it('escapes and bounds what it quotes', () => {
    const log = `Checking "/lib/modules/4.18.0-80.el8.x86_64/build/.config" failed with error: \u001b]0;owned\u0007${'x'.repeat(1500)}`;
    const evidence = diagnose({ log })[0]?.evidence.join('') ?? '';
    expect(evidence).not.toMatch(/[\u0000-\u001f\u007f]/);
    expect(evidence.length).toBeLessThan(400);
  });

  it.each([
    ['4.18.0-553.el8_10.x86_64', 'sudo dnf install -y kernel-devel-4.18.0-553.el8_10.x86_64'],
    ['3.10.0-1160.el7.x86_64', 'sudo yum install -y kernel-devel-3.10.0-1160.el7.x86_64'],
    ['3.10.0-1160.el7.x86_64.debug', 'sudo yum install -y kernel-debug-devel-3.10.0-1160.el7.x86_64'],
    ['6.8.0-31-generic', 'sudo apt-get install -y linux-headers-6.8.0-31-generic'],
    ['6.1.0-18-amd64', 'sudo apt-get install -y linux-headers-6.1.0-18-amd64'],
  ])('names the package of %s for its package manager', (release, command) => {
    const log = `Checking "/lib/modules/${release}/build/.config" failed with error: No such file or directory`;
    expect(diagnose({ log })[0]?.fix[0]).toBe(command);
  });

  it('where the kernel names lockdown neither a container nor a group is suspected', () => {
    const log = [
      'insmod: ERROR: could not insert module drv.ko: Operation not permitted',
      'Lockdown: insmod: unsigned module loading is restricted; see man kernel_lockdown.7',
    ].join('\n');
    expect(diagnose({ log }).map(({ code }) => code)).toEqual(['SECUREBOOT_SIGNATURE']);
  });
});

it('where a program of SystemTap is missing, nobody is sent to look for a second one', () => {
  const [first] = diagnose({ log: 'bash: stap: command not found\n' });
  expect(first).toMatchObject({
    code: 'STAP_INSTALL_BROKEN',
    otherwise: 'Where it is installed all the same, its directory is not in the PATH.',
  });
});
