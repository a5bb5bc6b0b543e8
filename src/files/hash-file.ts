/** Digests of a file on the disk, in bounded memory. */
import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { TapprepError } from '../errors.ts';
import type { Digest } from '../types.ts';
import { refuseWhenStopped } from '../interruption.ts';

const BLOCK = 1 << 20;

export interface HashedFile {
  readonly sizeBytes: number;
  readonly hex: Readonly<Partial<Record<Digest['algorithm'], string>>>;
  /** Of the very file that was read. */
  readonly info: Stats;
}

/**
 * Reads a regular file once and returns its size and digests.
 * @throws TapprepError INTERRUPTED, BAD_PACKAGE when it is no regular file; Node's own errors otherwise
 */
export async function hashFile(
  path: string,
  algorithms: readonly Digest['algorithm'][],
  signal: AbortSignal,
): Promise<HashedFile> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw new TapprepError('BAD_PACKAGE', `${path} is not a regular file`);
    const hashes = algorithms.map((name) => createHash(name));
    const sizeBytes = await readPieces(handle, { signal, what: `while reading ${path}` }, (piece) => {
      for (const hash of hashes) hash.update(piece);
    });
    const hex = Object.fromEntries(algorithms.map((name, at) => [name, hashes[at]?.digest('hex')]));
    return { sizeBytes, hex, info };
  } finally {
    await handle.close();
  }
}

/**
 * Reads a file from its beginning, in one block that is used again: what is to be kept of a piece is copied.
 * @returns size in bytes
 * @throws TapprepError INTERRUPTED
 */
export async function readPieces(
  handle: FileHandle,
  { signal, what }: { readonly signal: AbortSignal; readonly what: string },
  use: (piece: Buffer, at: number) => Promise<void> | void,
): Promise<number> {
  const block = Buffer.allocUnsafeSlow(BLOCK);
  for (let at = 0; ;) {
    refuseWhenStopped(signal, what);
    const { bytesRead } = await handle.read(block, 0, BLOCK, at);
    if (bytesRead === 0) return at;
    await use(block.subarray(0, bytesRead), at);
    at += bytesRead;
  }
}
