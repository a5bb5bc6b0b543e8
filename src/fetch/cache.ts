/**
 * The download cache:
 *   sha256/ab/HEX          whole, verified files, named by their content
 *   index/HEX.json         what an address or a weaker digest last led to
 *   partial/KEY.part       unfinished downloads, with KEY.part.json beside them
 *   locks/KEY              who works on KEY
 * Nothing half-written ever has a name below sha256/, and everything is verified again when it is read. The directories
 * are this user's alone, which is checked at each opening; so are the files that are given out.
 */
import { chmod, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { TapprepError, isErrno, isTapprepError, redact } from '../errors.ts';
import { type HashedFile, hashFile } from '../files/hash-file.ts';
import { isOwnFile } from '../files/own-user.ts';
import { copyVerified } from '../files/private-copy.ts';
import { findDirectoryOf, openDirectoryOf } from '../files/private-directory.ts';
import type { Digest, Emit, Sha256 } from '../types.ts';
import { diskFailure } from './failure.ts';
import { type IndexEntry, readIndex, writeIndex } from './index-entry.ts';
import { hashUrl } from './part-record.ts';

export interface CachedFile {
  readonly path: string;
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}

export interface Cache {
  readonly directory: string;
  /** Makes the directories; @throws TapprepError NO_SPACE | PERMISSION | CACHE_UNUSABLE */
  prepare(): Promise<void>;
  /** The file with this digest, verified now; null when it is absent or was damaged (then it is removed, with a note). */
  find(digest: Digest, signal: AbortSignal): Promise<CachedFile | null>;
  /** What the address gave last; the file itself is to be looked up by `find`. */
  recall(url: string): Promise<IndexEntry | null>;
  remember(url: string, entry: Omit<IndexEntry, 'url'>): Promise<void>;
  /** Gives a whole, flushed, verified file its final name. */
  adopt(partPath: string, sha256: Sha256): Promise<string>;
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
    if ((await findDirectoryOf(uid, directory, 'sha256', sha256.slice(0, 2))) === null) return null;
    const path = filePath(sha256);
    const hashed = await readHashes(path, digest, signal);
    if (hashed === null) return null;
    if (hashed.hex.sha256 === sha256 && hashed.hex[digest.algorithm] === digest.hex) {
      // Another name of it, or another owner, could change it after this.
      if (hashed.info === null || !isOwnFile(hashed.info, uid)) await makeOwnFile(path, sha256, signal);
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
    async prepare() {
      for (const name of ['sha256', 'index', 'partial', 'locks']) await openDirectoryOf(uid, directory, name);
    },
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
    async adopt(part, sha256) {
      await openDirectoryOf(uid, directory, 'sha256', sha256.slice(0, 2));
      await rename(part, filePath(sha256)).catch((error: unknown) => {
        throw diskFailure(error, filePath(sha256));
      });
      return filePath(sha256);
    },
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

/** Bytes of its own in the place of a file that others have, too. */
async function makeOwnFile(path: string, sha256: string, signal: AbortSignal): Promise<void> {
  const copy = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  await copyVerified(path, copy, sha256, signal, { place: 'CACHE_UNUSABLE' });
  await chmod(copy, 0o600);
  await rename(copy, path);
}

/** Something else is in a file's place. */
interface NoFile {
  readonly sizeBytes: 0;
  readonly hex: Readonly<Record<string, never>>;
  readonly info: null;
}

async function readHashes(path: string, digest: Digest, signal: AbortSignal): Promise<HashedFile | NoFile | null> {
  const algorithms = digest.algorithm === 'sha256' ? (['sha256'] as const) : (['sha256', digest.algorithm] as const);
  try {
    return await hashFile(path, algorithms, signal);
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return null;
    // A link or a directory in a file's place: whatever it leads to, it is not what was put there.
    if (isErrno(error, 'ELOOP') || isTapprepError(error, 'BAD_PACKAGE')) return { sizeBytes: 0, hex: {}, info: null };
    throw diskFailure(error, path);
  }
}

async function removeDamaged(path: string, hashed: HashedFile | NoFile, emit: Emit): Promise<void> {
  emit({
    type: 'note',
    level: 'warning',
    text: `the cached file ${path} is damaged (its sha256 is now ${hashed.hex.sha256 ?? 'none'}) and is fetched again`,
  });
  await rm(path, { force: true, recursive: true }).catch((error: unknown) => {
    throw diskFailure(error, path);
  });
}
