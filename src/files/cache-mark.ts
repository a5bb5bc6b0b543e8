/** What tells a cache of tapprep's from a directory of somebody else: only in one of its own is anything closed or removed. */
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isErrno, TapprepError } from '../errors.ts';
import { diskError } from './disk-error.ts';
import { ownUid } from './own-user.ts';

/** The name and the first line that backup programs know (Cache Directory Tagging Specification); scripts/single.sh writes it, too. */
export const CACHE_MARK = 'CACHEDIR.TAG';
const TEXT = 'Signature: 8a477f597d28d172789f06886806bc55\n# a cache of tapprep\n';
/** What every cache has that anything was downloaded to, and hardly anything else has together: known since before the mark, too. */
const KNOWN_BY = ['locks', 'sha256'] as const;
/** The root of a new file system has that, and is empty all the same. */
const LOST_AND_FOUND = 'lost+found';

/**
 * Passes what is not there, is empty, has the mark or what a cache from before the mark has, and the place where a cache lies when
 * nobody says otherwise. Any other name proves nothing.
 * @param usual that place, null where it is not known
 * @throws TapprepError USAGE for a directory of others
 */
export async function requireCache(root: string, usual: string | null): Promise<void> {
  if (usual !== null && resolve(root) === resolve(usual)) return;
  if (await isOurs(root, ownUid())) return;
  throw new TapprepError(
    'USAGE',
    `${root} has files in it and no ${CACHE_MARK} of tapprep's, so it is not taken for a cache`,
    {
      facts: { path: root, again: { option: '--cache-dir', value: join(root, 'tapprep') } },
    },
  );
}

/** Marks a cache; called before anything else is put there. */
export async function markCache(root: string): Promise<void> {
  try {
    await writeFile(join(root, CACHE_MARK), TEXT, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    // A cache that is only read does without.
    if ((['EEXIST', 'EROFS', 'EACCES', 'EPERM'] as const).some((code) => isErrno(error, code))) return;
    throw diskError(error, join(root, CACHE_MARK), { place: 'CACHE_UNUSABLE' });
  }
}

async function isOurs(root: string, uid: number): Promise<boolean> {
  try {
    const names = (await readdir(root)).filter((name) => name !== LOST_AND_FOUND);
    if (names.length === 0 || KNOWN_BY.every((name) => names.includes(name))) return true;
    return names.includes(CACHE_MARK) && (await isMark(join(root, CACHE_MARK), uid));
  } catch (error) {
    // Whether it can be used at all is said by whoever opens it.
    if ((['ENOENT', 'ENOTDIR', 'EACCES'] as const).some((code) => isErrno(error, code))) return true;
    throw diskError(error, root, { place: 'CACHE_UNUSABLE' });
  }
}

/** In a directory that others can write to, a mark of theirs says nothing. */
async function isMark(path: string, uid: number): Promise<boolean> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, 'ELOOP') || isErrno(error, 'ENOENT') || isErrno(error, 'EACCES')) return false;
    throw error;
  }
  try {
    const info = await file.stat();
    return (
      info.isFile() &&
      [0, uid].includes(info.uid) &&
      info.size <= TEXT.length &&
      // Whoever wrote it may have been ended at it.
      TEXT.startsWith(await file.readFile('utf8'))
    );
  } finally {
    await file.close();
  }
}
