import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLocalHost } from '../../../src/host/local.ts';
import type { Sentence } from '../../../src/types.ts';
import { purgeCaches } from '../../../src/pipeline/purge-caches.ts';

let home = '';
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'tapprep-purge-')));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

function fill(...folders: readonly string[]): string {
  const directory = join(home, ...folders);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'stap_1.ko'), 'module');
  return directory;
}

const purge = (...paths: readonly string[]): Promise<Sentence | null> =>
  purgeCaches({ emit: () => undefined, signal: new AbortController().signal }, createLocalHost(), paths);

test('caches are removed, and nothing beside them', async () => {
  const caches = [fill('a', '.systemtap', 'cache'), fill('b', '.systemtap', 'cache')];
  const other = fill('a', '.systemtap', 'ssl');
  expect(await purge(...caches)).toBeNull();
  expect([...caches, other].map((path) => existsSync(path))).toEqual([false, false, true]);
});

test('a cache behind a symbolic link is left, and so is every other of the same command', async () => {
  const target = fill('elsewhere', 'cache');
  const plain = fill('a', '.systemtap', 'cache');
  mkdirSync(join(home, 'b'));
  symlinkSync(join(home, 'elsewhere'), join(home, 'b', '.systemtap'));
  expect(await purge(plain, join(home, 'b', '.systemtap', 'cache'))).toMatch(/is reached through a symbolic link/);
  expect([target, plain].map((path) => existsSync(path))).toEqual([true, true]);
});
