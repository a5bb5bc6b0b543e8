/** Reads rpm-md repositories: repomd.xml, then primary.xml, then records that say where a package lies and why to believe it. */
import { readFile } from 'node:fs/promises';
import { isTapprepError, TapprepError } from '../../errors.ts';
import { requireGoodSignature } from '../../trust/signature-verdict.ts';
import { verifySignature } from '../../trust/gpgv.ts';
import type { BuildId, Digest, Fingerprint, Repository, TrustRequirement } from '../../types.ts';
import { resolveLocation } from '../location.ts';
import {
  type MetadataFile,
  providesRelease,
  type PackageRecord,
  type ReaderContext,
  type RecordFilter,
} from '../reader.ts';
import { isUnreachable, listBaseUrls, type BaseUrls } from './base-urls.ts';
import { isStrongDigest } from './digest.ts';
import { findOwners } from './file-owners.ts';
import { findHolders } from './filelists.ts';
import type { ModuleIndex } from './modulemd.ts';
import type { PrimaryPackage } from './package-frame.ts';
import { readPrimary } from './primary.ts';
import { readModulemd } from './read-modulemd.ts';
import { parseFilelists, parseModules, parseRepomd, type PrimaryIndex } from './repomd.ts';

const REPOMD = 'repodata/repomd.xml';
const MAX_REPOMD_BYTES = 2 * 1024 * 1024;
const MAX_SIGNATURE_BYTES = 64 * 1024;
const MAX_PRIMARY_BYTES = 512 * 1024 * 1024;

/** What a mirror answers when its repomd.xml and the files that it names are of different days. */
const OUT_OF_STEP = ['DIGEST_MISMATCH', 'SIZE_MISMATCH', 'NOT_FOUND', 'TOO_LARGE'] as const;

interface Index {
  /** Base URLs, the one that answered first. */
  readonly baseUrls: readonly string[];
  readonly url: string;
  readonly primary: PrimaryIndex;
  /** repomd.xml as it was read. */
  readonly text: string;
  /** Key that signed repomd.xml; null when it is not signed. */
  readonly signer: Fingerprint | null;
}

/**
 * Reads an rpm-md repository. Its index is believed as far as `repository.trust` says: signed metadata is checked before
 * it is parsed. An index that changed between two requests is asked for once more.
 * @throws TapprepError NETWORK | NOT_FOUND | OFFLINE | TIMEOUT | BAD_METADATA | TOO_LARGE | UNSAFE_URL, and for signed
 *   metadata every outcome of a signature
 */
export async function readRpmMd(
  repository: Repository,
  arch: string,
  filter: RecordFilter,
  context: ReaderContext,
): Promise<readonly PackageRecord[]> {
  let unreachable: unknown = null;
  for await (const bases of listBaseUrls(repository, arch, context)) {
    try {
      return await readFrom(bases, repository, filter, context);
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      unreachable = error;
    }
  }
  throw (
    unreachable ?? new TapprepError('NO_REPOSITORY', `repository ${repository.id} names no address to read it from`)
  );
}

async function readFrom(
  bases: BaseUrls,
  repository: Repository,
  filter: RecordFilter,
  context: ReaderContext,
): Promise<readonly PackageRecord[]> {
  const { index, path } = await fetchInStep(bases, repository, context);
  const { everything } = filter;
  everything?.begin({
    repository,
    readRecords: (wanted) => readIndexed(index, path, repository, wanted, context),
    readOwners: (paths) => readOwners(index, paths, context),
    readModules: () => readModules(index, context),
  });
  try {
    return await readIndexed(index, path, repository, filter, context);
  } catch (error) {
    everything?.abandon();
    throw error;
  }
}

/** What a filter wants of an index that lies at `path`. */
async function readIndexed(
  index: Index,
  path: string,
  repository: Repository,
  filter: RecordFilter,
  context: ReaderContext,
): Promise<readonly PackageRecord[]> {
  const name = resolveLocation(index.baseUrls[0] ?? '', index.primary.href, index.primary.digest);
  const toRecords = (packages: readonly PrimaryPackage[]): readonly PackageRecord[] =>
    packages
      .filter((found) => found.arch !== 'src' && found.arch !== 'nosrc')
      .map((found) => toRecord(found, index, repository, filter.buildId ?? null));
  const records = toRecords(await readPrimary(path, index.primary, name, filter));
  const { release } = filter;
  if (release === undefined || filter.byFiles !== true || records.some((record) => providesRelease(record, release)))
    return records;
  const holders = await readHolders(index, release, context);
  if (holders.size === 0) return records;
  const held = await readPrimary(path, index.primary, name, { wantsName: () => false, digests: holders });
  const isHeld = (record: PackageRecord): boolean => holders.has(record.digest?.hex ?? '');
  return [
    ...records.filter((record) => !isHeld(record)),
    ...toRecords(held).map((record) => ({ ...record, holds: [release] })),
  ];
}

/** Which packages hold files of a release: asked only where no capability names it, for the list of files is large. */
async function readHolders(index: Index, release: string, context: ReaderContext): Promise<ReadonlySet<string>> {
  const found = await fetchFilelists(index, context);
  return found === null ? new Set() : findHolders(found.path, found.filelists, found.name, release);
}

/** Who has some paths; empty where the repository has no list of files. */
async function readOwners(
  index: Index,
  paths: ReadonlySet<string>,
  context: ReaderContext,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = await fetchFilelists(index, context);
  return found === null ? new Map() : findOwners(found.path, found.filelists, found.name, paths);
}

async function readModules(index: Index, context: ReaderContext): Promise<ModuleIndex | null> {
  const modules = parseModules(index.text, index.url);
  if (modules === null) return null;
  const { path, name } = await fetchListed(modules, index, context);
  return readModulemd(path, modules, name);
}

async function fetchFilelists(
  index: Index,
  context: ReaderContext,
): Promise<{ readonly path: string; readonly name: string; readonly filelists: PrimaryIndex } | null> {
  const filelists = parseFilelists(index.text, index.url);
  if (filelists === null) return null;
  return { ...(await fetchListed(filelists, index, context)), filelists };
}

/** A file beside primary.xml that repomd.xml lists. */
async function fetchListed(
  { href, digest, sizeBytes }: PrimaryIndex,
  index: Index,
  context: ReaderContext,
): Promise<{ readonly path: string; readonly name: string }> {
  const urls = index.baseUrls.map((base) => resolveLocation(base, href, digest));
  const maxBytes = Math.min(sizeBytes ?? MAX_PRIMARY_BYTES, MAX_PRIMARY_BYTES);
  const { path } = await context.fetchMetadata({ urls, sizeBytes, digest, maxBytes });
  return { path, name: urls[0] ?? href };
}

/** repomd.xml and the index that it names, of the same day: asked for again once, then given up. */
async function fetchInStep(
  bases: BaseUrls,
  repository: Repository,
  context: ReaderContext,
): Promise<{ readonly index: Index; readonly path: string }> {
  const first = await fetchIndex(bases, repository, context, false);
  try {
    return { index: first, path: await fetchPrimary(first, context) };
  } catch (error) {
    if (!OUT_OF_STEP.some((code) => isTapprepError(error, code))) throw error;
    context.emit({ type: 'note', level: 'info', text: `${first.url} and its index are out of step: asking again` });
  }
  const second = await fetchIndex(bases, repository, context, true);
  try {
    return { index: second, path: await fetchPrimary(second, context) };
  } catch (error) {
    if (!OUT_OF_STEP.some((code) => isTapprepError(error, code))) throw error;
    throw new TapprepError(
      'BAD_METADATA',
      `${second.url} names ${second.primary.href} with ${second.primary.digest.algorithm} ${second.primary.digest.hex}, but no mirror serves that file`,
      { cause: error, facts: { repository: repository.id, refetched: true } },
    );
  }
}

async function fetchIndex(
  bases: BaseUrls,
  repository: Repository,
  context: ReaderContext,
  fresh: boolean,
): Promise<Index> {
  const { path, url, fromCache } = await fetchRepomd(bases, context, fresh);
  const bytes = await readFile(path);
  const answered = bases.urls.find((base) => url === `${base}${REPOMD}`);
  const baseUrls = answered === undefined ? bases.urls : [...new Set([answered, ...bases.urls])];
  const text = bytes.toString('utf8');
  if (repository.trust.metadata !== 'signed')
    return { baseUrls, url, text, primary: parseRepomd(text, url), signer: null };
  const signature = await fetchSignature(baseUrls, url, context, fresh);
  const verdict = await judgeSignature(bytes, signature.data, url, repository, context);
  // What a server calls unchanged may be so of one of the two only.
  if (verdict.outcome !== 'good' && !fresh && (fromCache || signature.fromCache))
    return fetchIndex(bases, repository, context, true);
  const { keyrings, fingerprints } = repository.trust;
  requireGoodSignature(verdict, { name: url, keyrings, fingerprints });
  return { baseUrls, url, text, primary: parseRepomd(text, url), signer: verdict.primary ?? verdict.signer };
}

/** With a metalink only the repomd.xml that it names is taken, the current one first, then those it still accepts. */
async function fetchRepomd(bases: BaseUrls, context: ReaderContext, fresh: boolean): Promise<MetadataFile> {
  const urls = bases.urls.map((base) => `${base}${REPOMD}`);
  const request = { urls, sizeBytes: null, maxBytes: MAX_REPOMD_BYTES, ...(fresh ? { fresh } : {}) };
  if (bases.digests === null) return await context.fetchMetadata({ ...request, digest: null });
  let mismatch: unknown = null;
  for (const digest of bases.digests) {
    try {
      return await context.fetchMetadata({ ...request, digest });
    } catch (error) {
      if (!isTapprepError(error, 'DIGEST_MISMATCH')) throw error;
      mismatch ??= error;
    }
  }
  throw mismatch;
}

function judgeSignature(
  data: Uint8Array,
  signature: Uint8Array,
  name: string,
  { trust: { keyrings, fingerprints, allow } }: Repository,
  { run }: ReaderContext,
): ReturnType<typeof verifySignature> {
  return verifySignature({ name, data, signature, keyrings, fingerprints, allow }, run);
}

async function fetchSignature(
  baseUrls: readonly string[],
  url: string,
  context: ReaderContext,
  fresh: boolean,
): Promise<{ readonly data: Uint8Array; readonly fromCache: boolean }> {
  try {
    const { path, fromCache } = await context.fetchMetadata({
      urls: baseUrls.map((base) => `${base}${REPOMD}.asc`),
      sizeBytes: null,
      digest: null,
      maxBytes: MAX_SIGNATURE_BYTES,
      ...(fresh ? { fresh } : {}),
    });
    return { data: await readFile(path), fromCache };
  } catch (error) {
    if (!isTapprepError(error, 'NOT_FOUND')) throw error;
    throw new TapprepError('UNSIGNED', `${url} must be signed, but there is no ${REPOMD}.asc beside it`, {
      cause: error,
    });
  }
}

async function fetchPrimary(index: Index, context: ReaderContext): Promise<string> {
  const { href, digest, sizeBytes } = index.primary;
  const { path } = await context.fetchMetadata({
    urls: index.baseUrls.map((base) => resolveLocation(base, href, digest)),
    sizeBytes,
    digest,
    maxBytes: Math.min(sizeBytes ?? MAX_PRIMARY_BYTES, MAX_PRIMARY_BYTES),
  });
  return path;
}

function toRecord(found: PrimaryPackage, index: Index, repository: Repository, buildId: BuildId | null): PackageRecord {
  const { digest } = found;
  return {
    name: found.name,
    version: found.evr,
    arch: found.arch,
    urls: index.baseUrls.map((base) => locate(base, found)),
    sizeBytes: found.sizeBytes,
    installedBytes: found.installedBytes,
    digest,
    trust: trustOf(digest, index, repository, found.vendor ?? repository.vendor, buildId),
    repository,
    provides: found.provides,
    requires: found.requires,
    vendor: found.vendor,
    buildHost: found.buildHost,
    buildTime: found.buildTime,
    source: found.sourceRpm,
  };
}

/** xml:base="media://…" numbers the discs of an installation set; on a server the files lie in the repository itself. */
function locate(baseUrl: string, found: PrimaryPackage): string {
  const { href, hrefBase, digest } = found;
  if (hrefBase === null || hrefBase.startsWith('media:')) return resolveLocation(baseUrl, href, digest);
  const base = hrefBase.endsWith('/') ? hrefBase : `${hrefBase}/`;
  if (base.startsWith(baseUrl)) return resolveLocation(baseUrl, `${base.slice(baseUrl.length)}${href}`, digest);
  throw new TapprepError(
    'UNSAFE_URL',
    `the index at ${baseUrl} sends for ${found.name} to another place, ${hrefBase}`,
    {
      facts: { hrefBase, baseUrl },
    },
  );
}

/** The strongest that the repository offers: a digest in signed metadata, a signature in the package, else nothing but a digest. */
function trustOf(
  digest: Digest | null,
  index: Index,
  repository: Repository,
  vendor: string | null,
  buildId: BuildId | null,
): TrustRequirement {
  const { signer, url } = index;
  if (signer !== null && isStrongDigest(digest)) return { kind: 'signed-index', digest, signer, index: url };
  if (repository.trust.packages === 'signed' || digest === null) {
    return { kind: 'rpm-signature', trust: repository.trust, digest, vendor, buildId };
  }
  return { kind: 'unsigned-index', digest, index: url, buildId };
}
