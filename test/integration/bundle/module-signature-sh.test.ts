/** The part of run.sh that reads a module's signature, under the shells that a target may have. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeKey, signByKernelTool } from '../../helpers/module-keys.ts';

const directory = mkdtempSync(join(tmpdir(), 'tapprep-signature-'));
afterAll(() => rmSync(directory, { recursive: true }));

const part = resolve('src/bundle/sh/signature.sh');
const KEY_ID = 'd07f848646060b6a4f8b8c39d082fead49cda1bc';

beforeAll(() => {
  for (const name of ['plain.ko', 'signed.ko', 'stripped.ko']) writeFileSync(join(directory, name), randomBytes(4000));
  const key = makeKey(directory, 'shell');
  signByKernelTool('sha256', key, join(directory, 'signed.ko'));
  // What strip leaves: the end is gone.
  execFileSync('cp', [join(directory, 'signed.ko'), join(directory, 'stripped.ko')]);
  execFileSync('truncate', ['-s', '-28', join(directory, 'stripped.ko')]);
  writeFileSync(
    join(directory, 'bundle.txt'),
    `module hello tapprep_hello modules/tapprep_hello.ko\nsigned tapprep_hello ${KEY_ID} web fleet, 2026\nsigned tapprep_other - nobody's id\n`,
  );
});

describe.each([['dash'], ['busybox', 'sh'], ['bash', '--posix']])('%s', (...shell) => {
  const run = (text: string): string => {
    const [program = '', ...words] = shell.filter((word) => word !== undefined);
    const done = spawnSync(program, [...words, '-c', `set -f; . '${part}'; ${text}`], {
      cwd: directory,
      encoding: 'utf8',
    });
    return `${done.stdout}${done.stderr}`.trim();
  };

  test('tells a signed module from one without signature and from one whose signature was cut off', () => {
    const text = 'for file in plain signed stripped; do is_signed ./$file.ko && echo "$file"; done';
    expect(run(text)).toBe('signed');
  });

  test('reads who signed a module', () => {
    expect(run('read_signer tapprep_hello; echo "$key_id|$signer"')).toBe(`${KEY_ID}|web fleet, 2026`);
    expect(run('read_signer tapprep_other; echo "$key_id|$signer"')).toBe("|nobody's id");
    expect(run('read_signer tapprep_none; echo "$key_id|$signer"')).toBe('|');
  });

  test.each([
    ['module hello tapprep_hello modules/tapprep_hello.ko', 'no'],
    ['module hello tapprep_hello modules/tapprep_hello.bo', 'yes'],
    ['module icmp tapprep_icmp modules/tapprep_icmp.ko json:integer', 'no'],
    ['module own tapprep_own modules/tapprep_own.bo path:file', 'yes'],
  ])('%s: by the bpf runtime: %s', (row, answer) => {
    const text = `. '${resolve('src/bundle/sh/module.sh')}'; mkdir -p by-bpf && cd by-bpf && echo '${row}' >bundle.txt`;
    expect(run(`${text} && if by_bpf; then echo yes; else echo no; fi`)).toBe(answer);
  });

  test.each([
    ['Loading of unsigned module is rejected', 'reason: tapprep_hello is not signed'],
    [
      'Loading of module with unavailable key is rejected',
      `reason: the running kernel does not trust the key of "web fleet, 2026" (${KEY_ID}) for modules`,
    ],
    [
      'Lockdown: staprun: unsigned module loading is restricted; see man kernel_lockdown.7',
      'reason: the running kernel is locked down, and trusts no signature of this module',
    ],
    [
      'Lockdown: stapbpf: use of bpf to read kernel RAM is restricted; see man kernel_lockdown.7',
      'reason: under lockdown=confidentiality no bpf program may read memory of the kernel',
    ],
    ["hello: version magic '5.10' should be '6.1'", 'reason: the module was built for another kernel'],
  ])('says what "%s" means', (line, expected) => {
    // The kernel's words, as its log has them behind what was there before.
    const text = `say() { echo "$1"; }; log='old line'; dmesg() { echo "$log"; }; note_log; log="$log
[   12.5] ${line.replaceAll("'", '')}"; explain_refusal tapprep_hello ./signed.ko`;
    expect(run(text)).toBe(expected);
  });
});
