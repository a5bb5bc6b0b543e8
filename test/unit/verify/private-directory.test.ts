import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createLocalHost } from '../../../src/host/local.ts';
import { openPrivateCache } from '../../../src/verify/private-directory.ts';

const scratch = mkdtempSync(join(tmpdir(), 'tapprep-private-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const host = createLocalHost();
const { signal } = new AbortController();
const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

test('a cache of stap is made for its owner alone, below directories that are not there yet, and kept', async () => {
  const path = join(scratch, 'var/cache/stap');
  expect(await openPrivateCache(host, path, signal)).toBe(path);
  expect(modeOf(path)).toBe('700');
  writeFileSync(join(path, 'kept'), '');
  expect(await openPrivateCache(host, path, signal)).toBe(path);
  expect(existsSync(join(path, 'kept'))).toBe(true);
});

test('one that was open to everybody, as stap makes it, is emptied and closed', async () => {
  const path = join(scratch, 'open');
  mkdirSync(path);
  chmodSync(path, 0o777);
  writeFileSync(join(path, 'planted.ko'), '');
  expect(await openPrivateCache(host, path, signal)).toBe(path);
  expect(modeOf(path)).toBe('700');
  expect(existsSync(join(path, 'planted.ko'))).toBe(false);
});

test('where none can be made there is none', async () => {
  writeFileSync(join(scratch, 'file'), '');
  expect(await openPrivateCache(host, join(scratch, 'file/stap'), signal)).toBe(null);
});
