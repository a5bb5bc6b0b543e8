/** What lets a bundle's Debian packages be traced to a signature where there is no network: Release files and indexes. */
import { TapprepError } from '../errors.ts';
import { prepareFile, type PreparedFile } from '../bundle/files.ts';
import type { BundledIndex, BundledPackage } from '../bundle/manifest.ts';
import { toLine } from '../bundle/provenance.ts';
import { countOf } from '../count.ts';
import { openIndexes, type OpenIndex } from '../resolve/deb/open-index.ts';
import { peekName } from '../resolve/deb/packages-index.ts';
import { releaseDirectory } from '../resolve/deb/release-directory.ts';
import { scanIndex } from '../resolve/deb/scan-index.ts';
import type { Repository } from '../types.ts';
import type { Session } from './session.ts';

export interface BundleEvidence {
  readonly indexes: readonly BundledIndex[];
  readonly files: readonly PreparedFile[];
  /** Sentences on packages whose chain does not travel along. */
  readonly warnings: readonly string[];
}

/**
 * The signed Release file of every repository that a package comes from, and those of its indexes that list one.
 * They are taken from the cache, where planning left them; an archive that changed since is read anew.
 */
export async function collectEvidence(
  session: Session,
  arch: string,
  packages: readonly BundledPackage[],
  repositories: readonly Repository[],
  directory = 'evidence',
): Promise<BundleEvidence> {
  const indexes: BundledIndex[] = [];
  const files: PreparedFile[] = [];
  const warnings: string[] = [];
  const ids = [...new Set(packages.map(({ repository }) => repository))].toSorted();
  for (const id of ids) {
    const names = new Set(packages.filter(({ repository }) => repository === id).map(({ name }) => name));
    const repository = repositories.find((candidate) => toLine(candidate.id) === id);
    if (repository === undefined || repository.trust.metadata === 'unsigned') {
      warnings.push(
        `${countOf(names.size, 'package comes', 'packages come')} from ${id}, whose index is not signed or no longer known`,
      );
      continue;
    }
    const opened = await openIndexes(repository, arch, session.reader);
    const listing = await keepListing(opened, names, session.signal);
    const folder = `${directory}/${folderName(id, indexes.length)}`;
    const [first] = listing;
    if (first === undefined) {
      throw new TapprepError('BAD_METADATA', `${id} no longer lists any of the packages that were planned from it`, {
        hint: 'the same command once more, without --lock',
        facts: { packages: [...names] },
      });
    }
    const documents = await Promise.all(
      first.release.documents.map(({ name, path }) => prepareFile(`${folder}/${name}`, path, session.signal)),
    );
    const lists = await Promise.all(
      listing.map((index) => prepareFile(`${folder}/${nameOf(index)}`, index.path, session.signal)),
    );
    files.push(...documents, ...lists);
    indexes.push({
      repository: id,
      suite: repository.suite ?? '',
      url: toLine(first.release.url),
      signer: first.release.signer,
      release: documents[0]?.path ?? '',
      signature: documents[1]?.path ?? null,
      packages: listing.map((index, at) => ({ path: lists[at]?.path ?? '', name: nameOf(index) })),
    });
  }
  return { indexes, files, warnings };
}

/** Of several indexes (components, architecture "all") only those that list a wanted name. */
async function keepListing(
  indexes: readonly OpenIndex[],
  names: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly OpenIndex[]> {
  const kept: OpenIndex[] = [];
  for (const index of indexes) {
    let lists = false;
    const visit = (paragraph: string): void => {
      lists ||= names.has(peekName(paragraph) ?? '');
    };
    await scanIndex(index, visit, signal);
    if (lists) kept.push(index);
  }
  return kept;
}

/** Its path below the suite, as the Release file lists it. */
function nameOf({ name, release, repository }: OpenIndex): string {
  return name.slice(`${release.baseUrls[0] ?? ''}${releaseDirectory(repository)}`.length);
}

function folderName(id: string, count: number): string {
  return `${count}-${id.replaceAll(/[^A-Za-z0-9.-]+/g, '_').slice(0, 60)}`;
}
