/**
 * The one opener of directories that only the running user can enter: the cache's root and everything below it. What lies
 * in them can be changed by that user and root alone, so that a check holds until the file is used.
 */
import { constants, type Dirent } from 'node:fs';
import { type FileHandle, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../errors.ts';
import {
  type Access,
  checkAncestors,
  isOpen,
  isSticky,
  OWN_DIRECTORY_HINT,
  requireSafeStep,
  unusable,
} from './ancestors.ts';
import { markCache } from './cache-mark.ts';
import { findFolder, isCacheName, pathOf } from './cache-names.ts';
import { diskError } from './disk-error.ts';
import { makeDirectory } from './make-directory.ts';
import { ownUid } from './own-user.ts';

const PRIVATE = 0o700;
const SHARED = 0o755;
const FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const REFUSAL = { place: 'CACHE_UNUSABLE', other: 'CACHE_UNUSABLE', hint: OWN_DIRECTORY_HINT } as const;

/**
 * Opens ROOT/NAME/NAME…, making what is not there (0700), and checks each directory by its descriptor: no link, this
 * user's, 0700. One of this user's that was open is closed, and what others may have put there is dropped.
 * @param root the cache, which the command line held against requireCache, and which is marked; no ancestor of it may be another user's or, without the sticky bit, writable by others
 * @returns the path without links
 * @throws TapprepError CACHE_UNUSABLE | PERMISSION | NO_SPACE
 */
export async function openPrivateDirectory(root: string, ...names: readonly string[]): Promise<string> {
  return openDirectoryOf(ownUid(), root, ...names);
}

/** The same for a user whose id is known. */
export async function openDirectoryOf(uid: number, root: string, ...names: readonly string[]): Promise<string> {
  let path = await checkAncestors(root, uid);
  // What was made was made below directories that were not there when they were checked.
  if (await make(path)) path = await checkAncestors(root, uid);
  let wasReachable = await openOne(path, uid, closeRoot);
  await markCache(path);
  for (const [at, name] of names.entries()) {
    path = join(path, name);
    await make(path);
    const place = names.slice(0, at + 1).join('/');
    const suspect = wasReachable && findFolder(place)?.fate === 'dropped' ? place : null;
    const isReachable = await openOne(path, uid, (...found) => closeBelow(...found, suspect));
    wasReachable &&= isReachable;
  }
  return path;
}

/** As openPrivateDirectory, but null where it is not there. */
export async function findPrivateDirectory(root: string, ...names: readonly string[]): Promise<string | null> {
  return findDirectoryOf(ownUid(), root, ...names);
}

/** The same for a user whose id is known. */
export async function findDirectoryOf(uid: number, root: string, ...names: readonly string[]): Promise<string | null> {
  try {
    await (await open(join(root, ...names), FLAGS)).close();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
  }
  return openDirectoryOf(uid, root, ...names);
}

/**
 * Opens a directory of this user that others may look into and not change, making what is not there (0755).
 * @returns the path without links
 * @throws TapprepError CACHE_UNUSABLE | PERMISSION | NO_SPACE
 */
export async function openOwnDirectory(directory: string): Promise<string> {
  const uid = ownUid();
  let path = await checkAncestors(directory, uid);
  if (await make(path, SHARED)) path = await checkAncestors(directory, uid);
  await openOne(path, uid, async (_, handle) => {
    const info = await handle.stat();
    if (isOpen(info)) await closeToOthers(path, handle, info, SHARED);
    return false;
  });
  return path;
}

/** What a directory needs to be private; returns whether others could reach what is in it before. */
type Close = (path: string, handle: FileHandle, uid: number) => Promise<boolean>;

async function openOne(path: string, uid: number, close: Close): Promise<boolean> {
  let handle: FileHandle;
  try {
    handle = await open(path, FLAGS);
  } catch (error) {
    if (!isErrno(error, 'ENOTDIR') && !isErrno(error, 'ELOOP')) throw diskError(error, path, REFUSAL);
    throw unusable(path, 'cannot be used: a link or a file is where a directory should be');
  }
  try {
    const owner = (await handle.stat()).uid;
    if (owner === uid) return await close(path, handle, uid);
    throw unusable(path, `belongs to user ${owner} but this is user ${uid}`, { owner, uid });
  } finally {
    await handle.close();
  }
}

/** Whether anything was made. What is there already, be it what it may, is judged when it is opened. */
async function make(path: string, mode = PRIVATE): Promise<boolean> {
  try {
    return (await makeDirectory(path, mode)) !== null;
  } catch (error) {
    if (isErrno(error, 'EEXIST') || isErrno(error, 'ENOTDIR')) return false;
    throw diskError(error, path, REFUSAL);
  }
}

/** Whether what lies in the root of a cache is closed with it. */
function isClosed(entry: Dirent): boolean {
  return isCacheName(pathOf('', entry)) && findFolder(entry.name)?.fate !== 'is of others';
}

async function closeRoot(path: string, handle: FileHandle, uid: number): Promise<boolean> {
  const info = await handle.stat();
  if ((info.mode & 0o7777) === PRIVATE) return false;
  const entries = await readdir(path, { withFileTypes: true });
  if (isSticky(info) || !entries.every(isClosed)) {
    // Somebody's directory in which the cache has its own: its mode is not for tapprep to change.
    requireSafeStep(path, info, uid);
    return true;
  }
  const suspects = entries.map(({ name }) => name).filter((name) => findFolder(name)?.fate === 'dropped');
  await closeAndDrop(path, handle, info, async () => {
    for (const name of suspects) await listOurs(join(path, name), name);
    return suspects;
  });
  return true;
}

/** @param suspect its place in the cache where what is in it is dropped, null where that stays */
async function closeBelow(path: string, handle: FileHandle, _: number, suspect: string | null): Promise<boolean> {
  const info = await handle.stat();
  if ((info.mode & 0o7777) === PRIVATE) return false;
  await closeAndDrop(path, handle, info, async () => (suspect === null ? [] : listOurs(path, suspect)));
  return true;
}

/** Closes a directory; where others could write to it, what `findSuspects` names there goes. It stays open where that fails. */
async function closeAndDrop(
  path: string,
  handle: FileHandle,
  info: Access,
  findSuspects: () => Promise<readonly string[]>,
): Promise<void> {
  await closeToOthers(path, handle, info);
  if (!isOpen(info)) return;
  try {
    const suspects = await findSuspects();
    for (const name of suspects) await rm(join(path, name), { recursive: true, force: true });
  } catch (error) {
    await handle.chmod(info.mode & 0o7777);
    throw diskError(error, path, REFUSAL);
  }
}

/** What is in a directory of the cache. What has another name is not for tapprep to remove, and others may have put it there to be used. */
async function listOurs(path: string, place: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  const foreign = entries.find((entry) => !isCacheName(pathOf(place, entry)));
  if (foreign === undefined) return entries.map(({ name }) => name);
  throw unusable(join(path, foreign.name), "is not tapprep's, and lies in a cache that others could write to");
}

async function closeToOthers(path: string, handle: FileHandle, info: Access, mode = PRIVATE): Promise<void> {
  await handle.chmod(mode).catch((error: unknown) => {
    // What nobody can write to need not be closed to writers.
    if (!isErrno(error, 'EROFS') || isOpen(info)) throw diskError(error, path, REFUSAL);
  });
}
