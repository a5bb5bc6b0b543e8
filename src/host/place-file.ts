/** A file under a second name, without its bytes being written twice where that can be avoided. */
import { constants } from 'node:fs';
import { copyFile, link } from 'node:fs/promises';
import { isErrno, TapprepError } from '../errors.ts';

/**
 * A link where both lie on one file system, a copy (shared blocks where the file system can) elsewhere. `to` must not be
 * there. @throws TapprepError PERMISSION | NO_SPACE
 */
export async function placeFile(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!isErrno(error, 'EXDEV') && !isErrno(error, 'EPERM') && !isErrno(error, 'EMLINK')) explainWrite(error, to);
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE).catch((cause: unknown) =>
      explainWrite(cause, to),
    );
  }
}

/** @throws TapprepError PERMISSION | NO_SPACE for what the disk said; anything else as it is */
export function explainWrite(error: unknown, path: string): never {
  if (isErrno(error, 'EACCES') || isErrno(error, 'EPERM') || isErrno(error, 'EROFS')) {
    throw new TapprepError('PERMISSION', `${path} cannot be written: ${error.message}`, {
      hint: 'run as root',
      cause: error,
    });
  }
  if (isErrno(error, 'ENOSPC') || isErrno(error, 'EDQUOT')) {
    throw new TapprepError('NO_SPACE', `${path} does not fit: ${error.message}`, {
      hint: `df -h ${path}`,
      cause: error,
    });
  }
  throw error;
}
