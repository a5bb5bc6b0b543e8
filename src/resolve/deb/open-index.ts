/** From a trusted Release file to Packages indexes on disk, each known by the digest that the Release names. */
import { isTapprepError, TapprepError } from '../../errors.ts';
import type { Repository } from '../../types.ts';
import type { ReaderContext } from '../reader.ts';
import { listBaseUrls } from '../rpm-md/base-urls.ts';
import { readRelease, type TrustedRelease } from './read-release.ts';
import { releaseDirectory } from './release-directory.ts';
import type { IndexEntry } from './release-file.ts';

/** A Packages file in the cache, packed as the archive had it. */
export interface OpenIndex {
  readonly repository: Repository;
  readonly release: TrustedRelease;
  /** URL, for messages. */
  readonly name: string;
  readonly path: string;
  /** Size and digest of the unpacked index; null where the Release file lists the packed one only. */
  readonly unpacked: IndexEntry | null;
}

/**
 * Best first. Measured on 45 to 65 MB indexes: gzip unpacks in 0.15 to 0.3 s in this process, xz in 0.4 to 0.9 s by
 * another program that may be missing; the packed sizes differ by a quarter only.
 */
const PACKINGS = ['.zst', '.gz', '.xz', '.bz2', ''] as const;
const MAX_PACKED_BYTES = 256 * 1024 * 1024;

/**
 * Fetches the Packages indexes of one repository for one package architecture. An index that does not fit its Release
 * (a mirror in the middle of an update) is asked for once more together with a fresh Release.
 * @throws TapprepError NO_REPOSITORY when it has no index for that architecture, and what readRelease and fetching throw.
 */
export async function openIndexes(
  asked: Repository,
  arch: string,
  context: ReaderContext,
): Promise<readonly OpenIndex[]> {
  const repository = await withBaseUrls(asked, arch, context);
  const release = await readRelease(repository, context);
  try {
    return await openWith(release, repository, arch, context);
  } catch (error) {
    const outOfStep = ['DIGEST_MISMATCH', 'SIZE_MISMATCH', 'NOT_FOUND'] as const;
    if (!outOfStep.some((code) => isTapprepError(error, code))) throw error;
    return openWith(await readRelease(repository, context, true), repository, arch, context);
  }
}

/** A source that only names a list of mirrors (mirror://) is read from what that list names. */
async function withBaseUrls(repository: Repository, arch: string, context: ReaderContext): Promise<Repository> {
  if (repository.baseUrls.length > 0) return repository;
  for await (const { urls } of listBaseUrls(repository, arch, context)) return { ...repository, baseUrls: urls };
  throw new TapprepError('NO_REPOSITORY', `repository ${repository.id} names no address to read it from`);
}

async function openWith(
  release: TrustedRelease,
  repository: Repository,
  arch: string,
  context: ReaderContext,
): Promise<readonly OpenIndex[]> {
  const wanted = listIndexPaths(release, repository, arch);
  const listed = wanted.filter((path) => PACKINGS.some((packing) => release.file.indexes.has(path + packing)));
  if (listed.length === 0) {
    throw new TapprepError(
      'NO_REPOSITORY',
      `${release.url} lists no ${wanted.join(' or ')}; it is for ${release.file.architectures.join(', ') || 'no architecture'}`,
      { facts: { wanted, architectures: release.file.architectures, components: release.file.components } },
    );
  }
  return Promise.all(listed.map((path) => fetchIndex(path, release, repository, context)));
}

/** Paths without their packing. Packages for every architecture may stand in an index of their own. */
function listIndexPaths(release: TrustedRelease, repository: Repository, arch: string): readonly string[] {
  if (repository.components.length === 0) return ['Packages'];
  const arches = release.file.archAllInEachIndex ? [arch] : [arch, 'all'];
  return repository.components.flatMap((component) => arches.map((name) => `${component}/binary-${name}/Packages`));
}

async function fetchIndex(
  path: string,
  release: TrustedRelease,
  repository: Repository,
  context: ReaderContext,
): Promise<OpenIndex> {
  const packing = PACKINGS.find((suffix) => release.file.indexes.has(path + suffix)) ?? '';
  const entry = release.file.indexes.get(path + packing);
  if (entry === undefined) throw new TapprepError('INTERNAL', `${release.url} lost its entry of ${path}`);
  const directory = releaseDirectory(repository);
  const byHash = `${path.slice(0, -'Packages'.length)}by-hash/SHA256/${entry.sha256}`;
  const names = release.file.acquireByHash ? [byHash, path + packing] : [path + packing];
  const urls = release.baseUrls.flatMap((base) => names.map((name) => `${base}${directory}${name}`));
  const fetched = await context.fetchMetadata({
    urls,
    sizeBytes: entry.sizeBytes,
    digest: { algorithm: 'sha256', hex: entry.sha256 },
    maxBytes: MAX_PACKED_BYTES,
  });
  return {
    repository,
    release,
    name: `${release.baseUrls[0] ?? ''}${directory}${path}${packing}`,
    path: fetched.path,
    unpacked: release.file.indexes.get(path) ?? null,
  };
}
