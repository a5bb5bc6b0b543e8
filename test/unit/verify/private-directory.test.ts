import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createLocalHost } from '../../../src/host/local.ts';
import { withStapCache } from '../../../src/verify/private-directory.ts';

const scratch = mkdtempSync(join(tmpdir(), 'tapprep-private-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const host = createLocalHost();
const { signal } = new AbortController();
const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

const CACHE = 'var/cache/stap';

test('a cache of stap is its owner’s alone, made below directories that are not there yet, and kept', async () => {
  const path = join(scratch, CACHE);
  await withStapCache(host, path, signal, async (directory) => {
    expect(modeOf(directory ?? '')).toBe('700');
    writeFileSync(join(directory ?? '', 'kept'), '');
  });
  expect(modeOf(path)).toBe('700');
  await withStapCache(host, path, signal, async (directory) => {
    expect(existsSync(join(directory ?? '', 'kept'))).toBe(true);
    expect(existsSync(path), 'while it is used it is in no other run’s way').toBe(false);
    await withStapCache(host, path, signal, async (other) => expect(readdirSync(other ?? '')).toEqual([]));
  });
  expect(readdirSync(join(path, '..'))).toEqual(['stap']);
});

test('it is put back when the work fails, and one that was never put back is not met again', async () => {
  const path = join(scratch, 'failed/stap');
  const work = withStapCache(host, path, signal, (directory) => {
    writeFileSync(join(directory ?? '', 'kept'), '');
    return Promise.reject(new Error('the work'));
  });
  await expect(work).rejects.toThrow('the work');
  expect(readdirSync(path)).toEqual(['kept']);
  // As a kill in the middle of the work leaves it.
  mkdirSync(join(scratch, 'failed/stap.Ab12Cd'));
  writeFileSync(join(scratch, 'failed/stap.Ab12Cd/.tapprep'), '{"schema": "tapprep-directory/1"}\n');
  renameSync(path, join(scratch, 'failed/stap.Ab12Cd/stap'));
  execFileSync('touch', ['-d', '2 days ago', join(scratch, 'failed/stap.Ab12Cd')]);
  await withStapCache(host, path, signal, async (directory) => {
    expect(readdirSync(directory ?? '')).toEqual([]);
    writeFileSync(join(directory ?? '', 'anew'), '');
  });
  expect(readdirSync(join(scratch, 'failed'))).toEqual(['stap']);
});

test('where nothing was compiled, as where there is no stap, nothing is left', async () => {
  mkdirSync(join(scratch, 'bare'));
  await withStapCache(host, join(scratch, 'bare/tapprep/stap'), signal, async (directory) =>
    expect(modeOf(directory ?? '')).toBe('700'),
  );
  expect(readdirSync(join(scratch, 'bare'))).toEqual([]);
});

test('what stap makes open to everybody, as it works without a umask, is not kept so', async () => {
  const path = join(scratch, 'without-umask/stap');
  await withStapCache(host, path, signal, async (directory) => {
    await host.run(['sh', '-c', 'umask 0; mkdir -p "$1/cache/ab" && : >"$1/cache/ab/made.ko"', 'sh', directory ?? '']);
    expect(modeOf(join(directory ?? '', 'cache/ab'))).toBe('777');
  });
  expect(['cache', 'cache/ab', 'cache/ab/made.ko'].map((name) => modeOf(join(path, name)))).toEqual([
    '755',
    '755',
    '644',
  ]);
});

test('one that was open to everybody, as stap makes it, is dropped', async () => {
  const path = join(scratch, 'open');
  mkdirSync(path);
  chmodSync(path, 0o777);
  writeFileSync(join(path, 'planted.ko'), '');
  await withStapCache(host, path, signal, async (directory) => {
    expect(readdirSync(directory ?? '')).toEqual([]);
    writeFileSync(join(directory ?? '', 'compiled.ko'), '');
  });
  expect(modeOf(path)).toBe('700');
  expect(readdirSync(path)).toEqual(['compiled.ko']);
});

test('where none can be made there is none', async () => {
  writeFileSync(join(scratch, 'file'), '');
  expect(await withStapCache(host, join(scratch, 'file/stap'), signal, (directory) => Promise.resolve(directory))).toBe(
    null,
  );
});
