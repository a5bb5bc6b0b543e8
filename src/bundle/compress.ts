/** A compiled bundle made small: most of it are shared libraries, which gzip halves, and busybox unpacks. */
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { refuseWhenStopped } from '../interruption.ts';
import { writeAll, writeWhole } from '../files/write-whole.ts';

/** Whether the name of a bundle says that it is compressed. */
export function isCompressedName(name: string): boolean {
  return /\.(?:gz|tgz)$/.test(name);
}

/**
 * Writes the gzip of a tar, complete under its name or not there. Its header holds no name and no time: the same tar gives
 * the same bytes. Returns its size.
 * @throws TapprepError NO_SPACE | PERMISSION | INTERRUPTED
 */
export async function compressBundle(tar: string, out: string, signal: AbortSignal): Promise<number> {
  let sizeBytes = 0;
  const fill = async (file: FileHandle): Promise<void> => {
    const write = async (pieces: AsyncIterable<Uint8Array>): Promise<void> => {
      for await (const piece of pieces) {
        await writeAll(file, piece, sizeBytes);
        sizeBytes += piece.length;
      }
    };
    await pipeline(createReadStream(tar), createGzip({ level: 9 }), write, { signal });
  };
  try {
    await writeWhole(out, fill, { mode: 'user' });
    return sizeBytes;
  } catch (error) {
    refuseWhenStopped(signal, 'while a bundle was compressed', { cause: error });
    throw error;
  }
}
