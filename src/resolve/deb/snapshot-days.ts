/** Which days of a snapshot archive to ask for a kernel, and what the index of a day says of it. Pure. */
import type { DebTarget } from '../../types.ts';
import { compareDebVersions } from '../../version/deb-vercmp.ts';
import { isBuildOf, stripEpoch } from './build-version.ts';
import { kernelRoleOf, releaseOf } from './kernel-names.ts';
import type { DebRecord } from './packages-index.ts';

/** A kernel that tells when it was made: days since the epoch, and the version that its packages have. */
export interface DatedKernel {
  readonly built: number;
  readonly version: string;
}

/**
 * What `uname -v` tells of a kernel of Debian ("… Debian 6.1.37-1 (2023-07-03)") or Ubuntu ("#96-Ubuntu SMP Wed Sep 20
 * 08:23:49 UTC 2023"); null where it does not.
 */
export function dateKernel({ kernelFamily, packageVersion, unameV }: DebTarget): DatedKernel | null {
  const built = DATES[kernelFamily]?.(unameV ?? '') ?? null;
  return built === null || packageVersion === null ? null : { built, version: stripEpoch(packageVersion) };
}

/** Days since the epoch, by the form in which a family writes the date. */
const DATES: Readonly<Record<string, (unameV: string) => number | null>> = {
  debian: (unameV) => readDay(/\((\d{4}-\d{2}-\d{2})\)/.exec(unameV)?.[1]),
  ubuntu: (unameV) => {
    const [, month, day, year] = / ([A-Z][a-z]{2}) +(\d{1,2}) [\d:]{8} UTC (\d{4})$/.exec(unameV) ?? [];
    return readDay(month === undefined ? undefined : `${day} ${month} ${year} UTC`);
  },
};

function readDay(date: string | undefined): number | null {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? null : Math.floor(time / 86_400_000);
}

/**
 * Days from the date in `uname -v`, which is that of the changelog (Debian) or of the build (Ubuntu), to the first snapshot
 * that is asked. A security update is there the day after; a stable release gets its kernels at a point release, some weeks
 * later, and Ubuntu tries each for two or three weeks.
 */
export const FIRST_DAYS = { security: 1, archive: 14 } as const;

/** What the index of one day says of a kernel; absent: there is no such index. */
export type DayVerdict = 'there' | 'not yet' | 'no longer' | 'absent' | 'unknown';

/** A day that was asked: days since the epoch. */
export interface AskedDay {
  readonly day: number;
  readonly verdict: DayVerdict;
}

/** Each asks a server for an index, which is 9 MB for a whole Debian. */
const MAX_DAYS = 8;
/** The longest that a kernel waits for its point release, with room to spare. */
const LAST_DAYS = 180;

/**
 * The next day to ask one archive for: further away by doubling while the kernel is not there yet, then halfway between
 * too early and too late, a neighbour where a day has no index. Null where that is settled, or asked often enough.
 * @param first days from `built` to the first day @param today days since the epoch; later ones have no snapshot
 */
export function nextDay(built: number, first: number, today: number, asked: readonly AskedDay[]): number | null {
  if (asked.length >= MAX_DAYS || asked.some(({ verdict }) => verdict === 'there' || verdict === 'unknown'))
    return null;
  const isAsked = (day: number): boolean => asked.some((one) => one.day === day);
  // The day that it was made on ends after the snapshot of its first second.
  const early = Math.max(built, ...daysOf(asked, 'not yet'));
  const late = Math.min(today + 1, built + LAST_DAYS, ...daysOf(asked, 'no longer'));
  const isBounded = asked.some(({ verdict }) => verdict === 'no longer');
  const reached = Math.max(early, ...daysOf(asked, 'absent'));
  const leap = asked.length === 0 ? built + first : built + 2 * Math.max(reached - built, 1);
  let day = isBounded ? Math.floor((early + late) / 2) : Math.min(leap, today);
  while (isAsked(day) && day < late) day += 1;
  return day > early && day < late ? day : null;
}

function daysOf(asked: readonly AskedDay[], verdict: DayVerdict): readonly number[] {
  return asked.filter((one) => one.verdict === verdict).map(({ day }) => day);
}

/** What the kernels of one day tell: whether this one is there, else the version beside it that decides. */
export interface DayJudgement {
  readonly verdict: DayVerdict;
  /** A version that stands for what the index has instead; null where it has this kernel, or none to compare. */
  readonly seen: string | null;
}

/** @param records headers and images of one archive on one day */
export function judgeDay(
  records: readonly Pick<DebRecord, 'name' | 'version'>[],
  target: DebTarget,
  version: string,
): DayJudgement {
  const headers = records.filter(({ name }) => name.startsWith(HEADERS));
  const isThere = headers.some(
    (record) =>
      kernelRoleOf(record.name, target.release) === 'headers' && isBuildOf(stripEpoch(record.version), version),
  );
  if (isThere) return { verdict: 'there', seen: null };
  const flavour = headers
    .filter(({ name }) => name.includes(target.release) || releaseOf(name, HEADERS, '', target.flavour) !== null)
    .map((record) => stripEpoch(record.version))
    .toSorted(compareDebVersions);
  // Backports and a testing suite have several series side by side; of another one nothing follows for ours.
  const series = flavour.filter((each) => seriesOf(each) === seriesOf(version));
  const seen = (series.length > 0 ? series : flavour).at(-1) ?? null;
  if (seen === null) return { verdict: 'not yet', seen };
  return { verdict: compareDebVersions(seen, version) > 0 ? 'no longer' : 'not yet', seen };
}

const HEADERS = 'linux-headers-';

function seriesOf(version: string): string {
  return version.split('.', 2).join('.');
}
