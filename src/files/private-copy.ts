/** A copy of a verified file for whoever is to use it: bytes of its own, under one name, digested after they were copied. */
import { constants } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { TapprepError } from '../errors.ts';
import { diskError, type DiskErrorOptions } from './disk-error.ts';
import { hashFile } from './hash-file.ts';

/**
 * Copies a file (shared blocks where the file system can) to a name that is not there yet, in a directory that only this
 * user can enter, and holds the copy against the digest that was verified: whatever happens to the original afterwards
 * does not reach it. Nothing is left when it is another.
 * @throws TapprepError DIGEST_MISMATCH | NO_SPACE | PERMISSION | INTERRUPTED
 */
export async function copyVerified(
  from: string,
  to: string,
  sha256: string,
  signal: AbortSignal,
  options: DiskErrorOptions = {},
): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE).catch(async (error: unknown) => {
    throw diskError(error, to, options);
  });
  try {
    const found = (await hashFile(to, ['sha256'], signal)).hex.sha256;
    if (found === sha256) return;
    throw new TapprepError(
      'DIGEST_MISMATCH',
      `${from} was verified with sha256 ${sha256}, but what was copied from it has ${found ?? 'none'}`,
      { hint: 'run the same command again', facts: { path: from, expected: sha256, actual: found ?? null } },
    );
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
}
