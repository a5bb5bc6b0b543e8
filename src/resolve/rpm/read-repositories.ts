/** Reads the repositories of an rpm distribution, whatever their kind, each once. */
import { TapprepError } from '../../errors.ts';
import { refuseWhenStopped } from '../../interruption.ts';
import type { Repository, RepositoryKind } from '../../types.ts';
import { readListing, readTemplate } from '../listing/reader.ts';
import type { PackageRecord, ReaderContext, RecordFilter, RepositoryReader } from '../reader.ts';
import { readRpmMd } from '../rpm-md/reader.ts';

/** The records of several repositories, and those repositories that could not be read. */
export interface RpmRead {
  /** In the order in which the repositories were asked. */
  readonly records: readonly PackageRecord[];
  /** Each as it was thrown. Nothing of these repositories is among the records. */
  readonly failures: readonly { readonly repository: Repository; readonly error: unknown }[];
}

type Outcome = { readonly records: readonly PackageRecord[] } | { readonly error: unknown };

const READERS: Readonly<Record<Exclude<RepositoryKind, 'deb' | 'launchpad'>, RepositoryReader>> = {
  'rpm-md': readRpmMd,
  listing: readListing,
  template: readTemplate,
};

/**
 * A function that reads lists of repositories; what was read once is not read again when a longer list is asked for.
 * `isEnough` may end the reading of a list early: what was found so far has a whole plan.
 */
export function createRpmReader(
  arch: string,
  filter: RecordFilter,
  context: ReaderContext,
): (
  repositories: readonly Repository[],
  isEnough: (records: readonly PackageRecord[]) => boolean | Promise<boolean>,
) => Promise<RpmRead> {
  const known = new Map<Repository, Outcome>();

  async function readOne(repository: Repository): Promise<Outcome> {
    const earlier = known.get(repository);
    if (earlier !== undefined) return earlier;
    const outcome = await attempt(repository, arch, filter, context);
    known.set(repository, outcome);
    return outcome;
  }

  return async (repositories, isEnough) => {
    const records: PackageRecord[] = [];
    const failures: RpmRead['failures'][number][] = [];
    for (const repository of repositories) {
      const outcome = await readOne(repository);
      if ('error' in outcome) failures.push({ repository, error: outcome.error });
      else if (outcome.records.length > 0) {
        records.push(...outcome.records);
        if (await isEnough(records)) break;
      }
    }
    return { records, failures };
  };
}

/** A repository that fails takes itself out, not the others; an interruption ends all. */
async function attempt(
  repository: Repository,
  arch: string,
  filter: RecordFilter,
  context: ReaderContext,
): Promise<Outcome> {
  const { kind } = repository;
  if (kind === 'deb' || kind === 'launchpad') {
    return {
      error: new TapprepError('BAD_MIRRORS', `${repository.id} has Debian packages, the target is of the rpm kind`),
    };
  }
  try {
    return { records: await READERS[kind](repository, arch, filter, context) };
  } catch (error) {
    refuseWhenStopped(context.signal, 'while reading package indexes');
    return { error };
  }
}
