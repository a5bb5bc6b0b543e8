import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { compressBundle } from '../../../src/bundle/compress.ts';
import { failureOf } from '../../helpers/failure-of.ts';

const work = mkdtempSync(join(tmpdir(), 'tapprep-compress-'));
const tar = join(work, 'one.tar');
const { signal } = new AbortController();

afterAll(() => rmSync(work, { recursive: true }));

test('gzip and busybox read it, the same tar gives the same bytes, and its size is told', async () => {
  writeFileSync(join(work, 'file'), 'much the same\n'.repeat(10_000));
  execFileSync('tar', ['-C', work, '-cf', tar, 'file']);
  const [first, second] = [join(work, 'first.tar.gz'), join(work, 'second.tgz')];
  const size = await compressBundle(tar, first, signal);
  expect(await compressBundle(tar, second, signal)).toBe(size);
  expect(readFileSync(second).equals(readFileSync(first))).toBe(true);
  expect(readFileSync(first)).toHaveLength(size);
  expect(execFileSync('gzip', ['-dc', first]).equals(readFileSync(tar))).toBe(true);
  expect(execFileSync('busybox', ['tar', '-tzf', first], { encoding: 'utf8' })).toBe('file\n');
});

test('where it cannot be written the error says so, and nothing is left', async () => {
  const before = readdirSync(work);
  expect((await failureOf(compressBundle(tar, join(work, 'absent/out.tgz'), signal))).code).toBe('USAGE');
  expect((await failureOf(compressBundle(tar, join(work, 'out.tgz'), AbortSignal.abort()))).code).toBe('INTERRUPTED');
  expect(readdirSync(work)).toEqual(before);
});
