/** Reads the files of keys and certificates. */
import { open } from 'node:fs/promises';
import { isErrno, TapprepError } from '../errors.ts';
import { shellLine } from '../shell-words.ts';

/** No key and no certificate is larger. */
const MAX_BYTES = 1024 * 1024;

/** @throws TapprepError USAGE when there is no such file, PERMISSION when this user may not read it */
export async function readKeyFile(path: string, what: 'key' | 'certificate'): Promise<Buffer> {
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    const isForbidden = isErrno(cause, 'EACCES') || isErrno(cause, 'EPERM');
    throw new TapprepError(
      isForbidden ? 'PERMISSION' : 'USAGE',
      `the ${what} ${path} cannot be read: ${isForbidden ? 'this user may not' : 'there is no such file'}`,
      { hint: shellLine`ls -l ${path}`, cause },
    );
  }
}
