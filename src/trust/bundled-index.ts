/** Walks the chain of a Debian archive again, offline, on files that travelled in a bundle: signature, Release, Packages. */
import { readFile } from 'node:fs/promises';
import { TapprepError } from '../errors.ts';
import { hashFile } from '../files/hash-file.ts';
import type { OpenIndex } from '../resolve/deb/open-index.ts';
import { parseRecord, peekName, type DebRecord } from '../resolve/deb/packages-index.ts';
import { trustRelease, type TrustedRelease } from '../resolve/deb/read-release.ts';
import { scanIndex } from '../resolve/deb/scan-index.ts';
import type { Host } from '../host/host.ts';
import type { Repository } from '../types.ts';

/** The files of one suite, on this machine. */
export interface IndexFiles {
  /** Where the Release file came from, for messages. */
  readonly url: string;
  readonly release: string;
  /** Release.gpg; null where the release file is an InRelease. */
  readonly signature: string | null;
  /** Packages indexes, packed as the archive has them; `name` as the Release file lists them. */
  readonly packages: readonly { readonly name: string; readonly path: string }[];
}

export interface IndexContext {
  readonly run: Host['run'];
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** What the chain of one suite vouches for. */
export interface BundledRecords {
  readonly release: TrustedRelease;
  readonly records: readonly DebRecord[];
}

/**
 * Verifies the Release file by the keys of `repository`, each index by the digest that the Release file names, and
 * returns the wanted records. A Release past its Valid-Until is accepted and told: a bundle is as old as it is, and that
 * date guards a mirror against replay, not a file that somebody carried here.
 * @throws TapprepError what a signature may fail by; DIGEST_MISMATCH | SIZE_MISMATCH | BAD_METADATA | TOO_LARGE
 */
export async function readBundledIndex(
  files: IndexFiles,
  repository: Repository,
  arch: string,
  wantsName: (name: string) => boolean,
  context: IndexContext,
): Promise<BundledRecords> {
  const fetched = {
    base: '',
    url: files.url,
    data: await readFile(files.release),
    signature: files.signature === null ? null : await readFile(files.signature),
    inline: files.signature === null,
    documents: [],
  };
  const trusted = await trustRelease(fetched, { ...repository, allowExpiredRelease: true }, context);
  // There is nothing to fetch, so nothing has an address.
  const release = { ...trusted, baseUrls: [] };
  const records: DebRecord[] = [];
  for (const { name, path } of files.packages) {
    const index = await openIndex(release, repository, name, path, context.signal);
    const visit = (paragraph: string): void => {
      const found = peekName(paragraph);
      const record = found === null || !wantsName(found) ? null : parseRecord(paragraph, index, arch);
      if (record !== null) records.push(record);
    };
    await scanIndex(index, visit, context.signal);
  }
  return { release, records };
}

/** An index on disk that has the digest which the Release file names. */
async function openIndex(
  release: TrustedRelease,
  repository: Repository,
  name: string,
  path: string,
  signal: AbortSignal,
): Promise<OpenIndex> {
  const entry = release.file.indexes.get(name);
  if (entry === undefined) throw new TapprepError('BAD_METADATA', `${release.url} lists no ${name}`);
  const { hex, sizeBytes } = await hashFile(path, ['sha256'], signal);
  if (hex.sha256 !== entry.sha256 || sizeBytes !== entry.sizeBytes) {
    throw new TapprepError(
      'DIGEST_MISMATCH',
      `${name} in the bundle has sha256 ${hex.sha256}, the signed ${release.url} names ${entry.sha256}`,
      { facts: { name, found: hex.sha256, expected: entry.sha256 } },
    );
  }
  const unpacked = release.file.indexes.get(name.replace(/\.[a-z0-9]+$/, '')) ?? null;
  return { repository, release, name: `${name} of ${release.url}`, path, unpacked };
}
