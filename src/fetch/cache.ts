/**
 * The download cache:
 *   sha256/ab/HEX          whole, verified files, named by their content
 *   index/HEX.json         what an address or a weaker digest last led to
 *   partial/KEY.part       unfinished downloads, with KEY.part.json beside them
 *   locks/KEY              who works on KEY
 * Nothing half-written ever has a name below sha256/, and everything is verified again when it is read.
 */
import { mkdir, open, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TapprepError, isErrno, isTapprepError, redact } from '../errors.ts';
import type { Digest, Emit, Sha256 } from '../types.ts';
import { diskFailure } from './failure.ts';
import { type HashedFile, hashFile } from './hash-file.ts';
import { type IndexEntry, readIndex, writeIndex } from './index-entry.ts';
import { UNKNOWN_UID } from './owner.ts';
import { hashUrl } from './part-record.ts';

export interface CachedFile {
  readonly path: string;
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}

export interface Cache {
  readonly directory: string;
  /** Makes the directories; @throws TapprepError NO_SPACE | PERMISSION */
  prepare(): Promise<void>;
  /** The file with this digest, verified now; null when it is absent or was damaged (then it is removed, with a note). */
  find(digest: Digest, signal: AbortSignal): Promise<CachedFile | null>;
  /** What the address gave last; the file itself is to be looked up by `find`. */
  recall(url: string): Promise<IndexEntry | null>;
  remember(url: string, entry: Omit<IndexEntry, 'url'>): Promise<void>;
  /** Gives a whole, flushed, verified file its final name. */
  adopt(partPath: string, sha256: Sha256, durable: boolean): Promise<string>;
  /** Remembers which content a digest other than sha256 stands for. */
  rememberDigest(digest: Digest, file: Omit<CachedFile, 'path'>): Promise<void>;
  /** Removes a file that proved to be wrong after all (a bad signature, say). */
  evict(sha256: Sha256): Promise<void>;
  /** Bytes of a file that are there already, whole or in part, as far as a look at sizes tells. */
  bytesThere(digest: Digest | null, key: string): Promise<number>;
  partPath(key: string): string;
  lockPath(key: string): string;
}

const HEX = /^[0-9a-f]{40,128}$/;

function digestKey(digest: Digest): string {
  return hashUrl(`digest:${digest.algorithm}:${digest.hex}`);
}

/** Opens a cache directory; nothing is touched before it is used. `uid` is the user that runs this process. */
export function openCache(directory: string, uid: number, emit: Emit, now: () => number): Cache {
  const filePath = (sha256: string): string => join(directory, 'sha256', sha256.slice(0, 2), sha256);
  const indexPath = (key: string): string => join(directory, 'index', `${key}.json`);
  const partPath = (key: string): string => join(directory, 'partial', `${key}.part`);

  async function find(digest: Digest, signal: AbortSignal): Promise<CachedFile | null> {
    if (!HEX.test(digest.hex)) throw new TapprepError('BAD_METADATA', `"${digest.hex}" is no ${digest.algorithm}`);
    const sha256 = digest.algorithm === 'sha256' ? digest.hex : (await readIndex(indexPath(digestKey(digest))))?.sha256;
    if (sha256 === undefined || !/^[0-9a-f]{64}$/.test(sha256)) return null;
    const path = filePath(sha256);
    const hashed = await readHashes(path, digest, signal);
    if (hashed === null) return null;
    if (hashed.hex.sha256 === sha256 && hashed.hex[digest.algorithm] === digest.hex) {
      // The time of the last use is what cleaning goes by; a cache that is only readable does without.
      await utimes(path, now() / 1000, now() / 1000).catch(() => undefined);
      return { path, sha256: sha256 as Sha256, sizeBytes: hashed.sizeBytes };
    }
    await removeDamaged(path, hashed, emit);
    return null;
  }

  async function bytesThere(digest: Digest | null, key: string): Promise<number> {
    const part = await sizeOf(partPath(key));
    return digest?.algorithm === 'sha256' && HEX.test(digest.hex)
      ? Math.max(part, await sizeOf(filePath(digest.hex)))
      : part;
  }

  return {
    directory,
    find,
    bytesThere,
    prepare: () => prepare(directory, uid),
    recall: (url) => readIndex(indexPath(hashUrl(url))),
    remember: (url, entry) => writeIndex(indexPath(hashUrl(url)), { ...entry, url: redact(url) }),
    rememberDigest: (digest, { sha256, sizeBytes }) =>
      writeIndex(indexPath(digestKey(digest)), {
        sha256,
        sizeBytes,
        url: null,
        etag: null,
        lastModified: null,
        fetchedAt: 0,
      }),
    adopt: (partPath, sha256, durable) => adopt(partPath, filePath(sha256), durable),
    async evict(sha256) {
      await rm(filePath(sha256), { force: true }).catch((error: unknown) => {
        throw diskFailure(error, filePath(sha256));
      });
    },
    partPath,
    lockPath: (key) => join(directory, 'locks', key),
  };
}

/** Size of a file by its name; 0 when it is not there. */
export async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    (info) => info.size,
    () => 0,
  );
}

async function readHashes(path: string, digest: Digest, signal: AbortSignal): Promise<HashedFile | null> {
  const algorithms = digest.algorithm === 'sha256' ? (['sha256'] as const) : (['sha256', digest.algorithm] as const);
  try {
    return await hashFile(path, algorithms, signal);
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return null;
    // A link or a directory in a file's place: whatever it leads to, it is not what was put there.
    if (isErrno(error, 'ELOOP') || isTapprepError(error, 'BAD_PACKAGE')) return { sizeBytes: 0, hex: {} };
    throw diskFailure(error, path);
  }
}

async function removeDamaged(path: string, hashed: HashedFile, emit: Emit): Promise<void> {
  emit({
    type: 'note',
    level: 'warning',
    text: `the cached file ${path} is damaged (its sha256 is now ${hashed.hex.sha256 ?? 'none'}) and is fetched again`,
  });
  await rm(path, { force: true, recursive: true }).catch((error: unknown) => {
    throw diskFailure(error, path);
  });
}

async function prepare(directory: string, uid: number): Promise<void> {
  await makeDirectory(directory);
  // Whoever owns the directory can change a file after its check.
  const owner = (await stat(directory)).uid;
  if (owner !== uid && owner !== 0 && uid !== UNKNOWN_UID) {
    throw new TapprepError('PERMISSION', `the cache ${directory} belongs to user ${owner} but this is user ${uid}`, {
      hint: 'use --cache-dir DIR with a directory of your own',
      facts: { path: directory, owner, uid },
    });
  }
  for (const name of ['sha256', 'index', 'partial', 'locks']) await makeDirectory(join(directory, name));
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    // A recursive mkdir says ENOENT of a file system that is read only; a plain one says why.
    throw diskFailure(isErrno(error, 'ENOENT') ? await reasonOf(mkdir(path), error) : error, path);
  }
}

async function reasonOf(attempt: Promise<void>, otherwise: unknown): Promise<unknown> {
  return await attempt.then(
    () => otherwise,
    (error: unknown) => error,
  );
}

async function adopt(partPath: string, finalPath: string, durable: boolean): Promise<string> {
  const directory = dirname(finalPath);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await rename(partPath, finalPath);
    if (durable) await syncDirectory(directory);
  } catch (error) {
    throw diskFailure(error, finalPath);
  }
  return finalPath;
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
