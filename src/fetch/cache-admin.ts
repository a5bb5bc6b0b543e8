/** Looking through the cache and making room in it, while others may be using it. */
import { lstat, readdir, rm } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { isErrno } from '../errors.ts';
import { findPrivateDirectory } from '../files/private-directory.ts';
import { isTemporaryName } from '../files/write-whole.ts';
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
/** What tapprep puts there has one of these names, by the directory; anything else is somebody else's and stays. */
const NAMES = {
  sha256: /^([0-9a-f]{2})\/\1[0-9a-f]{62}$/,
  index: /^[0-9a-f]{64}\.json(?:\.[0-9a-f]{1,64}\.tmp)?$|^\.[0-9a-f]{64}\.json\.tapprep-\d+$/,
  partial: /^(?:sha\d{1,3}|url)-[0-9a-f]{40,128}\.part$/,
} as const;

interface Found {
  readonly path: string;
  readonly sizeBytes: number;
  /** Milliseconds since the epoch of the last change. */
  readonly lastUsed: number;
}

/** Lists a cache; an absent one is empty. @throws TapprepError PERMISSION | CACHE_UNUSABLE */
export async function listCache(directory: string): Promise<CacheList> {
  // Links in their place would lead the eye, and the broom, elsewhere.
  for (const name of ['sha256', 'index', 'partial', 'locks']) await findPrivateDirectory(directory, name);
  const urls = await readUrls(directory);
  const files = (await listRecords(directory, 'sha256'))
    .map((file): CacheEntry => {
      const sha256 = basename(file.path) as Sha256;
      return { ...file, sha256, urls: urls.get(sha256) ?? [] };
    })
    .sort((a, b) => b.lastUsed - a.lastUsed);
  const parts = await listRecords(directory, 'partial');
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
  const entries: readonly Found[] = [...list.parts, ...list.files].sort((a, b) => b.lastUsed - a.lastUsed);
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
  const inUse = (await listFiles(join(directory, 'locks'))).length > 0;
  return { removedFiles, removedBytes, keptBytes, inUse };
}

/** Removes one file; a part only under its lock. Returns whether it is gone. */
async function removeEntry(path: string, directory: string, self: Owner): Promise<boolean> {
  if (!path.endsWith('.part')) {
    await removeFile(path);
    return true;
  }
  const lock = await tryAcquireLock(join(directory, 'locks', basename(path, '.part')), self);
  if (lock === null) return false;
  await removeFile(path);
  await removeFile(`${path}.json`);
  await lock.release();
  return true;
}

async function removeLeftovers(directory: string, now: number, self: Owner): Promise<void> {
  const present = new Set((await listRecords(directory, 'sha256')).map(({ path }) => basename(path)));
  for (const { path, lastUsed } of await listRecords(directory, 'index')) {
    const isHalf = path.endsWith('.tmp') || isTemporaryName(basename(path));
    const stale = isHalf ? now - lastUsed > DAY_MS : !present.has((await readIndex(path))?.sha256 ?? '');
    if (stale) await removeFile(path);
  }
  for (const { path } of await listFiles(join(directory, 'locks'))) {
    // Taking it proves that nobody has it, and giving it back removes it.
    await (await tryAcquireLock(path, self))?.release();
  }
}

async function readUrls(directory: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const urls = new Map<string, string[]>();
  for (const { path } of await listRecords(directory, 'index')) {
    const entry = path.endsWith('.json') ? await readIndex(path) : null;
    if (entry?.url == null) continue;
    urls.set(entry.sha256, [...(urls.get(entry.sha256) ?? []), entry.url]);
  }
  return urls;
}

/** What of a directory of the cache is tapprep's. */
async function listRecords(cache: string, name: keyof typeof NAMES): Promise<readonly Found[]> {
  const directory = join(cache, name);
  return (await listFiles(directory)).filter(({ path }) => NAMES[name].test(relative(directory, path)));
}

/** Files and links below a directory; none where it is absent. */
async function listFiles(directory: string): Promise<readonly Found[]> {
  let names: readonly { readonly parentPath: string; readonly name: string }[];
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    names = entries.filter((entry) => !entry.isDirectory());
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw diskFailure(error, directory);
  }
  const found: Found[] = [];
  for (const { parentPath, name } of names) {
    const path = join(parentPath, name);
    // Another process may finish or clean up meanwhile.
    const info = await lstat(path).catch(() => null);
    if (info !== null) found.push({ path, sizeBytes: info.size, lastUsed: info.mtimeMs });
  }
  return found;
}

async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true }).catch((error: unknown) => {
    throw diskFailure(error, path);
  });
}
