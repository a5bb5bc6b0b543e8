/** A release of no row's form, taken apart by what every release of a package system has. Its packages are for an index to name. */
import { findDistribution, type PackageFamily } from './distributions.ts';
import { KERNEL_PUBLISHERS } from './kernel-families.ts';
import { ARCHES } from './release-words.ts';
import type { DebRelease, RpmRelease } from './kernel-release.ts';

/**
 * V-R, R ending where an architecture, "+variant" or ".debug" begins; these two stand behind an architecture or a tag alone.
 * Elsewhere a plus adds a count: 5.14.0-687.42.1+2.1.el9_8_ciq.x86_64.
 */
const RPM_FORM = new RegExp(
  String.raw`^(?<vr>\d+(?:\.\d+)+-(?:[\w.~^]|\+(?=\d))+?)(?:\.(?<arch>${ARCHES}))?(?:(?<=\.(?:${ARCHES}|[a-z]+\d[\w.]*))(?:\+|\.(?=debug$))(?<variant>[a-z0-9]+(?:[.-][a-z0-9]+)*))?$`,
);
/** The flavour begins with the first part that has no number in front. */
const DEB_FORM = /^(?<abi>\d+(?:\.\d+)+(?:[+~][\w.]+)*(?:-\d[\w.+~]*)?)(?:-(?<flavour>[a-z][\w.+~-]*))?$/i;

/** Who builds beside a distribution, by the word in the release, and what that kernel's packages are called. */
const STEMS: readonly (readonly [RegExp, string])[] = [
  [/\.el\d+iv$/, 'kernel-automotive'],
  [/\.surface\.fc\d+$/, 'kernel-surface'],
  [/-cachyos\d+\.fc\d+$/, 'kernel-cachyos'],
];

/** What a release of a distribution of no known form is as far as its form goes. */
export function readAnyRelease(release: string, distro: string | null, system: PackageFamily): RpmRelease | DebRelease {
  const on = distro === null ? [] : [distro.toLowerCase()];
  if (system === 'deb') {
    const { abi, flavour } = DEB_FORM.exec(release)?.groups ?? {};
    return { family: 'deb', kernelFamily: 'deb', on, abi: abi ?? release, flavour: flavour ?? '', arch: null };
  }
  const { vr, arch, variant } = RPM_FORM.exec(release)?.groups ?? {};
  return {
    family: 'rpm',
    kernelFamily: 'rpm',
    on,
    versionRelease: vr ?? release,
    stem: STEMS.find(([form]) => form.test(vr ?? ''))?.[1] ?? findDistribution(distro)?.stem ?? 'kernel',
    variant: variant ?? null,
    arch: arch ?? null,
    tail: null,
  };
}

/** Ends in a tag, which a count may follow: el8, el8_lustre, fc40.1. */
const TAGGED = /\.[a-z]+\d+(?:_[a-z0-9]+)?(?:\.\d+)*$/;

/**
 * Whether its packages can be named by habit. Of a distribution whose forms are in the table, what ends neither in a tag nor
 * in an architecture has words of an unknown form in it, and nobody knows which of them are in a package's V-R.
 */
export function isNamedByHabit(versionRelease: string, release: string, distro: string | null): boolean {
  if (!hasVersionRelease(versionRelease)) return false;
  const isListed = KERNEL_PUBLISHERS.rpm.includes(distro?.toLowerCase() ?? '');
  return !isListed || versionRelease !== release || TAGGED.test(versionRelease);
}

/** Whether a version and release stand in it, so that a package can be named at all. */
export function hasVersionRelease(versionRelease: string): boolean {
  return /^\d+(?:\.\d+)+-(?:[\w.~^]|\+(?=\d))+$/.test(versionRelease);
}
