/** What tells a cache of tapprep's from a directory of somebody else: only in one of its own is anything closed or removed. */
import { constants, type Dirent } from 'node:fs';
import { type FileHandle, open, readdir, realpath, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isErrno, TapprepError } from '../errors.ts';
import { CACHE_MARK, findFolder, isCacheName, isProof, pathOf } from './cache-names.ts';
import { diskError } from './disk-error.ts';
import { ownUid } from './own-user.ts';

/** By the Cache Directory Tagging Specification; scripts/single.sh writes it, too. */
const TEXT = 'Signature: 8a477f597d28d172789f06886806bc55\n# a cache of tapprep\n';

/**
 * Passes what is not there, has the mark, or lies where a cache lies when nobody says otherwise; and, as caches from before the
 * mark do, what has nothing but tapprep's names in it and in its directories, or one of those that hardly anybody else gives. An
 * empty directory has no other name. scripts/single.sh goes by the same rule.
 * @param usual that place, null where it is not known
 * @throws TapprepError USAGE for a directory of others
 */
export async function requireCache(root: string, usual: string | null): Promise<void> {
  if (usual !== null && (await realPath(root)) === (await realPath(usual))) return;
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

/** Without links, as far as it is there. */
async function realPath(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}

async function isOurs(root: string, uid: number): Promise<boolean> {
  try {
    const top = await readdir(root, { withFileTypes: true });
    const mark = top.some(({ name }) => name === CACHE_MARK) ? await readMark(join(root, CACHE_MARK), uid) : '';
    if (mark === TEXT) return true;
    // Whoever wrote it may have been ended at it.
    let isOnlyOurs = mark !== null && TEXT.startsWith(mark);
    for (const path of await listNames(root, top)) {
      if (isProof(path)) return true;
      isOnlyOurs &&= isCacheName(path);
    }
    return isOnlyOurs;
  } catch (error) {
    // Whether it can be used at all is said by whoever opens it.
    if ((['ENOENT', 'ENOTDIR', 'EACCES'] as const).some((code) => isErrno(error, code))) return true;
    throw diskError(error, root, { place: 'CACHE_UNUSABLE' });
  }
}

/** What is in a directory, and in those of its directories that a cache has, too. */
async function listNames(root: string, top: readonly Dirent[]): Promise<readonly string[]> {
  const below = top
    .filter((entry) => entry.isDirectory() && findFolder(entry.name) !== null)
    .map(async ({ name }) =>
      (await readdir(join(root, name), { withFileTypes: true })).map((entry) => pathOf(name, entry)),
    );
  return [...top.map((entry) => pathOf('', entry)), ...(await Promise.all(below)).flat()];
}

/** Null for what is no mark: in a directory that others can write to, one of theirs says nothing. */
async function readMark(path: string, uid: number): Promise<string | null> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, 'ELOOP') || isErrno(error, 'ENOENT') || isErrno(error, 'EACCES')) return null;
    throw error;
  }
  try {
    const info = await file.stat();
    const isReadable = info.isFile() && [0, uid].includes(info.uid) && info.size <= TEXT.length;
    return isReadable ? await file.readFile('utf8') : null;
  } finally {
    await file.close();
  }
}
