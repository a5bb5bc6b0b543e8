/** Unpacks index files as a stream of fixed memory. */
import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { messageOf, TapprepError } from '../errors.ts';
import { filterFile } from '../host/filter-file.ts';
import { describeAnyInstall } from '../host/tools.ts';
import { type ZstdFrame, listZstdFrames } from './zstd-frames.ts';

/** How a file is packed, told by its first bytes. */
type Packing = 'none' | 'gzip' | 'zstd' | 'xz' | 'bzip2';

const MAGIC: readonly (readonly [Packing, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bzip2', [0x42, 0x5a, 0x68]],
];

/** Measured: smaller pieces cost round trips to the thread pool, larger ones gain nothing. */
const PIECE_BYTES = 128 * 1024;

const WHOLE_FILE: ZstdFrame = { start: 0, end: Infinity };

/** Real indexes unpack to 4 to 20 times their size. What stays below a few megabytes does no harm whatever it is. */
const MAX_RATIO = 250;
const HARMLESS_BYTES = 16 << 20;

/** Limits xz's memory: an index can demand gigabytes. */
const FILTERS: Readonly<Record<'xz' | 'bzip2', readonly [string, ...string[]]>> = {
  xz: ['xz', '--decompress', '--stdout', '--threads=0', '--memlimit-decompress=512MiB'],
  bzip2: ['bzip2', '--decompress', '--stdout'],
};

/** Tells the packing from the first bytes of a file; six are enough. */
function detectPacking(head: Uint8Array): Packing {
  const found = MAGIC.find(([, magic]) => magic.every((byte, at) => head[at] === byte));
  return found?.[0] ?? 'none';
}

/**
 * Yields the unpacked bytes of a file. A piece is only valid until the next one is asked for: its memory is given back
 * then, which keeps the process flat whatever the size of the index.
 *
 * A clean end proves little: a file cut between two members looks whole. The caller compares length and digest of what
 * came out with what the signed or stated index says, and stops reading when it is more.
 * @throws TapprepError BAD_METADATA when the file is damaged or cut off, TOO_LARGE when it is a bomb, TOOL_MISSING
 *   without xz or bzip2.
 */
export async function* unpackFile(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const { size } = await stat(path);
  let unpacked = 0;
  for await (const piece of unpackAny(path)) {
    unpacked += piece.length;
    if (unpacked > HARMLESS_BYTES && unpacked > size * MAX_RATIO) {
      throw new TapprepError('TOO_LARGE', `${path} unpacks to more than ${MAX_RATIO} times its ${size} bytes`, {
        facts: { path, packedBytes: size, maxRatio: MAX_RATIO },
      });
    }
    yield piece;
  }
}

async function* unpackAny(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const packing = detectPacking(await readHead(path));
  switch (packing) {
    case 'none':
      return yield* unpackBy(path, packing, null);
    case 'gzip':
      return yield* unpackBy(path, packing, createGunzip({ chunkSize: PIECE_BYTES }));
    case 'zstd':
      return yield* unpackZstd(path);
    case 'xz':
    case 'bzip2':
      return yield* unpackByTool(path, packing);
  }
}

/** Frame by frame, each through a decoder of its own: Node's stops after the first without a word. */
async function* unpackZstd(path: string): AsyncGenerator<Uint8Array, void> {
  const file = await open(path);
  let frames: readonly ZstdFrame[];
  try {
    frames = await listZstdFrames(file);
  } catch (error) {
    throw damaged(path, 'zstd', error);
  } finally {
    await file.close();
  }
  for (const frame of frames) {
    yield* unpackBy(path, 'zstd', createZstdDecompress({ chunkSize: PIECE_BYTES }), frame);
  }
}

async function readHead(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function* unpackBy(
  path: string,
  packing: Packing,
  decoder: Transform | null,
  part: ZstdFrame = WHOLE_FILE,
): AsyncGenerator<Uint8Array, void> {
  if (decoder === null) return yield* createReadStream(path, { highWaterMark: PIECE_BYTES }) as AsyncIterable<Buffer>;
  const file = await open(path);
  const fed = feed(file, decoder, part).catch((error: Error) => void decoder.destroy(error));
  try {
    for await (const piece of decoder as AsyncIterable<Buffer<ArrayBuffer>>) {
      yield piece;
      releaseMemory(piece);
    }
  } catch (error) {
    throw isDecoderError(error) ? damaged(path, packing, error) : error;
  } finally {
    decoder.destroy();
    await fed;
    await file.close();
  }
}

/** One buffer carries that part of the file to the decoder, used again when the decoder has taken what was in it. */
async function feed(file: FileHandle, decoder: Transform, { start, end }: ZstdFrame): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
  for (let at = start; at < end;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end - at), at);
    if (bytesRead === 0) break;
    at += bytesRead;
    await new Promise<void>((resolve, reject) => {
      // A decoder that fails, or is given up, in the middle of a write never calls back: its close is the only word.
      const giveUp = (): void => reject(new Error('the decoder was closed'));
      decoder.once('close', giveUp);
      decoder.write(buffer.subarray(0, bytesRead), (error) => {
        decoder.off('close', giveUp);
        if (error) reject(error);
        else resolve();
      });
    });
  }
  decoder.end();
}

/**
 * Gives the memory of a used-up piece back at once. Left to the collector, which sees only small objects, hundreds of
 * pieces would pile up. A piece that ends its whole buffer is the last that lies in it; the decoder has begun another.
 */
function releaseMemory(piece: Buffer<ArrayBuffer>): void {
  const { buffer } = piece;
  if (buffer.byteLength === PIECE_BYTES && piece.byteOffset + piece.length === PIECE_BYTES) buffer.transfer(0);
}

function isDecoderError(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code !== undefined && /^(?:Z_|ZSTD_|ERR_)/.test(code);
}

async function* unpackByTool(path: string, packing: 'xz' | 'bzip2'): AsyncGenerator<Uint8Array, void, undefined> {
  const end = yield* filterFile(FILTERS[packing], path);
  if (end.missing) {
    throw new TapprepError('TOOL_MISSING', `${path} is packed with ${packing}, and ${packing} is not installed here`, {
      hint: describeAnyInstall(packing),
    });
  }
  if (end.exitCode !== 0) throw damaged(path, packing, new Error(end.stderr.trim().split('\n', 1)[0]));
}

function damaged(path: string, packing: Packing, cause: unknown): TapprepError {
  return new TapprepError('BAD_METADATA', `${path} is no complete ${packing} data: ${messageOf(cause)}`, { cause });
}
