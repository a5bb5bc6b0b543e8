/** Upstream releases of SystemTap and the kernels that each calls tested: what `stap -V` of that release prints. */
import { coerce, compare } from 'semver';

export interface StapRelease {
  /** "5.1" */
  readonly version: string;
  /** YYYY-MM-DD; of 5.6 that of its news file. */
  readonly date: string;
  /** Oldest and newest kernel; null where a release prints none (before 3.1). */
  readonly oldest: string | null;
  readonly newest: string | null;
}

/** Oldest first. */
export const STAP_RELEASES: readonly StapRelease[] = [
  release('1.4', '2011-01-17', null, null),
  release('1.8', '2012-06-17', null, null),
  release('2.3', '2013-07-25', null, null),
  release('2.5', '2014-04-30', null, null),
  release('2.6', '2014-09-05', null, null),
  release('2.8', '2015-06-17', null, null),
  release('2.9', '2015-10-08', null, null),
  release('3.0', '2016-03-27', null, null),
  release('3.1', '2017-02-17', '2.6.18', '4.10-rc8'),
  release('3.2', '2017-10-18', '2.6.18', '4.11'),
  release('3.3', '2018-06-08', '2.6.18', '4.18-rc0'),
  release('4.0', '2018-10-13', '2.6.18', '4.19-rc7'),
  release('4.1', '2019-05-07', '2.6.18', '5.1-rc2'),
  release('4.2', '2019-11-18', '2.6.32', '5.4-rc6'),
  release('4.3', '2020-06-11', '2.6.32', '5.7.0'),
  release('4.4', '2020-11-09', '2.6.32', '5.10.0-rc'),
  release('4.5', '2021-05-07', '2.6.32', '5.12.0-rc2'),
  release('4.6', '2021-11-15', '2.6.32', '5.15.0-rc7'),
  release('4.7', '2022-05-02', '2.6.32', '5.18-rc3'),
  release('4.8', '2022-11-03', '2.6.32', '6.1.0-rc3'),
  release('4.9', '2023-04-28', '2.6.32', '6.3.0-rc1'),
  release('5.0', '2023-11-04', '2.6.32', '6.6-rc1'),
  release('5.1', '2024-04-26', '2.6.32', '6.9-rc0'),
  release('5.2', '2024-11-08', '3.10', '6.12-rc'),
  release('5.3', '2025-05-02', '3.10', '6.15-rc'),
  release('5.4', '2025-10-31', '3.10', '6.18-rc'),
  release('5.5', '2026-05-01', '3.10', '7.0'),
  release('5.6', '2026-09-17', '3.10', '7.3.0-rc3'),
];

/** The row of a version ("5.1", "5.1.0"); null for a release that the table does not have. */
export function findRelease(version: string): StapRelease | null {
  return STAP_RELEASES.find((row) => compareStap(row.version, version) === 0) ?? null;
}

/** The first release whose tested range reaches a kernel series, "the release to look for"; null when none does. */
export function firstReleaseFor(series: string, compareKernel: (a: string, b: string) => number): StapRelease | null {
  return STAP_RELEASES.find(({ newest }) => newest !== null && compareKernel(seriesOf(newest), series) >= 0) ?? null;
}

/** Orders two versions of SystemTap; what is no version is oldest. */
export function compareStap(a: string, b: string): number {
  return compare(coerce(a) ?? '0.0.0', coerce(b) ?? '0.0.0');
}

/** "6.1" of "6.1.0-rc3"; before 3.0 the third number belongs to the series. */
export function seriesOf(kernel: string): string {
  return /^2\.6\.\d+|^\d+\.\d+/.exec(kernel)?.[0] ?? kernel;
}

function release(version: string, date: string, oldest: string | null, newest: string | null): StapRelease {
  return { version, date, oldest, newest };
}
