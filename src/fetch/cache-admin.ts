/** Looking through the cache and making room in it, while others may be using it. */
import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath, rm, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isErrno } from '../errors.ts';
import { findFolder, isCacheName, isHalf, pathOf } from '../files/cache-names.ts';
import { clearLeft } from '../files/clear-left.ts';
import { findPrivateDirectory, openPrivateDirectory } from '../files/private-directory.ts';
import type { Sha256 } from '../types.ts';
import { diskFailure } from './failure.ts';
import { readIndex } from './index-entry.ts';
import { tryAcquireLock } from './lock.ts';
import { type Owner, describeSelf } from './owner.ts';

/** One whole file of the cache. */
interface CacheEntry {
  readonly path: string;
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  /** Milliseconds since the epoch of the last fetch or use. */
  readonly lastUsed: number;
  /** Addresses it came from, without credentials; empty when that was forgotten. */
  readonly urls: readonly string[];
}

/** One unfinished download. */
interface PartEntry {
  readonly path: string;
  readonly sizeBytes: number;
  readonly lastUsed: number;
}

export interface CacheList {
  readonly directory: string;
  /** Last used first. */
  readonly files: readonly CacheEntry[];
  readonly parts: readonly PartEntry[];
  readonly totalBytes: number;
}

export interface CleanRequest {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Removes what was not used for so long; everything when neither bound is given. */
  readonly olderThanDays?: number;
  /** Removes the longest unused until the rest is at most so large. */
  readonly maxBytes?: number;
}

export interface CleanReport {
  readonly removedFiles: number;
  readonly removedBytes: number;
  readonly keptBytes: number;
  /** Another process works with this cache now. */
  readonly inUse: boolean;
}

const DAY_MS = 86_400_000;
/** Something of tapprep's in the cache. */
interface Found {
  readonly path: string;
  /** As the table of names has it: from the root of the cache, with "/" at the end of a directory. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Milliseconds since the epoch of the last change. */
  readonly lastUsed: number;
}

/** Lists a cache; an absent one is empty. @throws TapprepError PERMISSION | CACHE_UNUSABLE */
export async function listCache(directory: string): Promise<CacheList> {
  // Links in their place would lead the eye, and the broom, elsewhere.
  for (const name of ['sha256', 'index', 'partial', 'locks']) await findPrivateDirectory(directory, name);
  const urls = await readUrls(directory);
  const files = (await listFiles(directory))
    .filter(isWhole)
    .map((file): CacheEntry => {
      const sha256 = basename(file.path) as Sha256;
      const { path, sizeBytes, lastUsed } = file;
      return { path, sizeBytes, lastUsed, sha256, urls: urls.get(sha256) ?? [] };
    })
    .sort((a, b) => b.lastUsed - a.lastUsed);
  const parts = (await listFolder(directory, 'partial'))
    .filter(({ path }) => path.endsWith('.part'))
    .map(({ path, sizeBytes, lastUsed }): PartEntry => ({ path, sizeBytes, lastUsed }));
  const totalBytes = [...files, ...parts].reduce((sum, entry) => sum + entry.sizeBytes, 0);
  return { directory, files, parts, totalBytes };
}

/**
 * Removes what the request says, and always what no run can use any more: records without a file, temporary files of
 * runs that died, locks of processes that are gone. An unfinished download that someone works on now stays.
 * @throws TapprepError PERMISSION
 */
export async function cleanCache(directory: string, request: CleanRequest): Promise<CleanReport> {
  const list = await listCache(directory);
  const self = await describeSelf();
  const everything = request.olderThanDays === undefined && request.maxBytes === undefined;
  const oldest = request.now - (request.olderThanDays ?? Infinity) * DAY_MS;
  const entries: readonly PartEntry[] = [...list.parts, ...list.files].sort((a, b) => b.lastUsed - a.lastUsed);
  let keptBytes = 0;
  let removedFiles = 0;
  let removedBytes = 0;
  for (const { path, sizeBytes, lastUsed } of entries) {
    const fits = keptBytes + sizeBytes <= (request.maxBytes ?? Infinity);
    const wanted = !everything && lastUsed >= oldest && fits;
    if (wanted || !(await removeEntry(path, directory, self))) {
      keptBytes += sizeBytes;
      continue;
    }
    removedFiles += 1;
    removedBytes += sizeBytes;
  }
  await removeLeftovers(directory, request.now, self);
  const inUse = (await listFolder(directory, 'locks')).length > 0;
  return { removedFiles, removedBytes, keptBytes, inUse };
}

/** Removes one file; a part only under its lock. Returns whether it is gone. */
async function removeEntry(path: string, directory: string, self: Owner): Promise<boolean> {
  if (!path.endsWith('.part')) {
    await removeFile(path);
    return true;
  }
  const locks = await openPrivateDirectory(directory, 'locks');
  const lock = await tryAcquireLock(join(locks, basename(path, '.part')), self);
  if (lock === null) return false;
  await removeFile(path);
  await removeFile(`${path}.json`);
  await lock.release();
  return true;
}

/**
 * Removes what is no download: rehearsal roots, unpacked kernels, temporary directories, versions of the one file. The caller has
 * seen that no other process works with this cache.
 * @param running root of the program that runs now, which stays
 * @throws TapprepError PERMISSION | CACHE_UNUSABLE
 */
export async function cleanRest(directory: string, running: string): Promise<void> {
  const own = await realpath(running);
  for (const place of (await readEntries(directory)).map(({ name }) => name)) {
    if (findFolder(place)?.isCleaned !== true) continue;
    // A link in its place would lead the broom elsewhere.
    const folder = await findPrivateDirectory(directory, place);
    if (folder === null) continue;
    for (const entry of await readEntries(directory, place)) {
      const path = join(folder, entry.name);
      if (path === own || !isCacheName(pathOf(place, entry))) continue;
      await (entry.isDirectory() ? clearLeft(path) : removeFile(path));
    }
    await rmdir(folder).catch((error: unknown) => {
      if (!isErrno(error, 'ENOTEMPTY')) throw diskFailure(error, folder);
    });
  }
}

async function removeLeftovers(directory: string, now: number, self: Owner): Promise<void> {
  const [files, index, parts] = [
    await listFiles(directory),
    await listFolder(directory, 'index'),
    await listFolder(directory, 'partial'),
  ];
  for (const found of [...files, ...index, ...parts])
    if (!isWhole(found) && now - found.lastUsed > DAY_MS) await removeFile(found.path);
  const present = new Set(files.filter(isWhole).map(({ path }) => basename(path)));
  for (const found of index.filter(isWhole))
    if (!present.has((await readIndex(found.path))?.sha256 ?? '')) await removeFile(found.path);
  for (const { path } of parts.filter((found) => isWhole(found) && found.name.endsWith('.json')))
    if (!parts.some((part) => `${part.path}.json` === path))
      await removeEntry(path.slice(0, -'.json'.length), directory, self);
  for (const { path } of await listFolder(directory, 'locks')) {
    // Taking it proves that nobody has it, and giving it back removes it.
    await (await tryAcquireLock(path, self))?.release();
  }
}

async function readUrls(directory: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const urls = new Map<string, string[]>();
  for (const found of await listFolder(directory, 'index')) {
    const entry = isWhole(found) ? await readIndex(found.path) : null;
    if (entry?.url == null) continue;
    urls.set(entry.sha256, [...(urls.get(entry.sha256) ?? []), entry.url]);
  }
  return urls;
}

/** Neither of a file that is being written, nor the directory of somebody's work, which sha256/ has beside its files. */
function isWhole({ name }: Found): boolean {
  return !isHalf(name) && !name.endsWith('/');
}

/** The files of sha256/, each in the directory of its first two digits. */
async function listFiles(cache: string): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const { path } of await listFolder(cache, 'sha256')) {
    const digits = basename(path);
    for (const file of await listFolder(cache, `sha256/${digits}`))
      if (!isWhole(file) || basename(file.path).startsWith(digits)) found.push(file);
  }
  return found;
}

/** What of a directory of the cache is tapprep's; nothing where it is absent. */
async function listFolder(cache: string, place: string): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const entry of await readEntries(cache, place)) {
    const name = pathOf(place, entry);
    if (!isCacheName(name)) continue;
    const path = join(cache, place, entry.name);
    // Another process may finish or clean up meanwhile.
    const info = await lstat(path).catch(() => null);
    if (info !== null) found.push({ path, name, sizeBytes: info.size, lastUsed: info.mtimeMs });
  }
  return found;
}

async function readEntries(cache: string, place = ''): Promise<readonly Dirent[]> {
  return readdir(join(cache, place), { withFileTypes: true }).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return [];
    throw diskFailure(error, join(cache, place));
  });
}

async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true, recursive: true }).catch((error: unknown) => {
    throw diskFailure(error, path);
  });
}
