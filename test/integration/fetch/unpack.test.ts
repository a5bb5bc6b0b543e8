import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filterFile } from '../../../src/host/filter-file.ts';
import { unpackFile } from '../../../src/fetch/unpack.ts';

const directory = mkdtempSync(join(tmpdir(), 'tapprep-unpack-'));
const plain = join(directory, 'plain');
/** Half noise, so that every packer cuts it into several blocks. */
const text = Buffer.concat(
  Array.from({ length: 40 }, (_, at) =>
    Buffer.from(`${at} ${'kernel-devel '.repeat(2000)}${randomBytes(8000).toString('hex')}`),
  ),
);

const PACKERS = { gz: ['gzip', '-c'], zst: ['zstd', '-q', '-c'], xz: ['xz', '-c'], bz2: ['bzip2', '-c'] } as const;
const KINDS = Object.keys(PACKERS) as (keyof typeof PACKERS)[];

beforeAll(() => {
  writeFileSync(plain, text);
  for (const kind of KINDS) {
    const [tool, ...args] = PACKERS[kind];
    writeFileSync(`${plain}.${kind}`, execFileSync(tool, [...args, plain], { maxBuffer: 1 << 26 }));
  }
});
afterAll(() => rmSync(directory, { recursive: true }));

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of unpackFile(path)) hash.update(piece);
  return hash.digest('hex');
}

const whole = createHash('sha256').update(text).digest('hex');

describe('unpackFile', () => {
  test.each(['plain', ...KINDS.map((kind) => `plain.${kind}`)])('%s comes out whole', async (name) => {
    expect(await digestOf(join(directory, name))).toBe(whole);
  });

  test.each(KINDS)('truncated .%s is BAD_METADATA', async (kind) => {
    const path = join(directory, `cut.${kind}`);
    writeFileSync(path, readFileSync(`${plain}.${kind}`));
    truncateSync(path, 300_000);
    await expect(digestOf(path)).rejects.toMatchObject({ code: 'BAD_METADATA' });
  });

  test('a file that is not there is told as such', async () => {
    await expect(digestOf(join(directory, 'absent'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each(['plain.gz', 'plain.zst', 'plain.xz', 'plain.bz2'])('%s can be left early', async (name) => {
    let bytes = 0;
    for await (const piece of unpackFile(join(directory, name))) {
      bytes += piece.length;
      break;
    }
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(text.length);
  });
});

test('a filter that is not installed says so at its end', async () => {
  const output = filterFile(['no-such-tool-of-tapprep'], plain);
  expect(await output.next()).toEqual({ done: true, value: { exitCode: null, stderr: '', missing: true } });
});
