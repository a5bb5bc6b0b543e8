/** What it means that a package was not found: by who packages the kernel in question and what the right name is. Pure. */
import { type KernelPackages, pacmanHeaders } from '../kernel-packages.ts';
import { lettersApart } from '../../nearest-name.ts';
import type { LoggedPackage } from '../log-packages.ts';
import type { AskedPackage } from './asked-packages.ts';

/**
 * right-name: asked for as its distribution names it, and not there. wrong-name: the kernel's packages are named otherwise.
 * meta-package: a name that leads to the newest of this kernel's flavour, which every archive of such kernels has.
 * custom-kernel: nobody is known to package that kernel, and the repositories do not. not-needed: what it was asked for is
 * there under another name. unknown: nothing tells which kernel is meant.
 */
export type WhyNotFound = 'right-name' | 'wrong-name' | 'meta-package' | 'custom-kernel' | 'not-needed' | 'unknown';

export interface AskedFor {
  readonly release: string | null;
  readonly packages: KernelPackages;
  /** What the log shows of packages that are installed. */
  readonly logged: readonly LoggedPackage[];
}

/** @param asked a package that no repository has */
export function judgeAsked(asked: AskedPackage, { release, packages, logged }: AskedFor): WhyNotFound {
  if (asked.role === 'program-headers') {
    return logged.some(({ kind, installed }) => kind === 'devel' && installed) ? 'not-needed' : 'wrong-name';
  }
  if (isUnexpanded(asked.name)) return 'wrong-name';
  // What zypper's kernel-devel is followed by is a version, never a flavour.
  if (/^kernel-devel-\d\S{1,80}-[a-z][a-z0-9]*$/.test(asked.name)) return 'wrong-name';
  if (release === null) return 'unknown';
  if (packages.standing === 'custom') return 'custom-kernel';
  if (packages.devel.some((name) => name.endsWith(`-${release}`)) && isMetaPackage(asked.name, release))
    return 'meta-package';
  if (asked.role === 'debuginfo' && hasOtherSuffix(asked.name, packages.debuginfo)) return 'wrong-name';
  const stems = asked.role === 'debuginfo' ? packages.debuginfoStems : packages.develStems;
  // perf and its like are only published with a kernel.
  if (asked.role === 'other' && packages.standing === 'unknown' && packages.ask === null) return 'custom-kernel';
  if (asked.role !== 'build-tree' && asked.role !== 'debuginfo') return 'right-name';
  const byPacman = /^linux[\w-]*-headers$/.test(asked.name) ? pacmanHeaders(release, true) : null;
  if (byPacman !== null) return asked.name === byPacman ? 'right-name' : 'wrong-name';
  if (packages.ask !== null && asked.role === 'build-tree' && /^linux-headers-\d/.test(asked.name)) return 'wrong-name';
  if (packages.ask !== null) return 'right-name';
  if (stems.length === 0 && isOfSeries(asked.name, release)) return 'right-name';
  if (stems.length === 0) return packages.standing === 'unknown' ? 'custom-kernel' : 'right-name';
  if (asked.role === 'build-tree' && hasFlavouredStem(asked.stem, stems)) return 'wrong-name';
  if (asked.role === 'build-tree' && packages.develSeconds.includes(asked.stem)) return 'wrong-name';
  if (asked.role === 'build-tree' && packages.devel.some((own) => isMisspelt(asked.name, own))) return 'wrong-name';
  return stems.includes(asked.stem) || isVariantOf(asked.stem, stems) ? 'right-name' : 'wrong-name';
}

/** linux-headers-uname, linux-headers-: $(uname -r) without the marks that make a command of it, or where it printed nothing. */
export function isUnexpanded(name: string): boolean {
  return /^(?:linux|pve|proxmox)-(?:headers|image|modules|tools)-(?:uname(?:-r)?)?$|^kernel-(?:devel|headers|debuginfo)-(?:uname)?$/.test(
    name,
  );
}

/** What Ubuntu puts behind a flavour: -hwe-22.04-edge, -24.04, -lts-xenial. */
const LINE_OF_KERNELS = /(?:-(?:hwe-)?\d\d\.\d\d|-lts-[a-z]{1,20})?(?:-edge)?$/;

/** linux-headers-amd64, linux-image-amd64-dbg of 6.1.0-18-amd64; linux-headers-generic-hwe-22.04 of 5.15.0-91-generic. */
function isMetaPackage(name: string, release: string): boolean {
  const [, headers, image] = /^linux-(?:headers-([\w.-]{1,60})|image-([\w.-]{1,60})-dbg)$/.exec(name) ?? [];
  const flavour = (headers ?? image)?.replace(LINE_OF_KERNELS, '') ?? '';
  return flavour !== '' && release.endsWith(`-${flavour}`);
}

/** All numbers of a name are right, and one or two letters are not: linux-headers-5.4.0-198-genric. */
function isMisspelt(name: string, own: string): boolean {
  const asked = name.replace(/[=:*].*$/, '');
  return asked !== own && numbersOf(asked) === numbersOf(own) && lettersApart(asked, own) <= MISSPELT_LETTERS;
}

function numbersOf(name: string): string {
  return name.replaceAll(/\D+/g, ' ').trim();
}

const MISSPELT_LETTERS = 2;

/** linux612-headers, linux5.3-headers: Manjaro and Void name them by the kernel's first two numbers. */
function isOfSeries(name: string, release: string): boolean {
  const [, named] = /^linux(\d[\d.]{0,6})-headers/.exec(name) ?? [];
  const [, major = '', minor = ''] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return named === `${major}${minor}` || named === `${major}.${minor}`;
}

/** kernel-devel where the kernel's own is kernel-default-devel: the companion, which has no file of that build. */
function hasFlavouredStem(stem: string, stems: readonly string[]): boolean {
  if (!stems.includes(stem)) return false;
  return stems.some((one) => one.split('-').toSpliced(1, 1).join('-') === stem);
}

/** -dbg and -dbgsym: which of them ends the name is the distribution's habit. */
function hasOtherSuffix(name: string, right: readonly string[]): boolean {
  const suffix = /-dbg(?:sym)?$/.exec(name)?.[0];
  return suffix !== undefined && right.some((one) => /-dbg(?:sym)?$/.test(one) && !one.endsWith(suffix));
}

/** kernel-debug-devel is asked for as well as kernel-devel: which of them is right is not a matter of the name. */
function isVariantOf(stem: string, stems: readonly string[]): boolean {
  const bare = stem.replace(/-(?:debug|common|x86_64|aarch64|ppc64le|s390x)(?=-|$)/g, '');
  return stems.some((one) => one.replace(/-(?:debug|common|x86_64|aarch64|ppc64le|s390x)(?=-|$)/g, '') === bare);
}
