/** Whose a directory is, and whether a run that takes no lock works in it: by the processes of this machine. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MARKER_NAME, MARKER_TEXT, OURS } from '../../../src/install/marks.ts';

const SHELLS: readonly (readonly string[])[] = [['dash'], ['busybox', 'sh'], ['bash', '--posix']];
let directory: string;
let worker: ChildProcess | undefined;

beforeEach(() => {
  directory = mkdtempSync('/var/tmp/tapprep-scripts.');
  writeFileSync(`${directory}/${MARKER_NAME}`, `${MARKER_TEXT}\n`);
});
afterEach(async () => {
  if (worker?.kill() === true) await once(worker, 'close');
  worker = undefined;
  rmSync(directory, { recursive: true });
});

/** By every shell; the name comes from standard input, as it does in `remove`. */
function verdicts(): readonly string[] {
  return SHELLS.map(([file = '', ...words]) => {
    const script = `${OURS}\nIFS= read -r path; judge "$path"; echo "$verdict"`;
    return spawnSync(file, [...words, '-c', script], { input: `${directory}\n`, encoding: 'utf8' }).stdout.trim();
  });
}

const WAYS: readonly (readonly [string, () => ChildProcess])[] = [
  ['its words', () => spawn('sh', ['-c', 'echo; read -r end', directory], { stdio: 'pipe' })],
  [
    'its variables',
    () => spawn('sh', ['-c', 'echo; read -r end'], { stdio: 'pipe', env: { SYSTEMTAP_DIR: `${directory}/cache` } }),
  ],
  ['where it works', () => spawn('sh', ['-c', 'echo; read -r end'], { stdio: 'pipe', cwd: directory })],
];

test.each(WAYS)('a process that has it in %s keeps it', async (_name, start) => {
  worker = start();
  if (worker.stdout !== null) await once(worker.stdout, 'data');
  expect(verdicts()).toEqual(SHELLS.map(() => 'at-work'));
});

test('where no process has it, it is tapprep’s', () => {
  expect(verdicts()).toEqual(SHELLS.map(() => 'ours'));
});

test('what only its owner can look into is not judged by who may not', () => {
  const script = `${OURS}\nIFS= read -r path; judge "$path"; echo "$verdict"`;
  const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', 'sh', '-c', script];
  const { stdout } = spawnSync('setpriv', asNobody, { input: `${directory}\n`, encoding: 'utf8' });
  expect(stdout.trim()).toBe('closed');
});
