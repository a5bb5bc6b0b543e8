/** Copies of a verified file for whoever is to use it: bytes of their own, held against the digest as they were copied. */
import { constants } from 'node:fs';
import { copyFile, open, rm } from 'node:fs/promises';
import { TapprepError } from '../errors.ts';
import { diskError, type DiskErrorOptions } from './disk-error.ts';
import { copyRange, createCopyBuffers } from './copy-range.ts';
import { hashFile } from './hash-file.ts';
import { writeWhole } from './write-whole.ts';

/**
 * Copies a file (shared blocks where the file system can) to a name that is not there yet, in a directory that only this
 * user can enter, and digests the copy: whatever happens to the original afterwards does not reach it. Nothing is left when
 * it is another.
 * @throws TapprepError DIGEST_MISMATCH | NO_SPACE | PERMISSION | INTERRUPTED
 */
export async function copyVerified(
  from: string,
  to: string,
  sha256: string,
  signal: AbortSignal,
  options: DiskErrorOptions = {},
): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  } catch (error) {
    throw diskError(error, to, options);
  }
  try {
    requireSame(from, sha256, (await hashFile(to, ['sha256'], signal)).hex.sha256 ?? '');
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
}

/** Puts a copy where anybody may read it, under its name when it is whole and the file that was verified. @throws as copyVerified */
export async function publishVerified(from: string, to: string, sha256: string, signal: AbortSignal): Promise<void> {
  await writeWhole(
    to,
    async (file) => {
      const source = await open(from, constants.O_RDONLY);
      try {
        const bytes = (await source.stat()).size;
        const range = { from: source, fromOffset: 0, to: file, toOffset: 0, bytes, signal };
        requireSame(from, sha256, await copyRange(range, createCopyBuffers()));
      } finally {
        await source.close();
      }
    },
    { mode: 0o644 },
  );
}

/** @param actual null where the file ended before its size */
function requireSame(from: string, expected: string, actual: string | null): void {
  if (actual === expected) return;
  throw new TapprepError(
    'DIGEST_MISMATCH',
    `${from} was verified with sha256 ${expected}, but ${actual === null ? 'it was cut while it was copied' : `what was copied from it has ${actual}`}`,
    { hint: 'run the same command again', facts: { path: from, expected, actual } },
  );
}
