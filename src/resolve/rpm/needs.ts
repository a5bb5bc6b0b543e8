/** What a kernel of an rpm distribution needs, as questions to repositories. Pure. */
import type { PackageName, Role, RpmTarget } from '../../types.ts';
import { namePackages } from '../package-names.ts';
import { type PlanRequest, wantsKernelPackage } from '../plan.ts';
import type { RecordFilter } from '../reader.ts';
import { formatRpmFileName } from '../rpm-file-name.ts';

/** One package that must be found; any of `names` will do, the first is the likeliest. */
export interface Need {
  readonly role: Role;
  readonly names: readonly string[];
  readonly arch: string;
  /** version-release without epoch; with `prefix` a rebuild counter may follow. */
  readonly version: string;
  readonly prefix: boolean;
  /** Capabilities that name the kernel: who provides one is the package, whatever it is called. */
  readonly capabilities: readonly string[];
}

/** SystemTap's own packages; what is not split off on a distribution is not there to be found. */
export const SYSTEMTAP_NAMES: readonly string[] = [
  'systemtap',
  'systemtap-client',
  'systemtap-devel',
  'systemtap-runtime',
];

/** Families whose packages do not provide their uname -r (R1 holds from EL6 and Fedora on). */
const WITHOUT_UNAME = /^(?:suse|photon|el5|uek5)/;

/** The packages to be found, devel first, for what it is chosen by decides on the others. */
export function listNeeds(target: RpmTarget, request: PlanRequest): readonly Need[] {
  const names = namePackages(target);
  // A release that gives no file a name is asked for by what provides it.
  const all = names.length > 0 ? names : [unnamed(target)];
  const groups = Map.groupBy(all, ({ name, alternative }) => alternative ?? name);
  const needs = Array.from(groups.values(), (names) => toNeed(names, target));
  const first = needs.find(({ role }) => role === 'devel');
  return [
    ...needs
      .filter(({ role }) => wantsKernelPackage(target, request, role))
      .map((need) => (need === first ? { ...need, capabilities: unameProvides(target, 'devel-uname-r') } : need)),
    ...(request.roles.image && first !== undefined ? [imageNeed(first, target)] : []),
  ];
}

function unnamed({ stem, packageArch, versionRelease }: RpmTarget): PackageName {
  return { role: 'devel', name: `${stem}-devel`, arch: packageArch, version: versionRelease, match: 'index' };
}

function toNeed(names: readonly PackageName[], target: RpmTarget): Need {
  const [first] = names;
  return {
    role: first?.role ?? 'devel',
    names: [...new Set(names.map(({ name }) => name))],
    arch: first?.arch ?? target.packageArch,
    version: first?.version == null ? target.versionRelease : `${first.version}${first.suffix ?? ''}`,
    prefix: first?.match === 'prefix',
    capabilities: [],
  };
}

/**
 * The kernel lies in NAME-core since it was split (EL8, Fedora 21), else in the package without "-devel". Old SUSE has
 * no devel package of the flavour's own.
 */
function imageNeed(devel: Need, target: RpmTarget): Need {
  const bases = devel.names.map((name) =>
    name.endsWith('-devel') ? name.slice(0, -'-devel'.length) : `${target.stem}-${target.variant ?? 'default'}`,
  );
  return {
    ...devel,
    role: 'image',
    names: bases.flatMap((base) => [`${base}-core`, base]),
    capabilities: unameProvides(target, 'uname-r'),
  };
}

function unameProvides({ kernelFamily, stem, release }: RpmTarget, end: string): readonly string[] {
  if (WITHOUT_UNAME.test(kernelFamily)) return [];
  return [...new Set(['kernel', stem])].map((name) => `${name}-${end} = ${release}`);
}

/** The questions to readers: what may matter to the plan, or to the explanation of why there is none. */
export function wantedRpm(target: RpmTarget, request: PlanRequest): RecordFilter {
  const needs = listNeeds(target, request);
  const names = new Set([
    ...needs.flatMap((need) => need.names),
    ...(request.roles.systemtap === 'distro' ? SYSTEMTAP_NAMES : []),
  ]);
  return {
    // Under another name too: what the index names by the release may have any.
    wantsName: (name) =>
      names.has(name) || ((name.startsWith(target.stem) || /kernel|linux/.test(name)) && isSibling(name)),
    provides: needs.flatMap((need) => need.capabilities),
    release: target.release,
    byFiles: target.kernelFamily === 'rpm',
    ...(target.buildId === null || !request.roles.debuginfo ? {} : { buildId: target.buildId }),
    fileNames: needs
      .filter((need) => !need.prefix)
      .flatMap(({ names, version, arch }) => names.map((name) => formatRpmFileName({ name, version, arch }))),
  };
}

/** Other variants explain a miss; common and source packages are found by what debuginfo requires. */
function isSibling(name: string): boolean {
  return /-(?:devel|debuginfo|debugsource)$|-debuginfo-common(?:-|$)/.test(name);
}

/** Since Linux 4.14 x86 kernels are checked by objtool while a module is built; its library is not always required. */
const FIRST_WITH_OBJTOOL = [4, 14] as const;

/** What a build tree needs to compile a module: compiler, make, and the library of objtool where the kernel has it. */
export function namesOfTools({ release, kernelFamily }: RpmTarget): {
  readonly tools: readonly string[];
  readonly niceToHave: readonly string[];
} {
  const [major = 0, minor = 0] = release.split('.', 2).map(Number);
  const [first, second] = FIRST_WITH_OBJTOOL;
  const hasObjtool = major > first || (major === first && minor >= second);
  const library = kernelFamily.startsWith('suse') ? 'libelf-devel' : 'elfutils-libelf-devel';
  return { tools: ['gcc', 'make'], niceToHave: hasObjtool ? [library] : [] };
}
