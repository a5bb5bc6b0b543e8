/** Fetches a repository's Release file and lets nothing of it be read before its signature is accepted. */
import { readFile } from 'node:fs/promises';
import { isTapprepError, TapprepError } from '../../errors.ts';
import { verifySignature } from '../../trust/gpgv.ts';
import { checkRelease } from '../../trust/release.ts';
import { requireGoodSignature, type SignatureSubject } from '../../trust/signature-verdict.ts';
import type { Fingerprint, Repository } from '../../types.ts';
import type { MetadataFile, ReaderContext } from '../reader.ts';
import { parseReleaseFile, type ReleaseFile } from './release-file.ts';
import { keyHints } from './key-hints.ts';
import { releaseDirectory } from './release-directory.ts';

/** A Release file that may be believed. */
export interface TrustedRelease {
  readonly file: ReleaseFile;
  /** Key that signed it; null only for a repository whose metadata is declared unsigned. */
  readonly signer: Fingerprint | null;
  /** Where it came from, for messages and as evidence. */
  readonly url: string;
  /** Base URLs of the repository, the one that answered first. */
  readonly baseUrls: readonly string[];
  /** Sentences. */
  readonly notes: readonly string[];
  /** The files that were read, in the cache: InRelease, or Release and Release.gpg. */
  readonly documents: readonly ReleaseDocument[];
}

/** A file of the suite's directory and where it lies on this machine. */
export interface ReleaseDocument {
  readonly name: 'InRelease' | 'Release' | 'Release.gpg';
  readonly path: string;
}

/** Debian's largest is 200 kB. */
const MAX_RELEASE_BYTES = 16 * 1024 * 1024;
const MAX_SIGNATURE_BYTES = 1024 * 1024;

/**
 * Fetches and checks a Release file: InRelease, or Release with Release.gpg. A base URL whose file is not accepted (a
 * stale or broken mirror) is passed over for the next one; when none is left the first refusal is thrown. One that is not
 * accepted as the cache holds it is asked for again first: what a server calls unchanged may be so of one of two files only.
 * @param fresh asks again whatever the cache holds
 * @throws TapprepError UNSIGNED | UNKNOWN_KEY | BAD_SIGNATURE | EXPIRED_KEY | REVOKED_KEY | WEAK_SIGNATURE |
 *   SIGNATURE_UNCHECKED | EXPIRED_RELEASE | CLOCK_WRONG | BAD_METADATA | TOOL_MISSING, and what fetching throws.
 */
export async function readRelease(
  repository: Repository,
  context: ReaderContext,
  fresh = false,
): Promise<TrustedRelease> {
  let left = repository.baseUrls;
  let again = fresh;
  let refusal: unknown = null;
  while (left.length > 0) {
    let fetched: ReleaseInCache;
    try {
      fetched = await fetchRelease(repository, left, context, again);
    } catch (error) {
      throw refusal ?? error;
    }
    try {
      return await trustRelease(fetched, repository, context);
    } catch (error) {
      if (!isTapprepError(error) || error.code === 'TOOL_MISSING') throw error;
      if (fetched.fromCache && !again) {
        again = true;
        continue;
      }
      refusal ??= error;
      left = left.filter((base) => base !== fetched.base);
    }
  }
  throw refusal ?? new TapprepError('NO_REPOSITORY', `repository ${repository.id} has no base URL`);
}

/** A Release file as it came, not believed yet. */
export interface FetchedRelease {
  readonly base: string;
  readonly url: string;
  readonly data: Buffer;
  /** null where the signature is inline or there is none. */
  readonly signature: Buffer | null;
  readonly inline: boolean;
  readonly documents: readonly ReleaseDocument[];
}

/** Any of its documents may have been there before. */
type ReleaseInCache = FetchedRelease & Pick<MetadataFile, 'fromCache'>;

async function fetchRelease(
  repository: Repository,
  baseUrls: readonly string[],
  context: ReaderContext,
  fresh: boolean,
): Promise<ReleaseInCache> {
  const directory = releaseDirectory(repository);
  const signed = repository.trust.metadata === 'signed';
  const get = async (
    file: ReleaseDocument['name'],
    bases: readonly string[],
    maxBytes: number,
  ): Promise<Omit<ReleaseInCache, 'signature' | 'inline'>> => {
    const urls = bases.map((base) => `${base}${directory}${file}`);
    const { path, url, fromCache } = await context.fetchMetadata({
      urls,
      sizeBytes: null,
      digest: null,
      maxBytes,
      fresh,
      signed,
    });
    // A redirect may have led elsewhere; then the first base stands for it.
    const base = bases[urls.indexOf(url)] ?? bases[0] ?? '';
    return { base, url, data: await readFile(path), fromCache, documents: [{ name: file, path }] };
  };
  if (!signed) {
    return { ...(await get('Release', baseUrls, MAX_RELEASE_BYTES)), signature: null, inline: false };
  }
  try {
    return { ...(await get('InRelease', baseUrls, MAX_RELEASE_BYTES)), signature: null, inline: true };
  } catch (error) {
    if (!isTapprepError(error, 'NOT_FOUND')) throw error;
  }
  const release = await get('Release', baseUrls, MAX_RELEASE_BYTES);
  try {
    const { data, fromCache, documents } = await get('Release.gpg', [release.base], MAX_SIGNATURE_BYTES);
    return {
      ...release,
      signature: data,
      inline: false,
      fromCache: release.fromCache || fromCache,
      documents: [...release.documents, ...documents],
    };
  } catch (error) {
    if (!isTapprepError(error, 'NOT_FOUND')) throw error;
    return { ...release, signature: null, inline: false };
  }
}

/**
 * Checks the signature of a Release file by the repository's keys, then its suite and its dates.
 * @throws TapprepError as readRelease
 */
export async function trustRelease(
  fetched: FetchedRelease,
  repository: Repository,
  context: Pick<ReaderContext, 'run' | 'now'>,
): Promise<TrustedRelease> {
  const { payload, signer } = await checkSignature(fetched, repository, context);
  const file = parseReleaseFile(Buffer.from(payload).toString('utf8'), fetched.url);
  const notes = checkRelease(file, repository, fetched.url, context.now());
  const others = repository.baseUrls.filter((base) => base !== fetched.base);
  return {
    file,
    signer,
    url: fetched.url,
    baseUrls: [fetched.base, ...others],
    notes,
    documents: fetched.documents,
  };
}

async function checkSignature(
  fetched: FetchedRelease,
  repository: Repository,
  context: Pick<ReaderContext, 'run'>,
): Promise<{ readonly payload: Uint8Array; readonly signer: Fingerprint | null }> {
  const { trust } = repository;
  const subject: SignatureSubject = { name: fetched.url, ...trust, hints: keyHints(repository) };
  if (trust.metadata === 'unsigned') return { payload: fetched.data, signer: null };
  // A Release without Release.gpg: an empty signature, of which the verdict is "none".
  const signature = fetched.inline ? null : (fetched.signature ?? Buffer.alloc(0));
  const result = await verifySignature({ name: fetched.url, data: fetched.data, signature, ...trust }, context.run);
  requireGoodSignature(result, subject);
  const payload = fetched.inline ? result.payload : fetched.data;
  if (payload === null) throw new TapprepError('INTERNAL', `${fetched.url} was accepted without signed bytes`);
  return { payload, signer: result.primary };
}
