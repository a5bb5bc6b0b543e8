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

  test.each(KINDS)('two members of .%s one after the other are both unpacked', async (kind) => {
    const path = join(directory, `twice.${kind}`);
    const packed = readFileSync(`${plain}.${kind}`);
    writeFileSync(path, Buffer.concat([packed, packed]));
    const both = createHash('sha256').update(text).update(text).digest('hex');
    expect(await digestOf(path)).toBe(both);
  });

  test.each([1, 3, 4, 7, 300_000])('zstd cut %i bytes into its second frame is BAD_METADATA', async (bytes) => {
    const path = join(directory, 'second.zst');
    const packed = readFileSync(`${plain}.zst`);
    writeFileSync(path, Buffer.concat([packed, packed.subarray(0, bytes)]));
    await expect(digestOf(path)).rejects.toMatchObject({ code: 'BAD_METADATA' });
  });

  test('zstd with a skippable frame, and followed by what is no frame', async () => {
    const packed = readFileSync(`${plain}.zst`);
    const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    const path = join(directory, 'skippable.zst');
    writeFileSync(path, Buffer.concat([packed, skippable, packed, skippable]));
    expect(await digestOf(path)).toBe(createHash('sha256').update(text).update(text).digest('hex'));
    writeFileSync(path, Buffer.concat([packed, Buffer.from('trailing')]));
    await expect(digestOf(path)).rejects.toMatchObject({ code: 'BAD_METADATA', message: /no frame begins at byte/ });
  });

  test.each([
    ['every kind of frame header', ['--no-check', '--content-size', '-5']],
    ['many blocks', ['-1', '--block-size=4096']],
    ['a stream of unknown size', ['--no-content-size', '--long=20']],
  ])('zstd with %s', async (_title, options) => {
    const path = join(directory, 'options.zst');
    writeFileSync(path, execFileSync('zstd', ['-q', '-c', ...options, plain], { maxBuffer: 1 << 26 }));
    expect(await digestOf(path)).toBe(whole);
  });

  test.each(KINDS)('a bomb of .%s is TOO_LARGE', async (kind) => {
    const path = join(directory, `bomb.${kind}`);
    const [tool, ...args] = PACKERS[kind];
    writeFileSync(path, execFileSync(tool, args, { input: Buffer.alloc(48 << 20) }));
    await expect(digestOf(path)).rejects.toMatchObject({ code: 'TOO_LARGE' });
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
