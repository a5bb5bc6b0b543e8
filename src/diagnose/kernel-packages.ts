/** The packages of the kernel in question, as words for a package manager, and who publishes them. Pure. */
import { ARCHITECTURES, findArchitecture } from '../detect/architectures.ts';
import { declareTarget, type Forms } from '../detect/target.ts';
import { findUnpackaged } from '../detect/unpackaged-kernels.ts';
import { isTapprepError, type TapprepError } from '../errors.ts';
import { namePackages } from '../resolve/package-names.ts';
import type { PackageName, Remedy, Target } from '../types.ts';
import { stemOf } from './package-manager/asked-packages.ts';
import type { PackageSystem } from '../package-system/package-system.ts';
import { systemOf } from '../package-system/systems.ts';

/**
 * packaged: by a distribution of the tables. habit: nobody of the tables, but its form is one that packages are named after.
 * unknown: not known to tapprep, which does not say that there are none. custom: its builder is known to publish none.
 * foreign: of another distribution than the system, a sign of a container.
 */
export type Standing = 'packaged' | 'habit' | 'unknown' | 'custom' | 'foreign';

export interface KernelPackages {
  readonly standing: Standing;
  /** kernel-devel or headers with the version; empty where the release does not name them. */
  readonly devel: readonly string[];
  readonly debuginfo: readonly string[];
  /** What the version of the packages is, where `uname -v` or the release tells all of it; else null. */
  readonly version: string | null;
  /** The names without version, all alternatives: kernel-uek-devel, linux-headers. */
  readonly develStems: readonly string[];
  readonly debuginfoStems: readonly string[];
  /** Names of the build tree that are only right where the first of its alternatives does not exist. */
  readonly develSeconds: readonly string[];
  /** Whose they are; null where nobody is known. */
  readonly home: { readonly distribution: string; readonly system: PackageSystem } | null;
  /** Why no distribution has packages for it; null where one may. */
  readonly custom: string | null;
  /** What tells its packages, where they are known to exist under names that do not hold the release; else null. */
  readonly ask: Remedy | null;
}

/** Of a kernel that nobody named. */
export const NO_PACKAGES: KernelPackages = {
  standing: 'unknown',
  devel: [],
  debuginfo: [],
  version: null,
  develStems: [],
  debuginfoStems: [],
  develSeconds: [],
  home: null,
  custom: null,
  ask: null,
};

/** What a log or a person says of a machine. */
export interface SaidOfKernel {
  readonly release: string;
  /** os-release ID; null for unknown. */
  readonly distribution: string | null;
  /** The log names it, rather than that the release suggests it. */
  readonly named: boolean;
  readonly version: string | null;
  readonly arch: string | null;
  readonly unameV: string | null;
  /** Which package system is used there; null where nothing tells. */
  readonly family: 'deb' | 'rpm' | null;
}

const DEVEL_ROLES: ReadonlySet<string> = new Set(['devel', 'headers']);

/** Names the packages of a target. */
export function packagesOf(target: Target): KernelPackages {
  const names = namePackages(target);
  const firsts = firstOfAlternatives(names);
  const words = (isDevel: boolean): readonly string[] =>
    firsts.filter(({ role }) => DEVEL_ROLES.has(role) === isDevel).flatMap((name) => wordFor(name, target));
  const stems = (isDevel: boolean): readonly string[] =>
    names.filter(({ role }) => DEVEL_ROLES.has(role) === isDevel).map(({ name }) => stemOf(name));
  return {
    standing: target.kernelFamily === 'rpm' || target.kernelFamily === 'deb' ? 'habit' : 'packaged',
    devel: words(true),
    debuginfo: words(false),
    version: firsts.find(({ role, match }) => DEVEL_ROLES.has(role) && match === 'exact')?.version ?? null,
    develStems: [...new Set(stems(true))],
    debuginfoStems: [...new Set(stems(false))],
    develSeconds: names
      .filter(({ role, name }) => DEVEL_ROLES.has(role) && !firsts.some((first) => first.name === name))
      .map(({ name }) => stemOf(name)),
    home: { distribution: target.distro, system: systemOf(target) },
    custom: null,
    ask: null,
  };
}

/** The same for a kernel that is only known by what was said of it. Never throws. */
export function packagesSaid(said: SaidOfKernel): KernelPackages {
  const { distribution, named, family } = said;
  const listed = readTarget(said, distribution ?? '', 'listed');
  if (!isTapprepError(listed)) return packagesOf(listed);
  const { code, facts, message } = listed;
  if (code === 'CUSTOM_KERNEL_NO_PACKAGE') return { ...NO_PACKAGES, standing: 'custom', custom: message };
  if (code === 'WRONG_DISTRIBUTION') {
    if (named) return { ...NO_PACKAGES, standing: 'foreign' };
    // Nobody named the system, so the kernel's own home is as good a guess as any.
    const home = readTarget(said, firstHome(facts['kernelOf']), 'listed');
    return isTapprepError(home) ? NO_PACKAGES : packagesOf(home);
  }
  if (facts['namedOtherwise'] === true)
    return { ...NO_PACKAGES, ask: findUnpackaged(said.release, distribution)?.remedy ?? null };
  if (findUnpackaged(said.release, distribution)?.byRelease === true)
    return { ...NO_PACKAGES, devel: [`linux-headers-${said.release}`], develStems: ['linux-headers'] };
  // A form that somebody's own build is known by is not named after a distribution's habit.
  const isBuildersOwn = code !== 'UNKNOWN_RELEASE' || facts['builder'] !== undefined;
  return isBuildersOwn || family === null ? NO_PACKAGES : packagesByHabit(said, family);
}

/** By a distribution whose packages are named as most of the same system are. */
const STAND_INS = { deb: 'debian', rpm: 'centos' } as const;
/** How releases look that packages are named after: with a flavour that is known, or an ABI number before one. What one's own build adds to a version is neither. */
const HABITS = {
  deb: /-(?:generic|lowlatency|virtual|server|amd64|arm64|[3-6]86(?:-pae)?|armhf|armmp(?:-lpae)?|armel|riscv64|s390x|ppc64el|powerpc64le|loong64|cloud|rt|pve|azure|aws|gcp|oracle|kvm|oem|raspi\d?|rpi)(?:-|$)|^\d+(?:\.\d+){2}-\d+(?:-[a-z][a-z0-9-]*)?$/,
  rpm: /\.(?:x86_64|i[3-6]86|aarch64|ppc64le|ppc64|s390x|riscv64|loongarch64)(?:[.+]\w+)?$|-(?:default|desktop|server|preempt|azure)(?:-|$)|(?:mga|omv|\balt)\d/,
} as const;

function packagesByHabit(said: SaidOfKernel, family: 'deb' | 'rpm'): KernelPackages {
  if (!HABITS[family].test(said.release)) return NO_PACKAGES;
  const own = said.distribution === null ? null : readTarget(said, said.distribution, 'named');
  const target = own === null || isTapprepError(own) ? readTarget(said, STAND_INS[family], 'named') : own;
  return isTapprepError(target) ? NO_PACKAGES : { ...packagesOf(target), standing: 'habit' };
}

function readTarget(
  { release, version, arch, unameV }: SaidOfKernel,
  distro: string,
  forms: Forms,
): Target | TapprepError {
  try {
    // Without any word of the architecture the commonest is meant: it only matters for releases that lack one.
    return declareTarget(
      { distro, version, kernel: release, arch: arch ?? archOf(release) ?? 'x86_64', unameV },
      forms,
    );
  } catch (error) {
    if (isTapprepError(error)) return error;
    throw error;
  }
}

/** Words of releases that name a board or an instruction set. */
const BOARDS: Readonly<Record<string, string>> = {
  armmp: 'armv7l',
  v7: 'armv7l',
  v7l: 'armv7l',
  v8: 'aarch64',
  686: 'i686',
  pae: 'i686',
};
/** Only 32-bit x86 has had kernels for more memory than it can address: 2.6.9-89.ELhugemem, 2.6.18-8.el5PAE. */
const BIG_MEMORY = /(?:hugemem|PAE|PAEdebug|bigsmp)$/;

/** The machine, as uname -m has it, that a release ends in, or has before its variant. */
export function archOf(release: string): string | null {
  for (const word of release.split(/[.+-]/).toReversed()) {
    const found = BOARDS[word] ?? findArchitecture(word)?.machine;
    if (found !== undefined) return found;
  }
  if (BIG_MEMORY.test(release)) return 'i686';
  return release.includes('x86_64') ? 'x86_64' : null;
}

/** The machine that the kernel's own word for an architecture means most often: powerpc is ppc64le today. */
export function machineOf(tree: string): string | null {
  return ARCHITECTURES.find((one) => one.tree === tree)?.machine ?? findArchitecture(tree)?.machine ?? null;
}

function firstHome(homes: unknown): string {
  return Array.isArray(homes) && typeof homes[0] === 'string' ? homes[0] : '';
}

/** A package manager takes the exact name; where only the index knows the whole version, none can be written. */
function wordFor({ name, arch, version, match }: PackageName, target: Target): readonly string[] {
  const word = systemOf(target).wordFor(name, arch, match === 'exact' ? version : null);
  return word === null ? [] : [word];
}

function firstOfAlternatives(names: readonly PackageName[]): readonly PackageName[] {
  const seen = new Set<number>();
  return names.filter(({ alternative }) => {
    if (alternative === undefined) return true;
    if (seen.has(alternative)) return false;
    seen.add(alternative);
    return true;
  });
}

/** Kernels that pacman installs, by the form of their release, and their headers, which carry no version in their name. */
const BY_PACMAN: readonly (readonly [RegExp, string])[] = [
  [/^\d+\.\d+(?:\.\d+)?-(?:arch|artix)\d+-\d+(?:-ARCH)?$/, 'linux-headers'],
  [/^\d+\.\d+(?:\.\d+)?-\d+-ARCH$/, 'linux-headers'],
  [/^\d+\.\d+(?:\.\d+)?-zen\d+-\d+-zen$/, 'linux-zen-headers'],
  [/^\d+\.\d+(?:\.\d+)?-hardened\d+-\d+-hardened$/, 'linux-hardened-headers'],
  [/^(\d+)\.(\d+)\.\d+-\d+-MANJARO$/, 'linux$1$2-headers'],
];

/** Alpine's look the same. */
const BY_PACMAN_OR_APK: typeof BY_PACMAN = [[/^\d+\.\d+\.\d+-\d+-lts$/, 'linux-lts-headers']];

/** The package with the build tree of such a kernel; null for any other. @param isNamed the log names pacman, or a system that has it */
export function pacmanHeaders(release: string | null, isNamed = false): string | null {
  const rows = isNamed ? [...BY_PACMAN, ...BY_PACMAN_OR_APK] : BY_PACMAN;
  const row = rows.find(([form]) => form.test(release ?? ''));
  return row === undefined || release === null ? null : release.replace(...row);
}
