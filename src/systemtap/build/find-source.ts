/** The upstream source of a SystemTap as a suite's signed Sources index names it. */
import { posix } from 'node:path';
import { TapprepError } from '../../errors.ts';
import type { PinnedSource } from '../../mirrors/mirror-list.ts';
import { parseParagraph, requireField } from '../../resolve/deb/control.ts';
import { readRelease, type TrustedRelease } from '../../resolve/deb/read-release.ts';
import { releaseDirectory } from '../../resolve/deb/release-directory.ts';
import { scanIndex } from '../../resolve/deb/scan-index.ts';
import { resolveLocation } from '../../resolve/location.ts';
import type { ReaderContext } from '../../resolve/reader.ts';
import { parseSha256 } from '../../trust/checksums.ts';
import type { Fingerprint, Repository, Sha256 } from '../../types.ts';
import { upstreamVersion } from '../../version/upstream.ts';

/** A source tarball, and what vouches for its bytes. */
export interface SourceTarball {
  /** "5.5" */
  readonly version: string;
  readonly fileName: string;
  readonly urls: readonly string[];
  readonly sizeBytes: number;
  readonly sha256: Sha256;
  /** The signed index and who signed it, or "the mirror list" where that pins the digest. */
  readonly index: string;
  readonly signer: Fingerprint | null;
}

const PACKINGS = ['.zst', '.gz', '.xz', '.bz2', ''] as const;
const MAX_PACKED_BYTES = 256 * 1024 * 1024;
const SOURCE = 'Package: systemtap\n';
const TARBALL = /^systemtap_[\w.+~-]{1,80}\.orig\.tar\.(?:gz|xz|bz2)$/;

/**
 * Reads the Sources index of one repository.
 * @throws TapprepError NO_EXACT_PACKAGE when it has no source of SystemTap; what readRelease, fetching and the index may throw.
 */
export async function findSource(repository: Repository, context: ReaderContext): Promise<SourceTarball> {
  const release = await readRelease(repository, context);
  const [component = 'main'] = repository.components;
  const path = `${component}/source/Sources`;
  const packing = PACKINGS.find((suffix) => release.file.indexes.has(path + suffix));
  const entry = packing === undefined ? undefined : release.file.indexes.get(path + packing);
  if (packing === undefined || entry === undefined) throw noSource(repository, `${release.url} lists no ${path}`);
  const fetched = await context.fetchMetadata({
    urls: release.baseUrls.map((base) => `${base}${releaseDirectory(repository)}${path}${packing}`),
    sizeBytes: entry.sizeBytes,
    digest: { algorithm: 'sha256', hex: entry.sha256 },
    maxBytes: MAX_PACKED_BYTES,
  });
  const found: string[] = [];
  const index = {
    repository,
    release,
    name: fetched.url,
    path: fetched.path,
    unpacked: release.file.indexes.get(path) ?? null,
  };
  await scanIndex(index, (text) => (text.startsWith(SOURCE) ? void found.push(text) : undefined), context.signal);
  const [paragraph] = found;
  if (paragraph === undefined) throw noSource(repository, `${fetched.url} has no source package systemtap`);
  return readParagraph(paragraph, fetched.url, release);
}

/** A tarball that the mirror list pins by its digest: any copy of the archive is as good as its own. */
export function locateSource(
  { version, path, sizeBytes, sha256 }: PinnedSource,
  repositories: readonly Repository[],
): SourceTarball {
  const bases = repositories.flatMap(({ baseUrls }) => baseUrls);
  return {
    version,
    fileName: posix.basename(path),
    urls: bases.map((base) => resolveLocation(base, path, { algorithm: 'sha256', hex: sha256 })),
    sizeBytes,
    sha256,
    index: 'the mirror list',
    signer: null,
  };
}

function readParagraph(text: string, name: string, release: TrustedRelease): SourceTarball {
  const fields = parseParagraph(text, name);
  const directory = requireField(fields, 'Directory', name).replace(/^\.\//, '');
  for (const line of requireField(fields, 'Checksums-Sha256', name).split('\n')) {
    const [digest = '', size = '', fileName = ''] = line.trim().split(/\s+/);
    const sha256 = parseSha256(digest);
    if (!TARBALL.test(fileName) || sha256 === null || !/^\d{1,12}$/.test(size)) continue;
    const location = `${directory}/${fileName}`;
    return {
      version: upstreamVersion(requireField(fields, 'Version', name)),
      fileName,
      urls: release.baseUrls.map((base) => resolveLocation(base, location, { algorithm: 'sha256', hex: sha256 })),
      sizeBytes: Number(size),
      sha256,
      index: release.url,
      signer: release.signer,
    };
  }
  throw new TapprepError('BAD_METADATA', `${name} names no source tarball of systemtap with its SHA256`);
}

function noSource({ id }: Repository, why: string): TapprepError {
  return new TapprepError('NO_EXACT_PACKAGE', `repository ${id} has no source of SystemTap: ${why}`);
}
