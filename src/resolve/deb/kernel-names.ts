/** Names of what a plan for a Debian or Ubuntu kernel begins with, beside headers and debug package. Pure. */
import type { DebTarget, PackageName, Role } from '../../types.ts';
import { namePackages } from '../package-names.ts';
import type { PlanRequest } from '../plan.ts';
import type { WantedNames } from './reader.ts';

/** Compiler and make are what stap calls; no package of SystemTap depends on a compiler. */
export const TOOLCHAIN: readonly string[] = ['gcc', 'make'];
/** Its runtime and tapsets come along by their exact versions. */
export const SYSTEMTAP = 'systemtap';

/** Package names of the kernel itself, the one that a system boots first. */
export function imageNames({ release }: DebTarget): readonly string[] {
  return [`linux-image-${release}`, `linux-image-${release}-unsigned`, `linux-image-unsigned-${release}`];
}

/**
 * What a package is to a kernel by its name alone, whoever packs it: PREFIX-headers-RELEASE, the image and its debug
 * package around the same RELEASE. Null for every other name.
 */
export function kernelRoleOf(name: string, release: string): Role | null {
  const packed = packedRelease(release);
  const at = name.lastIndexOf(`-${packed}`);
  if (at < 1) return null;
  const prefix = name.slice(0, at);
  const suffix = name.slice(at + packed.length + 1);
  if (suffix === '') return HEADERS.test(prefix) ? 'headers' : IMAGE.test(prefix) ? 'image' : null;
  if (!IMAGE.test(prefix)) return null;
  if (/^-(?:dbg|dbgsym|debuginfo)$/.test(suffix)) return 'debuginfo';
  return /^-(?:un)?signed(?:-dbgsym)?$/.test(suffix) ? (suffix.endsWith('-dbgsym') ? 'debuginfo' : 'image') : null;
}

const HEADERS = /(?:^|-)headers$/;
const IMAGE = /(?:^|-)(?:image|kernel)(?:-(?:un)?signed)?$/;

/** A package name has small letters and no "_": make-kpkg and bindeb-pkg write a release so. */
function packedRelease(release: string): string {
  return release.toLowerCase().replaceAll('_', '-');
}

/**
 * Headers and debug package by name: those that the index has come first, the table's own before others; what only the
 * table names stands last, so that a miss can say what was looked for.
 */
export function namesByIndex(target: DebTarget, names: readonly string[]): readonly PackageName[] {
  const table = namePackages(target);
  const { packageArch: arch, packageVersion } = target;
  const version = packageVersion?.replace(/^\d+:/, '') ?? null;
  const found = names.flatMap((name) => {
    const role = kernelRoleOf(name, target.release);
    if (role !== 'headers' && role !== 'debuginfo') return [];
    if (table.some((each) => each.name === name)) return [];
    return { role, name, arch, version, match: version === null ? 'index' : 'exact' } satisfies PackageName;
  });
  return [
    ...table.filter(({ name }) => names.includes(name)),
    ...found.toSorted((a, b) => a.name.length - b.name.length),
    ...table.filter(({ name }) => !names.includes(name)),
  ].map((each) => ({ ...each, alternative: each.role === 'headers' ? 2 : 1 }));
}

/**
 * What the readers must be asked for so that `planDeb` can plan: the roots with all that they depend on, every kernel
 * that may explain a miss, and the installed packages, whose own dependencies an upgrade must not break.
 */
export function wantedNames(target: DebTarget, request: PlanRequest): WantedNames {
  const named = namePackages(target);
  const roots = [
    ...named.map(({ name }) => name),
    ...imageNames(target),
    ...TOOLCHAIN,
    ...(request.roles.systemtap === 'distro' ? [SYSTEMTAP] : []),
  ];
  const installed = new Set(request.installed?.map(({ name }) => name));
  return {
    roots,
    isRoot: (name) => kernelRoleOf(name, target.release) !== null,
    wantsName: (name) => /^linux-(?:headers|image)-/.test(name) || installed.has(name),
    debugPackages: request.roles.debuginfo ? named.filter(({ role }) => role === 'debuginfo') : [],
  };
}

/** 6.1.0-47, 6.12.107+deb13, 5.10.0-0.deb10.22; not the 6.12 of a metapackage, nor the 6.1.0-47-cloud of a flavour. */
const ABI = /^\d+\.\d+(?:\.\d[0-9A-Za-z.+~]*(?:-\d[0-9A-Za-z.+~]*)?|-\d[0-9A-Za-z.+~]*)$/;

/** The release in a name like `linux-headers-RELEASE-FLAVOUR`; null for another flavour, whose ABI would hold letters. */
export function releaseOf(name: string, prefix: string, suffix: string, flavour: string): string | null {
  const end = `${flavour === '' ? '' : `-${flavour}`}${suffix}`;
  if (!name.startsWith(prefix) || !name.endsWith(end) || name.length <= prefix.length + end.length) return null;
  const release = name.slice(prefix.length, name.length - end.length);
  return ABI.test(release) ? release : null;
}
