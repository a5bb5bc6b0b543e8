/** What the packages and directories shown in a log, or known of the host, say beside the kernel in question. Pure. */
import { compareRpmVersions } from '../version/rpm-vercmp.ts';
import { type LoggedPackage, type PackageKind, RPM_ARCH } from './log-packages.ts';
import { pacmanHeaders } from './kernel-packages.ts';
import type { LogLine } from './log-line.ts';
import type { Situation } from './situation.ts';

export interface OtherPackage {
  readonly name: string;
  readonly release: string;
  /** Lines of the log; empty where the host's facts tell. */
  readonly lines: readonly LogLine[];
}

/**
 * Behind the architecture a plus comes before the variant, whatever its name. Behind the tag of old Red Hats and Fedoras it follows without a
 * sign.
 */
const VARIANT_SUFFIX =
  /(?:[.+](debug|rt-debug|rt|64k-debug|64k|rt-64k|PAE|PAEdebug|xen|kdump)|(?<=\.(?:x86_64|aarch64|ppc64le|s390x|riscv64))\+([a-z0-9][a-z0-9-]{0,20})|(?<=\.el5|\.EL|fc[5-8]|_FC5)(debug|PAE|PAEdebug|xen|xen0|xenU|kdump|smp|hugemem|largesmp))$/;
/** Lists of old systems, and of a format of the user's own, leave it out. */
const ARCH = new RegExp(String.raw`\.${RPM_ARCH}$`);

/** A release without what names its variant: as the packages of all its variants carry it. */
export function baseRelease(release: string): string {
  return release.replace(VARIANT_SUFFIX, '');
}

/** debug, rt, 64k …; null for the plain kernel. */
export function variantOf(release: string): string | null {
  const suffix = VARIANT_SUFFIX.exec(release)
    ?.slice(1)
    .find((word) => word !== undefined);
  if (suffix !== undefined) return suffix;
  if (/\.rt\d/.test(release)) return 'rt';
  return release.includes('uek') ? 'uek' : null;
}

/** Development packages of other versions, where none of the right version is shown. */
export function otherDevel(situation: Situation): OtherPackage | null {
  return otherOf(situation, 'devel');
}

/** Debug information of other versions, where none of the right version is shown. */
export function otherDebuginfo(situation: Situation): OtherPackage | null {
  return otherOf(situation, 'debuginfo');
}

/** The same of a newer kernel of the line that runs. */
export function newerDebuginfo(situation: Situation): OtherPackage | null {
  const { release } = situation;
  const other = otherDebuginfo(situation);
  return other === null || release === null || !isNewer({ ...other, name: other.release }, release) ? null : other;
}

/** Debug information of exactly this kernel that is shown as installed. */
export function matchingDebuginfo(situation: Situation): OtherPackage | null {
  const { release } = situation;
  if (release === null) return null;
  const found = installed(situation, 'debuginfo').find(
    (one) => sameKernel(one.release, release) && !one.name.includes('-common') && !isWrongVariant(one, release),
  );
  return found ?? null;
}

/** A development package of the right version but another variant. */
export function wrongVariantDevel(situation: Situation): OtherPackage | null {
  return wrongVariantOf(situation, 'devel');
}

/** Debug information of the right version but another variant. */
export function wrongVariantDebuginfo(situation: Situation): OtherPackage | null {
  return wrongVariantOf(situation, 'debuginfo');
}

/** A directory that was listed, or that the build link leads to, for another release. */
export function otherTree(situation: Situation): { readonly release: string; readonly line: LogLine } | null {
  const { release, log } = situation;
  if (release === null) return null;
  const inSources = log.otherTrees.filter(({ hasModules }) => !hasModules);
  // Every kernel that is installed has a directory of modules, and only some have a tree.
  const trees = inSources.length > 0 ? inSources : log.otherTrees;
  if (trees.some((tree) => tree.release === release && !tree.line.text.includes('->'))) return null;
  const isOther = (one: string): boolean => baseRelease(one) !== baseRelease(release) && !isOtherFlavour(one, release);
  return trees.find((tree) => isOther(treeName(tree.release))) ?? null;
}

/** Red Hat's trees of before 6 have the architecture behind the release: 2.6.18-8.el5-PAE-i686. */
function treeName(release: string): string {
  return /\.(?:el5|EL|fc[5-8])|_FC5/.test(release)
    ? release.replace(/-(?:i[3-6]86|x86_64|ia64|ppc64|s390x)$/, '')
    : release;
}

/** A newer kernel that is installed beside the one that runs. */
export function newerKernel(situation: Situation): OtherPackage | null {
  const { release, host, log } = situation;
  if (release === null) return null;
  // What runs is another one: a reboot brings nothing of the kernel in question.
  if (host === null && log.unameRelease !== null && log.releaseVariable === release && log.unameRelease !== release)
    return null;
  const images = hostPackages(situation, 'image').map((one) => one.release);
  const headers = hostPackages(situation, 'devel').map((one) => one.release);
  // A development package alone makes a directory in /lib/modules too.
  const fromHost = (host?.kernel.installedReleases ?? [])
    .filter((one) => images.includes(one) || !headers.includes(one))
    .map((one) => ({ name: one, release: one, lines: [] }));
  // What a recipe puts into an image is no kernel that the machine could boot.
  const seen =
    situation.log.imageStep === null
      ? [...installed(situation, 'image'), ...modulesOf(situation), ...imagesOf(situation)]
      : hostPackages(situation, 'image');
  const kernels = [...fromHost, ...seen];
  return kernels.find((one) => isNewer(one, release)) ?? null;
}

/**
 * Directories of modules that were listed: where no package but the kernel itself makes any and removes the old one, or where
 * the development package is that one's.
 */
function modulesOf(situation: Situation): readonly OtherPackage[] {
  const { release, log } = situation;
  const isAlone =
    pacmanHeaders(release, log.pacman) !== null && !log.otherTrees.some((tree) => tree.release === release);
  const devel = otherDevel(situation)?.release ?? null;
  return log.otherTrees
    .filter((tree) => tree.hasModules && (isAlone || tree.release === devel))
    .map((tree) => ({ name: tree.release, release: tree.release, lines: [tree.line] }));
}

/** Images that were listed, where the development package or the tree is that one's. */
function imagesOf(situation: Situation): readonly OtherPackage[] {
  const devel = otherDevel(situation)?.release ?? otherTree(situation)?.release ?? null;
  return situation.log.bootImages
    .filter(({ release }) => release === devel)
    .map(({ release, line }) => ({ name: release, release, lines: [line] }));
}

/** Whether a kernel is of the same line as the one that runs, and newer. */
function isNewer({ name, release }: OtherPackage, running: string): boolean {
  if (sameKernel(release, running)) return false;
  // What only begins like it is not another, but the whole of a release that was cut short.
  if (release.startsWith(running) && /^[.-]/.test(release.slice(running.length))) return false;
  const suse = suseOf(running);
  if (suse !== null && name === `kernel-${suse.flavour}`) return compareRpmVersions(release, suse.version) > 0;
  return lineOf(release) === lineOf(running) && compareRpmVersions(baseRelease(release), baseRelease(running)) > 0;
}

/** 5.14.21-150500.55.36-default: what the packages' version begins with, and the flavour in their names. */
function suseOf(release: string): { readonly version: string; readonly flavour: string } | null {
  const [, version, flavour] =
    /^(\d[\d.]*-(?:lp)?\d[\d.]*)-(default|azure|rt|preempt|64kb|pae|xen|desktop)$/.exec(release) ?? [];
  return version === undefined || flavour === undefined ? null : { version, flavour };
}

/** -generic, -cloud-amd64, uek, elrepo: kernels of different lines do not replace each other. */
function lineOf(release: string): string {
  const flavour = /(?:-[a-z][a-z0-9]*)+$/.exec(release)?.[0] ?? '';
  const builder = /elrepo|uek|centos\.plus|amzn|pve/.exec(release)?.[0] ?? '';
  return [flavour, builder, variantOf(release)?.replace(/-?debug$/, '') ?? ''].join(' ');
}

function otherOf(situation: Situation, kind: PackageKind): OtherPackage | null {
  const { release } = situation;
  if (release === null) return null;
  const all = installed(situation, kind);
  if (all.some((one) => sameKernel(one.release, release) && !isWrongVariant(one, release))) return null;
  return all.find((one) => !sameKernel(one.release, release) && !isOtherFlavour(one.release, release)) ?? null;
}

function wrongVariantOf(situation: Situation, kind: PackageKind): OtherPackage | null {
  const { release } = situation;
  if (release === null) return null;
  const trees = kind === 'devel' ? flavouredTrees(situation) : [];
  const all = [...installed(situation, kind), ...trees].filter((one) => !one.name.includes('-common'));
  // A dependency pulls in the newest debug variant: of which version it is says less than that nothing else is there.
  if (all.some((one) => !isWrongVariant(one, release))) return null;
  return (
    all.find((one) => sameKernel(one.release, release) || isOtherFlavour(one.release, release)) ??
    all.find((one) => !one.name.startsWith('linux-')) ??
    null
  );
}

/** The build, and the flavour that the packages' names end in: of Debian and its kin, and of Photon, whose plain kernel has no word for it. */
const FLAVOURED =
  /^(\d+(?:\.\d+)+(?:-\d[\d.]*(?:deb\d+[\d.]*)?|\+[a-z]\w*))-((?:[a-z]|686)[a-z0-9-]*)$|^(\d\S*\.ph\d+)(?:-([a-z][a-z0-9]*))?$/;

function buildOf(release: string): string | null {
  const [, build, , ofPhoton] = FLAVOURED.exec(release) ?? [];
  return build ?? ofPhoton ?? null;
}

function flavourOf(release: string): string | null {
  const [whole, , flavour, , ofPhoton] = FLAVOURED.exec(release) ?? [];
  return whole === undefined ? null : (flavour ?? ofPhoton ?? '');
}

/** Of the same build as the kernel, for another of its flavours: 6.8.0-60-generic beside 6.8.0-60-lowlatency. */
function isOtherFlavour(packaged: string, release: string): boolean {
  const build = buildOf(packaged);
  return build !== null && build === buildOf(release) && flavourOf(packaged) !== flavourOf(release);
}

/** Directories of headers that were listed, by the names of their packages. */
function flavouredTrees({ log }: Situation): readonly OtherPackage[] {
  return log.otherTrees
    .filter(({ release, hasModules }) => !hasModules && FLAVOURED.test(release))
    .map(({ release, line }) => ({ name: `linux-headers-${release}`, release, lines: [line] }));
}

function sameKernel(packaged: string, release: string): boolean {
  // Mageia's releases have the flavour in the middle, and its packages in their names.
  const running = baseRelease(release).replace(/^(\d[\d.]*)-(?:desktop|server|linus)(?=-\d)/, '$1');
  const suse = suseOf(release);
  return (
    packaged === release ||
    packaged === running ||
    // Arch Linux up to 5.1.
    packaged === running.replace(/-ARCH$/, '') ||
    // One of both may lack the architecture.
    packaged.replace(ARCH, '') === running ||
    packaged === running.replace(ARCH, '') ||
    packaged.startsWith(`${release}-`) ||
    (suse !== null && `${packaged}.`.startsWith(`${suse.version}.`))
  );
}

function isWrongVariant(one: Pick<OtherPackage, 'name' | 'release'>, release: string): boolean {
  if (one.name.startsWith('linux-')) {
    const [packaged, running] = [one.release, release].map(flavourOf);
    return packaged !== null && running !== null && packaged !== running;
  }
  // Red Hat 4 and Fedora 5 have one for all variants.
  if (one.name === 'kernel-debuginfo' && /(?:\.EL|fc5|_FC5)\w*$/.test(release)) return false;
  const named =
    /^kernel-((?:rt-|64k-)?(?:debug|rt|64k|PAE|xen0?|xenU|smp|hugemem|largesmp)(?:-debug)?)-/.exec(
      `${one.name}-`,
    )?.[1] ?? null;
  const variant = variantOf(release);
  const wanted = variant === 'uek' ? null : variant;
  const isOwn = wanted !== null && one.name.startsWith(`kernel-${wanted}-`);
  return (isOwn ? wanted : named) !== wanted;
}

/** What the log shows as installed, then what the host has. */
function installed(situation: Situation, kind: PackageKind): readonly OtherPackage[] {
  const logged = situation.log.packages
    .filter((one: LoggedPackage) => one.installed && one.kind === kind)
    .map((one) => ({ name: one.name, release: one.release, lines: [one.line] }));
  return [...logged, ...hostPackages(situation, kind)];
}

function hostPackages(situation: Situation, kind: PackageKind): readonly OtherPackage[] {
  return (
    (situation.host?.kernelPackages ?? [])
      // The half that Debian's flavours share is no kernel's build tree.
      .filter((one) => kindOf(one.name) === kind && !/^linux-headers-.*-common(?:-rt)?$/.test(one.name))
      .map((one) => ({
        name: one.name,
        release: one.name.startsWith('linux-')
          ? one.name.replace(/^linux-(?:image-unsigned|image|headers)-/, '').replace(/-(?:dbgsym|dbg)$/, '')
          : `${one.version.replace(/^\d+:/, '')}.${one.arch}`,
        lines: [],
      }))
  );
}

function kindOf(name: string): PackageKind {
  if (/debuginfo|-dbg(?:sym)?$/.test(name)) return 'debuginfo';
  if (/^kernel(?:-[\w]+)*-devel|^linux-headers-\d/.test(name)) return 'devel';
  return /^(?:kernel(?:-(?:core|uek|ml|lt|default|rt|debug|64k))*$|linux-image-(?:unsigned-)?\d)/.test(name)
    ? 'image'
    : 'other';
}
