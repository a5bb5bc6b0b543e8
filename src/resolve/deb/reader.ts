/** Reads Debian archives: one repository by a filter, or several at once with everything that the wanted names need. */
import { TapprepError } from '../../errors.ts';
import { refuseWhenStopped } from '../../interruption.ts';
import type { Repository } from '../../types.ts';
import { readLaunchpad } from './launchpad.ts';
import type { ReaderContext, RecordFilter, RepositoryReader } from '../reader.ts';
import { createNameGraph } from './name-graph.ts';
import { openIndexes, type OpenIndex } from './open-index.ts';
import { parseRecord, peekName, type DebRecord } from './packages-index.ts';
import { scanIndex } from './scan-index.ts';

/** More than any plan can need: a host with every package installed asks for 60,000. */
const MAX_RECORDS = 200_000;

/** Fields of what every system has. */
const BASE = ['\nEssential: yes', '\nPriority: required\n'] as const;

/** What a plan has to see of the archives. */
export interface WantedNames extends RecordFilter {
  /** Names whose whole tree of dependencies is wanted too. */
  readonly roots: readonly string[];
  /** The same of names that only the index knows. */
  readonly isRoot?: (name: string) => boolean;
  /** The kernel's debug packages, for what can only be asked for one after the other; null for any version. */
  readonly debugPackages?: readonly { readonly name: string; readonly version: string | null }[];
}

/** The records of several repositories, and those repositories that could not be read. */
export interface DebRead {
  readonly records: readonly DebRecord[];
  /** In the order asked; each as it was thrown. Nothing of these repositories is among the records. */
  readonly failures: readonly { readonly repository: Repository; readonly error: unknown }[];
  /** Sentences: what was accepted knowingly, what was left out. */
  readonly notes: readonly string[];
}

/** Reads one repository and returns the records that the filter names, without what they depend on. */
export const readDebRepository: RepositoryReader = async (repository, arch, filter, context) => {
  const indexes = await openIndexes(repository, arch, context);
  return collectRecords(indexes, arch, (name) => filter.wantsName(name), context.signal);
};

/**
 * Reads several repositories and returns the records of the wanted names and of all that the roots depend on, whichever
 * repository has it. Each index is unpacked twice, once for names and once for the records: that takes half as long
 * again as once, and 60 MB less than keeping it.
 * @throws TapprepError INTERRUPTED; every other failure of one repository is returned beside the records of the others.
 */
export async function readDebRepositories(
  repositories: readonly Repository[],
  arch: string,
  wanted: WantedNames,
  context: ReaderContext,
): Promise<DebRead> {
  const opened = await Promise.allSettled(
    repositories.map(async (repository) =>
      repository.kind === 'launchpad'
        ? { indexes: [], records: await readLaunchpad(repository, arch, wanted.debugPackages ?? [], context) }
        : { indexes: await openIndexes(repository, arch, context), records: [] },
    ),
  );
  refuseWhenStopped(context.signal, 'while fetching package indexes');
  const failures = repositories.flatMap((repository, at) => {
    const result = opened[at];
    return result?.status === 'rejected' ? [{ repository, error: result.reason as unknown }] : [];
  });
  const read = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const indexes = mergeCopies(read.flatMap((one) => one.indexes));

  const broken = new Map<OpenIndex, unknown>();
  const found: string[] = [];
  const graph = createNameGraph();
  const addToGraph = (paragraph: string): void => {
    graph.add(paragraph);
    // What every root of the distribution has: the base that a plan may build on where nothing is known of the target.
    const name = peekName(paragraph) ?? '';
    if (BASE.some((field) => paragraph.includes(field)) || wanted.isRoot?.(name) === true) found.push(name);
  };
  for (const index of indexes) {
    await attempt(index, broken, context.signal, () => scanIndex(index, addToGraph, context.signal));
  }
  const reached = graph.reach([...wanted.roots, ...found]);
  const isWanted = (name: string): boolean => reached.has(name) || wanted.wantsName(name);
  const records: DebRecord[] = read.flatMap((one) => one.records);
  for (const index of indexes) {
    if (broken.has(index)) continue;
    await attempt(index, broken, context.signal, async () => {
      records.push(...(await collectRecords([index], arch, isWanted, context.signal)));
    });
  }
  return {
    records,
    failures: [
      ...failures,
      ...Array.from(broken, ([index, error]) => ({ repository: index.repository, error })),
    ].toSorted((a, b) => repositories.indexOf(a.repository) - repositories.indexOf(b.repository)),
    notes: [...new Set(indexes.flatMap((index) => index.release.notes))],
  };
}

/** A broken index takes its own repository out, not the others; an interruption ends all. */
async function attempt(
  index: OpenIndex,
  broken: Map<OpenIndex, unknown>,
  signal: AbortSignal,
  read: () => Promise<void>,
): Promise<void> {
  try {
    await read();
  } catch (error) {
    if (signal.aborted) throw error;
    broken.set(index, error);
  }
}

async function collectRecords(
  indexes: readonly OpenIndex[],
  arch: string,
  isWanted: (name: string) => boolean,
  signal: AbortSignal,
): Promise<readonly DebRecord[]> {
  const records: DebRecord[] = [];
  for (const index of indexes) {
    const visit = (paragraph: string): void => {
      const name = peekName(paragraph);
      if (name === null || !isWanted(name)) return;
      const record = parseRecord(paragraph, index, arch);
      if (record !== null) records.push(record);
      if (records.length > MAX_RECORDS) {
        throw new TapprepError('TOO_LARGE', `${index.name} has more than ${MAX_RECORDS} packages that are asked for`);
      }
    };
    await scanIndex(index, visit, signal);
  }
  return records;
}

/**
 * The same index from two repositories (the target's own source and a listed mirror) is read once, with all addresses;
 * a signed Release vouches for it where one of the two has no signature.
 */
function mergeCopies(indexes: readonly OpenIndex[]): readonly OpenIndex[] {
  const merged = new Map<string, OpenIndex>();
  for (const index of indexes) {
    const key = index.unpacked?.sha256 ?? index.path;
    const first = merged.get(key) ?? index;
    const best = first.release.signer === null ? index : first;
    const baseUrls = [...new Set([...first.release.baseUrls, ...index.release.baseUrls])];
    merged.set(key, { ...best, release: { ...best.release, baseUrls } });
  }
  return [...merged.values()];
}
