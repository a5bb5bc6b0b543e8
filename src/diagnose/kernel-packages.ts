/** The packages of the kernel in question, as words for a package manager. Pure. */
import { declareTarget } from '../detect/target.ts';
import { isTapprepError } from '../errors.ts';
import { namePackages } from '../resolve/package-names.ts';
import type { PackageName, Target } from '../types.ts';

export interface KernelPackages {
  /** kernel-devel or headers with the version; empty where the release does not name them. */
  readonly devel: readonly string[];
  readonly debuginfo: readonly string[];
  /** Why no distribution has packages for it; null where one may. */
  readonly custom: string | null;
  /** Whether tapprep can name packages of it at all; some only the index knows in full. */
  readonly nameable: boolean;
  /** Whose kernel it is, is known; false where the release only has the form of nobody's. */
  readonly customKnown: boolean;
  /** The release is of another distribution than the system: a sign of a container. */
  readonly foreign: boolean;
}

/** Of a kernel that nobody named. */
export const NO_PACKAGES: KernelPackages = {
  devel: [],
  debuginfo: [],
  custom: null,
  nameable: false,
  customKnown: false,
  foreign: false,
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
}

/** Names the packages of a target. */
export function packagesOf(target: Target): KernelPackages {
  const names = firstOfAlternatives(namePackages(target));
  const words = (roles: readonly string[]): readonly string[] =>
    names.filter(({ role }) => roles.includes(role)).flatMap((name) => wordFor(name, target));
  return {
    ...NO_PACKAGES,
    nameable: true,
    devel: words(['devel', 'headers']),
    debuginfo: words(['debuginfo', 'debuginfo-common', 'debugsource']),
  };
}

/** The same for a kernel that is only known by what was said of it. Never throws. */
export function packagesSaid(said: SaidOfKernel): KernelPackages {
  const { release, distribution, version, unameV, named } = said;
  try {
    // Without any word of the architecture the commonest is meant: it only matters for releases that lack one.
    const arch = said.arch ?? 'x86_64';
    return packagesOf(declareTarget({ distro: distribution ?? '', version, kernel: release, arch, unameV }));
  } catch (error) {
    if (!isTapprepError(error)) throw error;
    if (error.code === 'WRONG_DISTRIBUTION') return { ...NO_PACKAGES, foreign: named };
    const custom = error.code === 'CUSTOM_KERNEL_NO_PACKAGE' || error.code === 'UNKNOWN_RELEASE';
    return custom
      ? { ...NO_PACKAGES, custom: error.message, customKnown: error.code === 'CUSTOM_KERNEL_NO_PACKAGE' }
      : NO_PACKAGES;
  }
}

/** A package manager takes the exact name; where only the index knows the whole version, none can be written. */
function wordFor({ name, arch, version, match }: PackageName, target: Target): readonly string[] {
  if (target.family === 'deb') return [name];
  return match === 'exact' && version !== null ? [`${name}-${version}.${arch}`] : [];
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
