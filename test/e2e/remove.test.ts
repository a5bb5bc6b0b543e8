import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { makeBuildRoot } from '../helpers/build-lab.ts';
import { Cli } from '../helpers/cli.ts';
import { asArtifact, TransactionLab } from '../helpers/transaction-lab.ts';

const FOLDER = '/opt/tapprep/systemtap-5.1';
const RECORD = '/var/lib/tapprep/systemtap-6.1.0-1-amd64.json';
const REPORT = '/var/lib/tapprep/report.json';
const JOURNAL = '/var/lib/tapprep/journal.json';
const scratch = mkdtempSync(join(tmpdir(), 'e2e-remove-'));
const cli = new Cli();
let root = '';
let roots = 0;

beforeAll(() => void makeBuildRoot(join(scratch, 'pristine')));
afterAll(() => {
  cli.close();
  rmSync(scratch, { recursive: true });
});

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function isThere(path: string): boolean {
  return existsSync(join(root, path));
}

function writeJournal(files: readonly string[]): void {
  const entry = { at: '2026-11-29T10:00:00.000Z', tapprep: '0.1.0', release: '6.1.0-1-amd64', state: 'done' };
  put(
    JOURNAL,
    JSON.stringify({ schema: 'tapprep-journal/1', entries: [{ ...entry, packages: [], replaced: [], files }] }),
  );
}

/** A portable SystemTap in its folder, the record that it was proven, a report, and the journal of all that. */
beforeEach(() => {
  roots += 1;
  root = join(scratch, `root-${roots}`);
  cpSync(join(scratch, 'pristine'), root, { recursive: true, verbatimSymlinks: true });
  put(`${FOLDER}/manifest.json`, '{"schema": "tapprep-systemtap/1"}\n');
  put(`${FOLDER}/bin/stap`, '#!/bin/sh\n');
  put(RECORD, '{}\n');
  put(REPORT, '{}\n');
  writeJournal([FOLDER]);
});

function remove(...more: readonly string[]): ReturnType<Cli['run']> {
  return cli.run(['remove', '--root', root, ...more]);
}

test('a portable SystemTap goes with the record that chose it, and the journal says so', async () => {
  const result = await remove('--yes');
  expect([result.code, result.stdout]).toEqual([0, expect.stringMatching(/^removed 0 packages and 2 files from /)]);
  expect([FOLDER, '/opt/tapprep', RECORD].filter(isThere)).toEqual([]);
  expect(readFileSync(join(root, JOURNAL), 'utf8')).toContain('"state": "removed"');
  // For people to read, until they ask for it to go.
  expect(isThere(REPORT)).toBe(true);
});

test('what could not be taken away stays in the journal, and goes the next time', async () => {
  const vmlinux = '/usr/lib/debug/lib/modules/6.1.0-1-amd64';
  put(`${vmlinux}/.tapprep`, '{"schema": "tapprep-directory/1"}\n');
  put(`${vmlinux}/vmlinux`, 'x');
  writeJournal([FOLDER, vmlinux]);
  const busy = 'mount --bind "$0" "$0" && exec "$@"';
  const wrapper = ['unshare', '-m', 'sh', '-c', busy, join(root, vmlinux, 'vmlinux')];
  const args = ['remove', '--root', root, '--purge', '--yes'];
  const first = await cli.start(args, {}, '', wrapper).done;
  // The journal stays for what is left, and is no file that could not be removed.
  const words = ` could not be removed from ${root}: ${vmlinux}\n`;
  expect([first.code, first.stderr]).toEqual([5, expect.stringContaining(words)]);
  expect([FOLDER, vmlinux, JOURNAL].filter(isThere)).toEqual([vmlinux, JOURNAL]);
  expect(await cli.run(args)).toMatchObject({ code: 0 });
  expect([vmlinux, JOURNAL].filter(isThere)).toEqual([]);
});

test('--purge takes the journal and the report, too, and nothing of tapprep stays', async () => {
  expect(await remove('--purge', '--yes')).toMatchObject({ code: 0 });
  expect(['/opt/tapprep', '/var/lib/tapprep', '/var/cache/tapprep'].filter(isThere)).toEqual([]);
});

test('--dry-run says what would go, not that it went, and changes nothing', async () => {
  const result = await remove('--dry-run');
  expect([result.code, result.stdout]).toEqual([
    0,
    `would remove 0 packages and 2 files from ${root}:\n  - ${FOLDER}\n  - ${RECORD}\n`,
  ]);
  expect([FOLDER, RECORD, REPORT].filter(isThere)).toEqual([FOLDER, RECORD, REPORT]);
});

test('what a journal names and tapprep never makes is left alone, and the words say so', async () => {
  put('/etc/precious', 'mine');
  writeJournal([FOLDER, '/etc/precious']);
  const result = await remove('--yes');
  expect([result.code, result.stdout]).toEqual([
    0,
    expect.stringContaining('left alone: /etc/precious, which is nothing that tapprep makes\n'),
  ]);
  expect([FOLDER, '/etc/precious'].filter(isThere)).toEqual(['/etc/precious']);
});

test('a journal that a newer tapprep wrote stays where it is: exit 5, and nothing goes', async () => {
  put(JOURNAL, '{"schema": "tapprep-journal/2", "entries": {}}');
  const result = await remove('--yes');
  expect(result.code).toBe(5);
  expect(result.stderr).toContain('has the form "tapprep-journal/2", but this tapprep reads "tapprep-journal/1"');
  expect(result.stderr).not.toContain('mv ');
  expect(isThere(FOLDER)).toBe(true);
});

test.each([
  [
    'everybody may write',
    () => chmodSync(join(root, JOURNAL), 0o666),
    /may be written by others than root \(-rw-rw-rw-\)/,
  ],
  ['is no journal', () => put(JOURNAL, '[]'), /is not a tapprep-journal\/1 file: .*expected object/],
  [
    'lacks a field',
    () => put(JOURNAL, '{"schema": "tapprep-journal/1", "entries": [{}]}'),
    /is not a tapprep-journal\/1 file: entries\.0\.at: /,
  ],
] as const)('a journal that %s: exit 5, and nothing goes', async (_name, spoil, words) => {
  spoil();
  const result = await remove('--yes');
  expect([result.code, result.stderr]).toEqual([5, expect.stringMatching(/^tapprep: JOURNAL_BROKEN: /)]);
  expect(result.stderr).toMatch(words);
  expect(result.stderr).toContain(`mv ${JOURNAL} ${JOURNAL}.broken`);
  expect(isThere(FOLDER)).toBe(true);
});

test('a link in the place of the folder goes, and what it leads to stays', async () => {
  rmSync(join(root, FOLDER), { recursive: true });
  put('/srv/manifest.json', '{"schema": "tapprep-systemtap/1"}\n');
  symlinkSync('/srv', join(root, FOLDER));
  expect(await remove('--yes')).toMatchObject({ code: 0 });
  expect([FOLDER, '/srv/manifest.json'].filter(isThere)).toEqual(['/srv/manifest.json']);
});

test('a package that something else needs: named with what to do, exit 5, and the JSON has it as data', async () => {
  const lab = new TransactionLab();
  try {
    const there = lab.openRoot();
    await there.install([asArtifact(lab.build('gcc', '12-1')), asArtifact(lab.build('systemtap', '5.1-1'))]);
    there.dpkg('--install', lab.build('build-essential', '12.9', {}, { Depends: 'gcc' }));
    const args = ['remove', '--root', there.directory, '--yes'];
    const first = await cli.run([...args, '--json']);
    expect([first.code, JSON.parse(first.stdout)]).toMatchObject([
      5,
      { packages: [{ name: 'systemtap' }], needed: [{ name: 'gcc', version: '12-1', by: ['build-essential'] }] },
    ]);
    const again = await cli.run([...args, '--purge']);
    const words = 'left in place: gcc 12-1, needed by build-essential\nonce nothing else needs them: ';
    expect([again.code, again.stdout]).toEqual([5, expect.stringContaining(words)]);
    there.dpkg('--purge', 'build-essential');
    expect(await cli.run([...args, '--purge'])).toMatchObject({ code: 0 });
    expect(there.packages()).toEqual([]);
  } finally {
    lab.close();
  }
});
