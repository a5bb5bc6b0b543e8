/** Digests of a file on the disk, in bounded memory. */
import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
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
    const block = Buffer.allocUnsafeSlow(BLOCK);
    let sizeBytes = 0;
    for (;;) {
      refuseWhenStopped(signal, `while reading ${path}`);
      const { bytesRead } = await handle.read(block, 0, BLOCK, sizeBytes);
      if (bytesRead === 0) break;
      for (const hash of hashes) hash.update(block.subarray(0, bytesRead));
      sizeBytes += bytesRead;
    }
    const hex = Object.fromEntries(algorithms.map((name, at) => [name, hashes[at]?.digest('hex')]));
    return { sizeBytes, hex, info };
  } finally {
    await handle.close();
  }
}
