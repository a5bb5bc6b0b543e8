import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isOwnFile, ownUid } from '../../../src/files/own-user.ts';
import { withTemporaryDirectory } from '../../../src/files/temporary-directory.ts';
import { checkPlace, isTemporaryName, writeWhole } from '../../../src/files/write-whole.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tapprep-files-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('what was there is replaced whole, with the mode asked for', async () => {
  const path = join(directory, 'plan.json');
  writeFileSync(path, 'a longer text of before');
  await writeWhole(path, 'new', { mode: 0o640 });
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect(readdirSync(directory)).toEqual(['plan.json']);
});

test('a write that fails half-way leaves what was there, and nothing beside it', async () => {
  const path = join(directory, 'plan.json');
  writeFileSync(path, 'old');
  const half = writeWhole(
    path,
    async (file) => {
      await file.writeFile('half');
      throw new Error('the rest did not come');
    },
    { mode: 0o600 },
  );
  await expect(half).rejects.toThrow('the rest did not come');
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(directory)).toEqual(['plan.json']);
});

test('a link under the name is replaced and not followed, and what a killed run left is passed by', async () => {
  const victim = join(directory, 'victim');
  writeFileSync(victim, 'precious');
  symlinkSync(victim, join(directory, 'out'));
  symlinkSync(victim, join(directory, '.out.tapprep-0'));
  await writeWhole(join(directory, 'out'), 'mine', { mode: 0o600 });
  expect([readFileSync(victim, 'utf8'), readFileSync(join(directory, 'out'), 'utf8')]).toEqual(['precious', 'mine']);
  expect(readdirSync(directory).filter(isTemporaryName)).toEqual(['.out.tapprep-0']);
});

test.each([
  ['none/out', 'USAGE', /none\/out is in a directory that does not exist \(ENOENT\)/],
  ['file/out', 'USAGE', /is in something that is not a directory \(ENOTDIR\)/],
  ['folder', 'USAGE', /folder is a directory \(EISDIR\)/],
])('%s is %s, and nothing is left', async (name, code, message) => {
  writeFileSync(join(directory, 'file'), '');
  await withTemporaryDirectory(directory, 'folder', async (folder) => {
    const path = name === 'folder' ? folder : join(directory, name);
    const refusal = {
      code,
      message: expect.stringMatching(name === 'folder' ? /is a directory \(EISDIR\)/ : message) as string,
    };
    await expect(checkPlace(path, {})).rejects.toMatchObject(refusal);
    await expect(writeWhole(path, 'x', { mode: 0o600 })).rejects.toMatchObject(refusal);
  });
  expect(readdirSync(directory)).toEqual(['file']);
});

describe('what is no file is not replaced by one', () => {
  test.each([
    ['a device', 'mknod "$1" c 1 3'],
    ['a pipe', 'mkfifo "$1"'],
    ['a device', 'mknod "$1.null" c 1 3 && ln -s "$1.null" "$1"'],
    ['a directory', 'mkdir "$1.dir" && ln -s "$1.dir" "$1"'],
  ])('%s: %s', async (kind, make) => {
    const path = join(directory, 'out');
    execFileSync('sh', ['-c', make, 'sh', path]);
    const before = lstatSync(path);
    const refusal = { code: 'USAGE', message: expect.stringContaining(`${path} is ${kind} (`) as string };
    await expect(checkPlace(path, {})).rejects.toMatchObject(refusal);
    await expect(writeWhole(path, 'x', { mode: 0o600 })).rejects.toMatchObject(refusal);
    expect(lstatSync(path).ino).toBe(before.ino);
  });
});

test('a temporary directory is gone whatever its work does', async () => {
  const seen: string[] = [];
  await expect(
    withTemporaryDirectory(directory, 'work-', async (path) => {
      seen.push(path);
      writeFileSync(join(path, 'x'), '');
      expect(statSync(path).mode & 0o777).toBe(0o700);
      throw new Error('the work');
    }),
  ).rejects.toThrow('the work');
  expect(seen).toHaveLength(1);
  expect(readdirSync(directory)).toEqual([]);
  await expect(withTemporaryDirectory(join(directory, 'none'), 'x-', async () => 1)).rejects.toMatchObject({
    code: 'USAGE',
  });
});

test('a file is one’s own while nobody else has it, by owner, name or mode', async () => {
  const uid = ownUid();
  const path = join(directory, 'file');
  writeFileSync(path, '', { mode: 0o600 });
  expect(isOwnFile(statSync(path), uid)).toBe(true);
  expect(isOwnFile(statSync(path), uid + 1)).toBe(false);
  chmodSync(path, 0o620);
  expect(isOwnFile(statSync(path), uid)).toBe(false);
  chmodSync(path, 0o600);
  linkSync(path, join(directory, 'another name'));
  expect(isOwnFile(statSync(path), uid)).toBe(false);
  expect(isOwnFile(statSync(directory), uid)).toBe(false);
});
