/** A superseded kernel of Debian or Ubuntu: finds the archive and the day of a snapshot whose signed index still lists it. */
import { ERROR_CODES, isTapprepError, TapprepError } from '../errors.ts';
import { refuseWhenStopped } from '../interruption.ts';
import { tapprep } from '../make-remedy.ts';
import { selectRepositories } from '../mirrors/select.ts';
import { timeOfDay, writeDay } from '../mirrors/snapshot-time.ts';
import { readDebRepository } from '../resolve/deb/reader.ts';
import {
  type AskedDay,
  dateKernel,
  type DatedKernel,
  type DayJudgement,
  FIRST_DAYS,
  judgeDay,
  nextDay,
} from '../resolve/deb/snapshot-days.ts';
import type { DebTarget, Repository, RepositoryContent } from '../types.ts';
import type { Session } from './session.ts';

/** An archive of the snapshots (debian, debian-security) and what its days said so far. */
interface Archive {
  /** The entries of the mirror list that it is, without the suite. */
  readonly id: string;
  readonly first: number;
  readonly asked: (AskedDay & Pick<DayJudgement, 'seen'> & { readonly url: string })[];
}

/**
 * Repositories in tiers: the archive whose index of a day lists the kernel, then the others as of that day, for what the
 * kernel depends on. None where --snapshot already named the time.
 * @param miss the error of the repositories that were asked before
 * @throws TapprepError that error with the addresses that were asked, or with what has to be known to ask any; or why an
 *   index is not to be believed
 */
export async function findSnapshots(
  session: Session,
  target: DebTarget,
  contents: readonly RepositoryContent[],
  miss: TapprepError,
): Promise<readonly (readonly Repository[])[]> {
  const kernel = dateKernel(target);
  const today = Math.floor(session.now() / 86_400_000);
  const select = (day: number): readonly Repository[] => {
    const sources = { own: [], list: session.mirrors, overrides: [] };
    return selectRepositories(target, sources, { contents, timestamp: timeOfDay(day) }).filter(
      ({ state }) => state === 'snapshot',
    );
  };
  if (session.snapshot !== null) return [];
  if (kernel === null) {
    if (select(today).length > 0) throw undated(miss);
    return [];
  }
  const archives = listArchives(select(kernel.built));
  const search: Search = { session, target, kernel, today, select, refusal: null };
  // Each archive in turn, so that the many days of one do not keep the other from its first.
  for (let isOpen = archives.length > 0; isOpen;) {
    isOpen = false;
    for (const archive of archives) {
      const day = nextDay(kernel.built, archive.first, today, archive.asked);
      if (day === null) continue;
      isOpen = true;
      const found = await askDay(search, archive, day);
      if (found === 'stop') throw explain(miss, kernel, archives, search.refusal);
      if (found !== null) {
        session.emit({
          type: 'note',
          level: 'info',
          text: `the kernel's packages of version ${kernel.version} have left the mirrors: ${archive.id} has them as of ${writeDay(day)}`,
        });
        return [found, select(day).filter((one) => !found.includes(one) && archiveOf(one) !== archive.id)];
      }
    }
  }
  throw explain(miss, kernel, archives, search.refusal);
}

interface Search {
  readonly session: Session;
  readonly target: DebTarget;
  readonly kernel: DatedKernel;
  readonly today: number;
  readonly select: (day: number) => readonly Repository[];
  /** Why an index was not believed, or why nothing answered. */
  refusal: TapprepError | null;
}

function listArchives(repositories: readonly Repository[]): readonly Archive[] {
  const archives = [...Map.groupBy(repositories, archiveOf)].map(([id, of]) => {
    const isSecurity = of.every(({ suite }) => /(?:-security|\/updates)$/.test(suite ?? ''));
    return { id, first: isSecurity ? FIRST_DAYS.security : FIRST_DAYS.archive, asked: [] };
  });
  return archives.toSorted((a, b) => a.first - b.first);
}

/** ENTRY of an id as select.ts makes it, ENTRY/SUITE. */
function archiveOf({ id, suite }: Repository): string {
  const end = `/${suite?.replaceAll('/', '-') ?? ''}`;
  return id.endsWith(end) ? id.slice(0, -end.length) : id;
}

/** The repositories of an archive on a day if they list the kernel; "stop" where no other day will answer either. */
async function askDay(search: Search, archive: Archive, day: number): Promise<readonly Repository[] | 'stop' | null> {
  const { session, target, kernel } = search;
  const repositories = search.select(day).filter((one) => archiveOf(one) === archive.id);
  const filter = { wantsName: (name: string) => name.startsWith('linux-headers-') };
  const read = await Promise.allSettled(
    repositories.map((repository) => readDebRepository(repository, target.packageArch, filter, session.reader)),
  );
  refuseWhenStopped(session.signal, 'while asking snapshots');
  const records = read.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  const errors: readonly unknown[] = read.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  const worse = errors.find((error) => !isTapprepError(error, 'NOT_FOUND'));
  if (worse !== undefined && !isTapprepError(worse)) throw worse;
  const url = addressOf(repositories);
  const judged: DayJudgement =
    errors.length === repositories.length
      ? { verdict: worse === undefined ? 'absent' : 'unknown', seen: null }
      : judgeDay(records, target, kernel.version);
  archive.asked.push({ day, url, ...judged });
  if (judged.verdict === 'there') return repositories;
  if (worse === undefined) return null;
  search.refusal ??= worse;
  if (judged.verdict !== 'unknown') return null;
  return ERROR_CODES[worse.code].exit === 'verification' ? null : 'stop';
}

/** What anybody can fetch to see the same. */
function addressOf([first]: readonly Repository[]): string {
  return `${first?.baseUrls[0] ?? ''}dists/${first?.suite ?? ''}/InRelease`;
}

/** The miss with every address, what it said, and the day to try where there is a network. */
function explain(
  miss: TapprepError,
  kernel: DatedKernel,
  archives: readonly Archive[],
  refusal: TapprepError | null,
): TapprepError {
  const asked = archives.flatMap((archive) => archive.asked);
  if (refusal !== null && ERROR_CODES[refusal.code].exit === 'verification') return refusal;
  const said = asked.map(({ url, verdict, seen }) => `${url} (${SAID[verdict]}${seen === null ? '' : `: ${seen}`})`);
  const [first] = archives;
  const day = kernel.built + (first?.first ?? 0);
  return new TapprepError(
    refusal?.code === 'OFFLINE' ? refusal.code : miss.code,
    `${miss.message}; snapshots that were asked for ${kernel.version} of ${writeDay(kernel.built)}: ${said.join(', ')}${refusal === null ? '' : `: ${refusal.message}`}`,
    {
      remedy: tapprep('plan', '--snapshot', timeOfDay(day)),
      facts: {
        ...miss.facts,
        snapshots: asked.map(({ url, verdict, seen }) => ({ url, verdict, seen })),
      },
      cause: miss,
    },
  );
}

/** The miss of a kernel that does not tell when it was made: that is in its uname -v, which nobody gave. */
function undated(miss: TapprepError): TapprepError {
  return new TapprepError(
    miss.code,
    `${miss.message}; no snapshot archive was asked, for which day to ask it for is not known: --uname-v tells it, or --snapshot names it`,
    {
      remedy: tapprep('plan', '--snapshot', 'TIME'),
      hint: "a day on which the archive still had it; or --uname-v TEXT, as that machine's uname -v prints it",
      facts: miss.facts,
      cause: miss,
    },
  );
}

const SAID: Readonly<Record<AskedDay['verdict'], string>> = {
  there: 'has it',
  'not yet': 'not yet',
  'no longer': 'no longer',
  absent: 'no such index',
  unknown: 'did not answer',
};
