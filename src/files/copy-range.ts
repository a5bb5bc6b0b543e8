/** Copies a range of bytes from one open file to another and hashes what went through. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { refuseWhenStopped } from '../interruption.ts';
import type { Sha256 } from '../types.ts';
import { writeAll } from './write-whole.ts';

/** Measured: smaller pieces cost round trips to the thread pool, larger ones fall out of the processor's cache. */
const PIECE_BYTES = 1 << 20;

/** Two buffers, made once for many files. */
export interface CopyBuffers {
  readonly pieces: readonly [Buffer, Buffer];
}

export function createCopyBuffers(): CopyBuffers {
  return { pieces: [Buffer.allocUnsafeSlow(PIECE_BYTES), Buffer.allocUnsafeSlow(PIECE_BYTES)] };
}

export interface CopyRequest {
  readonly from: FileHandle;
  readonly fromOffset: number;
  readonly to: FileHandle;
  readonly toOffset: number;
  readonly bytes: number;
  readonly signal: AbortSignal;
}

/**
 * Copies exactly `bytes` bytes; while one piece is written the next is read and hashed.
 * @returns the SHA-256 of what was copied, or null where the source ended before
 * @throws TapprepError INTERRUPTED; Node's own errors of the disk otherwise
 */
export async function copyRange(request: CopyRequest, { pieces }: CopyBuffers): Promise<Sha256 | null> {
  const { from, to, bytes, signal } = request;
  const hash = createHash('sha256');
  let done = 0;
  let turn: 0 | 1 = 0;
  let writing: Promise<void> = Promise.resolve();
  try {
    while (done < bytes) {
      refuseWhenStopped(signal, 'while copying');
      const piece = pieces[turn];
      const { bytesRead } = await from.read(piece, 0, Math.min(PIECE_BYTES, bytes - done), request.fromOffset + done);
      if (bytesRead === 0) return null;
      const filled = piece.subarray(0, bytesRead);
      const at = request.toOffset + done;
      const earlier = writing;
      writing = earlier.then(() => writeAll(to, filled, at));
      // Told when it is awaited; until then it must not count as unhandled.
      writing.catch(() => undefined);
      hash.update(filled);
      done += bytesRead;
      turn = turn === 0 ? 1 : 0;
      // The other buffer is free once the write before this one is done.
      await earlier;
    }
    await writing;
    return hash.digest('hex') as Sha256;
  } finally {
    await writing.catch(() => undefined);
  }
}
