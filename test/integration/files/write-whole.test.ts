/** On real file systems, as `--out` meets them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeDirectory } from '../../../src/files/make-directory.ts';
import { writeAll, type Content, writeWhole } from '../../../src/files/write-whole.ts';
import { failureOf } from '../../helpers/failure-of.ts';

/** Larger than the disk. */
const LARGE = Buffer.alloc(2 << 20, 'x');
let disk = '';

beforeEach(() => {
  disk = mkdtempSync(join(tmpdir(), 'tapprep-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,nr_inodes=8', 'tmpfs', disk]);
  writeFileSync(join(disk, 'out'), 'of before');
});

afterEach(() => {
  execFileSync('umount', [disk]);
  rmSync(disk, { recursive: true });
});

function remountReadOnly(): void {
  execFileSync('mount', ['-o', 'remount,ro', disk]);
}

const CONTENTS: readonly (readonly [string, Content])[] = [
  ['a text', LARGE.toString()],
  ['bytes', LARGE],
  ['what fills the file bit by bit', (file: FileHandle) => writeAll(file, LARGE, 0)],
];

test.each(CONTENTS)(
  '%s onto a disk that gets full is NO_SPACE; what was there stays, and nothing beside it',
  async (_, content) => {
    const free = statfsSync(disk).bfree;
    const error = await failureOf(writeWhole(join(disk, 'out'), content, { mode: 0o644 }));
    expect(error).toMatchObject({ code: 'NO_SPACE', hint: expect.stringContaining('df -h') });
    expect(readdirSync(disk)).toEqual(['out']);
    expect(readFileSync(join(disk, 'out'), 'utf8')).toBe('of before');
    expect(statfsSync(disk).bfree).toBe(free);
  },
);

test('a disk without an inode left is NO_SPACE, and what was there stays', async () => {
  const names = ['1', '2', '3', '4', '5', '6'];
  for (const name of names) writeFileSync(join(disk, name), '');
  const error = await failureOf(writeWhole(join(disk, 'out'), 'new', { mode: 0o644 }));
  expect(error).toMatchObject({ code: 'NO_SPACE', message: expect.stringContaining('inode') });
  expect(readdirSync(disk).toSorted()).toEqual([...names, 'out']);
  expect(readFileSync(join(disk, 'out'), 'utf8')).toBe('of before');
});

test.each(['out', 'new'])('%s on a read-only file system is PERMISSION, and nothing is changed', async (name) => {
  remountReadOnly();
  const error = await failureOf(writeWhole(join(disk, name), 'new', { mode: 0o644 }));
  expect(error).toMatchObject({ code: 'PERMISSION', message: expect.stringContaining('EROFS') });
  expect(readdirSync(disk)).toEqual(['out']);
  expect(readFileSync(join(disk, 'out'), 'utf8')).toBe('of before');
});

test('what a user asks for has the mode that this user’s umask leaves', async () => {
  const before = process.umask(0o077);
  try {
    await writeWhole(join(disk, 'report'), 'private', { mode: 'user' });
    process.umask(0o002);
    await writeWhole(join(disk, 'shared'), 'of a group', { mode: 'user' });
  } finally {
    process.umask(before);
  }
  expect(['report', 'shared'].map((name) => statSync(join(disk, name)).mode & 0o777)).toEqual([0o600, 0o664]);
});

test('a directory on a read-only file system is that, at any depth; else all above it is made', async () => {
  expect(await makeDirectory(join(disk, 'a/b'))).toBe(join(disk, 'a'));
  expect(await makeDirectory(join(disk, 'a/b'))).toBe(null);
  remountReadOnly();
  await expect(makeDirectory(join(disk, 'a/b/c'))).rejects.toMatchObject({ code: 'EROFS' });
});

test('a directory that the kernel does not know below one that is there is refused, and not tried without end', async () => {
  await expect(makeDirectory('/proc/tapprep/x')).rejects.toMatchObject({ code: 'ENOENT' });
});
