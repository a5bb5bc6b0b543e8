/** From facts, or from what somebody says of a host that is not here, to the one target of a run. */
import { adviceOf, escapeControl, isTapprepError, TapprepError } from '../errors.ts';
import type { BuildId, DebTarget, HostFacts, OwnKernel, RpmTarget, Target } from '../types.ts';
import { findArchitecture, runsProgramsOf, type Architecture } from './architectures.ts';
import { again } from '../make-remedy.ts';
import { shellLine } from '../shell-words.ts';
import { versionRelease } from '../version/evr.ts';
import { isNamedByHabit, readAnyRelease } from './any-release.ts';
import { standInFor } from './own-kernel.ts';
import { findDistribution, packageFamilyOf, type PackageFamily } from './distributions.ts';
import { debArchOf, packageArchOf, stemsOf } from './kernel-families.ts';
import { askMeant, isPlausible, parseDebVersion, parseKernelRelease } from './kernel-release.ts';
import type { DebRelease, KernelRelease, RpmRelease } from './kernel-release.ts';

/** What the user says instead of what was observed. */
export interface TargetOverride {
  readonly release?: string | null;
  readonly distro?: string | null;
  readonly version?: string | null;
  /** uname -m, or what rpm or dpkg call it. */
  readonly arch?: string | null;
  readonly unameV?: string | null;
}

/** A host that is not here; `null` for what nobody knows of it. */
export interface DeclaredHost {
  /** os-release ID. */
  readonly distro: string | null;
  readonly version: string | null;
  /** uname -r */
  readonly kernel: string;
  readonly arch: string | null;
  readonly unameV: string | null;
}

/**
 * Which forms of a release make a target. listed: those of the tables. named: any that nobody's word speaks against, for
 * their packages can be named by the habit of their package system. any: all, for the index of a source is going to decide.
 */
export type Forms = 'listed' | 'named' | 'any';

interface Known {
  readonly distro: string | null;
  readonly version: string | null;
  readonly codename: string | null;
  readonly idLike: readonly string[];
  readonly release: string;
  readonly arch: string | null;
  /** False where `arch` is only what is usual: then what the release says goes before it. */
  readonly archIsSure: boolean;
  readonly unameV: string | null;
  readonly buildId: BuildId | null;
  /** Version of the installed package of this kernel's image. */
  readonly imageVersion: string | null;
  /** The installed packages of kernels; none where nobody looked. */
  readonly kernelPackages: HostFacts['kernelPackages'];
  /** What was seen there; null where nobody looked. */
  readonly packageManager: HostFacts['packageManager'];
  /** The target has sources of its own, which may hold what another distribution built. */
  readonly hasSources: boolean;
  /** A build tree or a vmlinux that was named instead of packages. */
  readonly own: OwnKernel | undefined;
}

/**
 * The target of facts, with what the user says put over them.
 * @throws TapprepError UNKNOWN_RELEASE, WRONG_DISTRIBUTION, CUSTOM_KERNEL_NO_PACKAGE, or USAGE where something is missing
 */
export function identifyTarget(facts: HostFacts, override: TargetOverride = {}, forms: Forms = 'listed'): Target {
  const release = override.release ?? releaseOf(facts);
  const isObserved = release === facts.kernel.release;
  const distro = override.distro ?? facts.os.id;
  const isSameDistro = distro === facts.os.id;
  try {
    const known: Known = {
      own: isObserved ? facts.own : undefined,
      distro,
      version: override.version ?? (isSameDistro ? facts.os.versionId : null),
      codename:
        isSameDistro && (override.version ?? facts.os.versionId) === facts.os.versionId ? facts.os.codename : null,
      idLike: isSameDistro ? facts.os.idLike : [],
      release,
      arch: override.arch ?? facts.kernel.arch,
      archIsSure: (override.arch ?? null) !== null || facts.source !== 'declared',
      unameV: override.unameV ?? (isObserved ? facts.kernel.unameV : null),
      buildId: isObserved ? facts.kernel.buildId : null,
      imageVersion: findImageVersion(facts, release),
      kernelPackages: facts.kernelPackages,
      packageManager: facts.packageManager,
      hasSources: facts.repositories.length > 0,
    };
    const target = makeTarget(known, forms);
    const isOfTable = target.kernelFamily !== 'deb' && target.kernelFamily !== 'rpm';
    const own = isOfTable || !isObserved ? undefined : standInFor(facts);
    return own === undefined ? target : { ...target, own };
  } catch (error) {
    const { container } = facts.security;
    if (container === null || !isTapprepError(error, 'WRONG_DISTRIBUTION')) throw error;
    throw new TapprepError(
      error.code,
      `${error.message}; the kernel is that of the host, which runs this ${escapeControl(container)} container`,
      {
        ...adviceOf(error),
        facts: { ...error.facts, container },
        cause: error,
      },
    );
  }
}

/** The target that somebody describes. @throws TapprepError as identifyTarget */
export function declareTarget(host: DeclaredHost, forms: Forms = 'listed'): Target {
  const { distro, version, kernel, arch, unameV } = host;
  const known: Known = {
    own: undefined,
    distro,
    version,
    codename: null,
    idLike: [],
    release: kernel,
    arch,
    archIsSure: true,
    unameV,
    buildId: null,
    imageVersion: null,
    kernelPackages: [],
    packageManager: null,
    hasSources: false,
  };
  return makeTarget(known, forms);
}

function releaseOf(facts: HostFacts): string {
  const { release, installedReleases } = facts.kernel;
  const [only] = installedReleases;
  if (release !== null) return release;
  if (only !== undefined && installedReleases.length === 1) return only;
  const found = only === undefined ? 'has no kernel installed' : `has several kernels: ${installedReleases.join(', ')}`;
  throw new TapprepError('USAGE', `the system ${found}, and no release was given`, {
    hint: shellLine`add --kernel ${only ?? 'RELEASE'}`,
    facts: { installedReleases },
  });
}

function findImageVersion({ kernelPackages }: HostFacts, release: string): string | null {
  const names = [`linux-image-${release}`, `linux-image-unsigned-${release}`];
  return kernelPackages.find(({ name }) => names.includes(name))?.version ?? null;
}

function makeTarget(known: Known, forms: Forms): Target {
  const kernel = parseRelease(known, forms);
  const { machine, own } = chooseArchitecture(kernel, known);
  return kernel.family === 'rpm'
    ? makeRpmTarget(kernel, known, machine.machine, own ?? machine.rpm)
    : makeDebTarget(kernel, known, machine.machine, packageArchOfDeb(own ?? machine.deb, kernel, known));
}

function packageArchOfDeb(usual: string, { on }: DebRelease, { distro, release }: Known): string {
  return debArchOf(on, release, findDistribution(distro)?.arches[usual] ?? usual);
}

/** What the tables refuse is read by the habit of its package system, as far as `forms` goes; else their refusal stands. */
function parseRelease(known: Known, forms: Forms): KernelRelease {
  try {
    return parseKernelRelease(known.release, known);
  } catch (error) {
    const system = systemOf(known);
    if (system === null || !isTapprepError(error) || !isPlausible(known.release)) throw error;
    if (!allows(forms, error, system, known)) throw error;
    const kernel = readAnyRelease(known.release, known.distro, system);
    if (forms !== 'named' || kernel.family === 'deb') return kernel;
    if (!isNamedByHabit(kernel.versionRelease, known.release, known.distro)) throw error;
    return kernel;
  }
}

function allows(forms: Forms, { code, facts }: TapprepError, system: PackageFamily, known: Known): boolean {
  const { hasSources, own } = known;
  // Whose kernel it is does not matter where its tree was named.
  if ((own?.buildTree ?? null) !== null) return true;
  if (forms === 'listed') return false;
  if (code === 'UNKNOWN_RELEASE') return forms === 'any' || facts['namedOtherwise'] !== true;
  if (code === 'CUSTOM_KERNEL_NO_PACKAGE') return forms === 'any';
  // Its own sources may hold another distribution's kernel, but only as packages that it can install.
  return code === 'WRONG_DISTRIBUTION' && forms === 'any' && hasSources && facts['system'] === system;
}

function systemOf({ packageManager, distro, idLike }: Known): PackageFamily | null {
  if (packageManager === 'dpkg') return 'deb';
  return packageManager ?? packageFamilyOf(distro, idLike);
}

/** Of whose packages some hold the kernels of a machine that runs their programs: those of powerpc, sparc and s390 have 64 bits, too. */
const WITH_LARGER_KERNELS: readonly string[] = ['ppc', 'sparc', 's390'];

/** The machine, and what packages call the architecture where the release says it: a kernel of those must run there. */
function chooseArchitecture(kernel: KernelRelease, known: Known): { machine: Architecture; own: string | null } {
  const { release, arch, archIsSure } = known;
  const told = kernel.arch === null ? null : requireArchitecture(kernel.arch);
  const given = arch === null || (told !== null && !archIsSure) ? null : requireArchitecture(arch);
  const machine = given ?? told;
  if (machine === null) {
    const { words, meant } = askMeant(release, known);
    const message = `kernel release ${release} does not tell the architecture, and none was given${words}`;
    throw new TapprepError('USAGE', message, {
      hint: 'add --arch ARCH, as "uname -m" prints it there',
      facts: { release, ...(meant === null ? {} : again('--kernel', meant)) },
    });
  }
  if (told !== null && !runsProgramsOf(told, machine) && !isLargerKernel(told, machine)) {
    throw new TapprepError('USAGE', `kernel release ${release} is for ${kernel.arch} but the machine is ${arch}`, {
      hint: `add --arch ${told.machine}`,
    });
  }
  return { machine, own: kernel.arch };
}

function isLargerKernel(told: Architecture, machine: Architecture): boolean {
  return WITH_LARGER_KERNELS.includes(told.machine) && runsProgramsOf(machine, told);
}

function makeRpmTarget(kernel: RpmRelease, known: Known, arch: string, packageArch: string): RpmTarget {
  const { kernelFamily, stem, variant, tail } = kernel;
  const named = packageArchOf(kernelFamily, known.release, packageArch);
  const target: RpmTarget = {
    family: 'rpm',
    kernelFamily,
    ...describeHost(kernel, known, arch),
    release: tail === null ? known.release : `${kernel.versionRelease}.${named}${tail}`,
    packageArch: named,
    stem,
    variant,
    versionRelease: kernel.versionRelease,
  };
  const seen = seeStem(target, known);
  return seen === null ? target : { ...target, stem: seen, stemIsSeen: true };
}

/** The stem of the one image of this kernel that is installed; null where the release tells it, or no image does. */
function seeStem(target: RpmTarget, { kernelPackages }: Known): string | null {
  const { stems } = stemsOf(target);
  if (stems.length === 1) return null;
  const seen = stems.filter((stem) =>
    kernelPackages.some(
      ({ name, version }) => [stem, `${stem}-core`].includes(name) && versionRelease(version) === target.versionRelease,
    ),
  );
  return seen.length === 1 ? (seen[0] ?? null) : null;
}

function makeDebTarget(kernel: DebRelease, known: Known, arch: string, packageArch: string): DebTarget {
  const { kernelFamily, flavour } = kernel;
  const packageVersion = parseDebVersion(kernel, known.unameV) ?? known.imageVersion;
  return { family: 'deb', kernelFamily, ...describeHost(kernel, known, arch), packageArch, flavour, packageVersion };
}

/** Where the distribution is not known, the release told it: parseKernelRelease takes nothing else. */
function describeHost(kernel: KernelRelease, known: Known, arch: string) {
  const { version, codename, release, unameV, buildId, own } = known;
  const distro = known.distro ?? kernel.on[0] ?? '';
  return { distro, version, codename, arch, release, unameV, buildId, ...(own === undefined ? {} : { own }) };
}

function requireArchitecture(name: string): Architecture {
  const found = findArchitecture(name);
  if (found !== null) return found;
  throw new TapprepError('USAGE', `"${escapeControl(name.slice(0, 40))}" is no architecture that tapprep knows`, {
    hint: 'give --arch as "uname -m" prints it: x86_64, aarch64, ppc64le, s390x',
  });
}
