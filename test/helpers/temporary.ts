/** Where tests put what they make: one directory for a run, in memory where roots can be there, and gone when the run ends. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Roots in memory are copied and written faster. */
const MEMORY = '/dev/shm';

/** What a mount for roots may not be, as systemd mounts it: programs are run there, some as another user, and device nodes are made. */
const UNFIT = ['noexec', 'nosuid', 'nodev'];

/** Bytes that may be put into a directory of memory; 0 where roots cannot be there. */
function roomOf(directory: string): number {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const [, , , options] = mounts.map((line) => line.split(' ')).findLast((words) => words[1] === directory) ?? [];
  if (options === undefined || options.split(',').some((option) => UNFIT.includes(option))) return 0;
  const { bavail, bsize } = statfsSync(directory);
  return Math.min(bavail * bsize, process.availableMemory());
}

/**
 * Makes the directory and lets TMPDIR say so, for this process and all that it starts from now on. Its name is short: sockets lie
 * in it. A TMPDIR that the user gave keeps its place.
 * @param bytes the room that memory needs to be taken
 * @returns takes it away again
 */
export function openTemporary(bytes: number): () => void {
  const isGiven = process.env['TMPDIR'] !== undefined;
  const directory = mkdtempSync(join(!isGiven && roomOf(MEMORY) >= bytes ? MEMORY : tmpdir(), 't-'));
  // As /tmp is: tests have other users, too.
  chmodSync(directory, 0o1777);
  process.env['TMPDIR'] = directory;
  return () => rmSync(directory, { recursive: true, force: true });
}

let close: () => void = () => undefined;

/** Vitest calls it before the first test. */
export function setup(): void {
  close = openTemporary(8 * 1024 ** 3);
}

/** Vitest calls it after the last test. */
export function teardown(): void {
  close();
}
