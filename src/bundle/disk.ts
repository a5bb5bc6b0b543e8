/** What a disk's refusal means to somebody who writes or reads a bundle. */
import { isErrno, isTapprepError, TapprepError } from '../errors.ts';

const MEANINGS: readonly (readonly [string, 'NO_SPACE' | 'PERMISSION' | 'USAGE', string])[] = [
  ['ENOSPC', 'NO_SPACE', 'has no space left'],
  ['EDQUOT', 'NO_SPACE', 'has no space left within the quota of this user'],
  ['EFBIG', 'NO_SPACE', 'cannot hold a file that large'],
  ['EACCES', 'PERMISSION', 'may not be used by this user'],
  ['EPERM', 'PERMISSION', 'may not be used by this user'],
  ['EROFS', 'PERMISSION', 'lies on a file system that is read only'],
  ['ENOENT', 'USAGE', 'does not exist'],
  ['ENOTDIR', 'USAGE', 'lies below something that is no directory'],
  ['EISDIR', 'USAGE', 'is a directory'],
];

/** The error to throw for a caught one. */
export function explainDisk(error: unknown, path: string): unknown {
  if (isTapprepError(error)) return error;
  const known = MEANINGS.find(([errno]) => isErrno(error, errno));
  if (known === undefined) return error;
  const [errno, code, what] = known;
  return new TapprepError(code, `${path} ${what}`, {
    hint: code === 'NO_SPACE' ? `df -h ${path}` : `ls -ld ${path}`,
    facts: { path, errno },
    cause: error,
  });
}
