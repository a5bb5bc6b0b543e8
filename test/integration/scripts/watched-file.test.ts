import { linkSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createLocalHost } from '../../../src/host/local.ts';
import { findWatchedFile } from '../../../src/scripts/watched-file.ts';

const host = createLocalHost();
const { signal } = new AbortController();
const directory = mkdtempSync(join(tmpdir(), 'tapprep-watch '));
afterAll(() => rmSync(directory, { recursive: true }));

test('a file is found through links and whatever its name holds', async () => {
  const name = '-f $(id) "quoted" \\ é';
  const path = join(directory, name);
  writeFileSync(path, '');
  symlinkSync(name, join(directory, 'link'));
  for (const asked of [path, join(directory, 'link')]) {
    const found = await findWatchedFile(host, asked, signal);
    expect(found).toMatchObject({
      path,
      inode: String(statSync(path).ino),
      directoryInode: String(statSync(directory).ino),
    });
    // stat(2) packs 8 low bits of the minor number below 12 of the major.
    const { dev } = statSync(path);
    expect([found.major, found.minor]).toEqual([(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)]);
  }
});

test('a file that takes the place of another is another inode', async () => {
  const path = join(directory, 'log');
  writeFileSync(path, 'one');
  const before = await findWatchedFile(host, path, signal);
  linkSync(path, join(directory, 'log.1'));
  rmSync(path);
  writeFileSync(path, 'two');
  const after = await findWatchedFile(host, path, signal);
  expect(after.inode).not.toBe(before.inode);
  expect(after.directoryInode).toBe(before.directoryInode);
});

test.each([
  ['what is not there', 'absent', /there is no file .*absent/],
  ['a link that leads nowhere', 'dangling', /there is no file .*dangling/],
  ['a directory', 'folder', /is a directory, but only a file can be watched/],
])('%s is refused', async (_, name, message) => {
  rmSync(join(directory, name), { recursive: true, force: true });
  if (name === 'dangling') symlinkSync('nowhere', join(directory, name));
  if (name === 'folder') mkdirSync(join(directory, name));
  await expect(findWatchedFile(host, join(directory, name), signal)).rejects.toMatchObject({ code: 'USAGE', message });
});
