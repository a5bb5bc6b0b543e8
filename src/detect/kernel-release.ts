/** Reads `uname -r` by the table of families: exactly one row, or a refusal that says why. */
import { TapprepError, escapeControl } from '../errors.ts';
import { again, IDENTIFY, tapprep } from '../make-remedy.ts';
import type { DebKernelFamily, Remedy, RpmKernelFamily } from '../types.ts';
import { readAnyRelease } from './any-release.ts';
import { findDistribution, packageFamilyOf } from './distributions.ts';
import {
  DEBIAN_LEAVES,
  DEB_FAMILIES,
  debNaming,
  OLD_UBUNTU,
  OTHER_DEBIAN_LEAVES,
  PARTS,
  RPM_FAMILIES,
  rpmNaming,
  TAGGED_BUILDERS,
  UBUNTU_FLAVOURS,
  VARIANT_LIMITS,
} from './kernel-families.ts';
import type { DebFamily, End, RpmFamily, TaggedBuilder } from './kernel-families.ts';
import { findNearestRelease } from './nearest-release.ts';
import { ARCHES, MAINLINE_ABI } from './release-words.ts';
import { findUnpackaged } from './unpackaged-kernels.ts';
import type { UnpackagedKernel } from './unpackaged-kernels.ts';

/** What is known of the machine besides the release. */
export interface ReleaseHints {
  /** os-release ID; null when nobody knows. */
  readonly distro: string | null;
  /** os-release VERSION_ID, for messages. */
  readonly version: string | null;
  /** os-release ID_LIKE: asked only for a distribution that the table does not know. */
  readonly idLike: readonly string[];
  readonly unameV: string | null;
}

/** A release of an rpm distribution, taken apart. */
export interface RpmRelease {
  readonly family: 'rpm';
  readonly kernelFamily: RpmKernelFamily;
  /** os-release IDs that publish such a kernel. */
  readonly on: readonly string[];
  readonly versionRelease: string;
  readonly stem: string;
  readonly variant: string | null;
  /** Architecture in the release; null where it has none. */
  readonly arch: string | null;
  /** What `uname -r` has behind the architecture, where that was left out of the release; null where nothing is missing. */
  readonly tail: string | null;
}

/** A release of a dpkg distribution, taken apart. */
export interface DebRelease {
  readonly family: 'deb';
  readonly kernelFamily: DebKernelFamily;
  readonly on: readonly string[];
  /** What the version of an Ubuntu package starts with: "5.15.0-67". */
  readonly abi: string;
  readonly flavour: string;
  /** Package architecture that the flavour means; null where it means none. */
  readonly arch: string | null;
}

export type KernelRelease = RpmRelease | DebRelease;

const MAINLINE = new RegExp(`-(?:${MAINLINE_ABI})$`);
/** 6.9.3-76060903: the ABI of System76, who build for Pop!_OS. */
const SYSTEM76 = /-76\d{6}$/;
/** xanmod1, x64v3-xanmod1, rt-x64v2-xanmod1. */
const XANMOD = /(?:^|-)xanmod\d+(?:-|$)/;
/** #74~20.04.1-Ubuntu, which is the last word where uname -v was cut within it. */
const UBUNTU_UPLOAD = /^#(\d[\w.~+]*)-(?:Ubuntu(?: |$)|U(?:b(?:u(?:nt?)?)?)?$)/;
/** Bytes that uname -v holds. What was longer is cut there. */
const UTS_LENGTH = 64;

/** Utsname fields hold 64 bytes (__NEW_UTS_LEN), so no pattern ever sees a long text. */
const PLAUSIBLE = /^\d[\w.+~-]{0,63}$/;

/** Whether a text can be a release at all: no word of a table or an index has any other form. */
export function isPlausible(release: string): boolean {
  return PLAUSIBLE.test(release);
}

const RPM_ROWS = Object.entries(RPM_FAMILIES).map(([id, row]) => ({
  id: id as keyof typeof RPM_FAMILIES,
  row,
  pattern: compileRow(row),
}));
const DEB_ROWS = Object.entries(DEB_FAMILIES).map(([id, row]) => ({ id: id as keyof typeof DEB_FAMILIES, row }));
const KNOWN_IDS: ReadonlySet<string> = new Set([...RPM_ROWS, ...DEB_ROWS].flatMap(({ row }) => row.on));

/**
 * Takes a kernel release apart. Of a distribution that builds kernels from another's, a form of no row is its own build's:
 * that is family rpm or deb, and its packages are for an index to name.
 * @throws TapprepError UNKNOWN_RELEASE, WRONG_DISTRIBUTION, CUSTOM_KERNEL_NO_PACKAGE, or USAGE when the form does not
 *   tell the distribution and nobody named it.
 */
export function parseKernelRelease(release: string, hints: ReleaseHints): KernelRelease {
  if (!PLAUSIBLE.test(release)) throw unknownRelease(release, hints);
  const [home] = findKernels(release, hints.unameV, ({ on }) => isHome(on, hints));
  if (home !== undefined) return home;
  const unpackaged = findUnpackaged(release, hints.distro);
  if (unpackaged !== null) throw unpackagedRelease(release, unpackaged, hints);
  const isDpkg = packageFamilyOf(hints.distro, hints.idLike) === 'deb';
  const foreign = findKernels(
    release,
    hints.unameV,
    ({ onlyOn, notOnDpkg }) => onlyOn !== true && !(isDpkg && notOnDpkg?.test(release) === true),
  );
  const [first] = foreign;
  const builder = first === undefined ? findTagged(release, isDpkg, hints) : builderOf(first);
  const system = findDistribution(hints.distro)?.system ?? null;
  const isSaid = first?.kernelFamily === 'ubuntu' && saysUbuntu(hints.unameV);
  if (system !== null && !isSaid && (builder === null || builder.system === system)) {
    return readAnyRelease(release, hints.distro, system);
  }
  if (builder !== null && hints.distro !== null) throw wrongDistribution(release, builder, hints);
  if (first === undefined) throw unknownRelease(release, hints);
  if (foreign.length === 1 && first.on.length === 1) return first;
  throw new TapprepError(
    'USAGE',
    `kernel release ${release} does not tell the distribution: it may be of ${foreign.flatMap(({ on }) => on).join(', ')}`,
    { remedy: namesOf(first.on, release), facts: { release } },
  );
}

/**
 * The package version of a dpkg distribution's kernel as `uname -v` tells it; null where it does not. Debian writes
 * "Debian VERSION" behind a varying number of words, who builds in its way a word of his own (Kali, PMX) and the date
 * behind it (2024-02-08, once Wed, 18 Aug 2021), Ubuntu "#UPLOAD-Ubuntu", which follows the ABI, its mainline archive "#TIME",
 * System76 "#TIME~TIME~SERIES~COMMIT", XanMod "#0~DATE.COMMIT", which follows the whole release.
 */
export function parseDebVersion(kernel: DebRelease, unameV: string | null): string | null {
  if (unameV === null || unameV.length > 256) return null;
  const { kernelFamily, abi, flavour } = kernel;
  const [, upload] = UBUNTU_UPLOAD.exec(unameV) ?? [];
  if (kernelFamily === 'ubuntu') return upload === undefined ? null : `${abi}.${upload}`;
  if (kernelFamily === 'deb' && upload !== undefined) return `${abi}.${upload}`;
  const [, built] = /^#(\d{12}) /.exec(unameV) ?? [];
  if (built !== undefined && MAINLINE.test(abi)) return `${abi}.${built}`;
  const [, system76] = /^#(\d{12}~[\w.~]+) /.exec(unameV) ?? [];
  if (system76 !== undefined && SYSTEM76.test(abi)) return `${abi}.${system76}`;
  const [, xanmod] = /^#(0~[\w.]+) /.exec(unameV) ?? [];
  if (xanmod !== undefined && XANMOD.test(flavour)) return `${abi}-${flavour}-${xanmod}`;
  const version = findDebianVersion(unameV);
  return version === null || !isVersionOf(version, kernel) ? null : version;
}

function findDebianVersion(unameV: string): string | null {
  const match =
    / Debian (\d[\w.~+:-]*)(?: |$)/.exec(unameV) ??
    / [A-Za-z][\w.-]{1,30} (\d[\w.~+:-]*) \((?:\d{4}-\d\d-\d\d|[A-Z][a-z]{2}, )/.exec(unameV);
  if (match === null) return null;
  const isCut = unameV.length === UTS_LENGTH && match.index + match[0].length === UTS_LENGTH && !match[0].endsWith(' ');
  return isCut ? null : (match[1] ?? null);
}

/** Whether a version is a whole one, with a revision, and not of another kernel. */
function isVersionOf(version: string, kernel: DebRelease): boolean {
  const [, upstream = ''] = /^(?:\d+:)?(\d.*)-\d[^-]*$/.exec(version) ?? [];
  const full = fullVersionOf(kernel);
  return full === null ? seriesOf(upstream) === seriesOf(kernel.abi) : trimUpstream(upstream) === trimUpstream(full);
}

/**
 * The upstream version of a release that holds it whole: 6.12.48+deb13, 6.9.7. Where an ABI number follows, or may stand in
 * what is not known of the flavour, it is V.0 of whatever was built; and 6.9-amd64 was built from 6.9.2 too.
 */
function fullVersionOf({ kernelFamily, abi }: DebRelease): string | null {
  const [, version, plus] = /^(\d+\.\d+\.[\d.]+)(\+.*)?$/.exec(abi) ?? [];
  return version === undefined || (kernelFamily === 'deb' && plus === undefined) ? null : version;
}

/** The kernel calls itself 6.11.0 where its sources are 6.11, and 7.3 where they are of 7.3~rc7. */
function trimUpstream(version: string): string {
  return version.replace(/~rc\d+$/, '').replace(/^(\d+\.\d+)\.0$/, '$1');
}

/** "6.1" of what begins with 6.1.55. */
function seriesOf(version: string): string {
  return /^\d+(?:\.\d+)?/.exec(version)?.[0] ?? '';
}

function saysUbuntu(unameV: string | null): boolean {
  return unameV !== null && (unameV.includes('-Ubuntu') || UBUNTU_UPLOAD.test(unameV));
}

function compileRow(row: RpmFamily): RegExp {
  const { version = String.raw`\d+(?:\.\d+)+` } = row;
  const parts = row.parts.map((part) => PARTS[part]).join('|');
  const body = parts === '' ? row.tag : String.raw`(?:(?:${parts})\.)*(?:${row.tag})`;
  return new RegExp(String.raw`^(?<vr>${version}-${body})(?<tail>${compileEnd(row.end, row.variants.join('|'))})$`);
}

function compileEnd(end: End, variants: string): string {
  switch (end) {
    case '.arch+variant':
      return (
        String.raw`(?:\.(?<arch>${ARCHES}))?` + (variants === '' ? '' : String.raw`(?:[.+](?<variant>${variants}))?`)
      );
    case 'variant':
      return `(?<variant>${variants})?`;
    case '-flavour':
      return `-(?<variant>${variants})`;
    case '[-flavour]':
      return `(?:-(?<variant>${variants}))?`;
    case '':
      return '';
  }
}

type WantsRow = (row: RpmFamily | DebFamily) => boolean;

/** What the release is by each of the rows that are wanted. */
function findKernels(release: string, unameV: string | null, wants: WantsRow): readonly KernelRelease[] {
  return [...matchRpm(release, wants), ...matchDeb(release, unameV, wants)];
}

function matchRpm(release: string, wants: WantsRow): readonly RpmRelease[] {
  return RPM_ROWS.flatMap(({ id, row, pattern }) => {
    if (!wants(row)) return [];
    const groups = pattern.exec(release)?.groups;
    const written = groups?.['vr'] ?? '';
    if (groups === undefined || (row.only !== undefined && !row.only.test(written))) return [];
    const arch = groups['arch'] ?? null;
    const variant = groups['variant'] ?? null;
    // Flavours in another place are each distribution's own.
    if (row.end === '.arch+variant' && variant !== null && !isBuilt(variant, arch, written)) return [];
    return [
      {
        family: 'rpm' as const,
        kernelFamily: id,
        on: row.on,
        versionRelease: (row.packaged ?? []).reduce((vr, [from, to]) => vr.replace(from, to), written),
        stem: stemOf(row, written, release),
        variant,
        arch,
        tail: row.end === '.arch+variant' && arch === null ? (groups['tail'] ?? '') : null,
      },
    ];
  });
}

/** Whether a variant is built for an architecture, which the release may leave out, and of a release at all. */
function isBuilt(variant: string, arch: string | null, versionRelease: string): boolean {
  return VARIANT_LIMITS.filter((limit) => limit.variant.test(variant)).every(
    ({ arches, releases }) =>
      (arch === null || arches === undefined || arches.includes(arch)) && releases?.test(versionRelease) !== false,
  );
}

function stemOf(row: RpmFamily, versionRelease: string, release: string): string {
  for (const [form, stem] of row.stems ?? []) {
    const match = form.exec(release);
    if (match !== null) return stem.replace('$1', match[1] ?? '');
  }
  const series = versionRelease.split('.', 2).join('.');
  const isRealTime = row.parts.includes('rt') && /[.-]rt\d/.test(versionRelease);
  return row.stem.replace('{series}', series) + (isRealTime ? '-rt' : '');
}

function matchDeb(release: string, unameV: string | null, wants: WantsRow): readonly DebRelease[] {
  return DEB_ROWS.flatMap(({ id, row }) => {
    if (!wants(row)) return [];
    const { abi, flavour, leaf } = row.release.exec(release)?.groups ?? {};
    if (abi === undefined || flavour === undefined) return [];
    if (id === 'ubuntu' && !isOfUbuntu(release, flavour, unameV)) return [];
    return [
      {
        family: 'deb' as const,
        kernelFamily: id,
        on: row.on,
        abi,
        flavour,
        arch: leaf === undefined ? null : readLeaf(leaf, release),
      },
    ];
  });
}

/** Package architecture of a Debian flavour's last word; null for none or several. */
function readLeaf(leaf: string, release: string): string | null {
  const other = OTHER_DEBIAN_LEAVES.find(([releases, leaves]) => releases.test(release) && Object.hasOwn(leaves, leaf));
  return (other?.[1] ?? DEBIAN_LEAVES)[leaf] ?? null;
}

/** A kernel of larger pages says so behind the architecture. */
const DEBIAN_END = new RegExp(String.raw`-(${Object.keys(DEBIAN_LEAVES).join('|')})(?:-\d+k)?$`);

/** What tells the machine of a release that ends as Debian's do, whoever builds in its way: the word, then the architecture of packages. */
export function readDebianEnd(release: string): readonly string[] {
  const [, leaf] = DEBIAN_END.exec(release) ?? [];
  return leaf === undefined ? [] : [leaf, readLeaf(leaf, release)].filter((word) => word !== null);
}

/** Since Linux 3, uname -v of Ubuntu's own builds says so; who builds from its sources writes something else there. */
function isOfUbuntu(release: string, flavour: string, unameV: string | null): boolean {
  if (saysUbuntu(unameV)) return true;
  if (!UBUNTU_FLAVOURS.includes(flavour) && !OLD_UBUNTU.test(release)) return false;
  return unameV === null || (release.startsWith('2.6.') && !unameV.includes(' Debian '));
}

function isHome(on: readonly string[], { distro, idLike }: ReleaseHints): boolean {
  if (distro === null) return false;
  const id = distro.toLowerCase();
  if (on.includes(id)) return true;
  const row = findDistribution(id);
  if (row !== null) return row.kernelsOf.some((parent) => on.includes(parent));
  return !KNOWN_IDS.has(id) && idLike.some((like) => on.includes(like.toLowerCase()));
}

function describeDistro({ distro, version }: ReleaseHints): string {
  return escapeControl([distro ?? 'an unknown distribution', version].filter((word) => word !== null).join(' '));
}

function unknownRelease(release: string, hints: ReleaseHints): TapprepError {
  const shown = escapeControl(JSON.stringify(release.length > 80 ? `${release.slice(0, 80)}...` : release));
  const said = `kernel release ${shown} has a form that tapprep does not know, and the target is ${describeDistro(hints)}`;
  const row = findDistribution(hints.distro);
  const why = row === null || row.system !== null ? '' : `: ${row.title} ${row.own}`;
  const { words, meant } = askMeant(release, hints);
  return notAsked(
    `${said}${why}${words}`,
    { release: shown, distro: hints.distro, ...(meant === null ? {} : again('--kernel', meant)) },
    IDENTIFY,
  );
}

/** What a release was likely meant to be, as the end of a sentence, and for who knows how it was given. */
export function askMeant(
  release: string,
  hints: ReleaseHints,
): { readonly words: string; readonly meant: string | null } {
  const isKnown = (other: string): boolean =>
    findKernels(other, hints.unameV, ({ on }) => isHome(on, hints)).length > 0;
  const meant = PLAUSIBLE.test(release) ? findNearestRelease(release, isKnown) : null;
  return { words: meant === null ? '' : ` (did you mean ${meant}?)`, meant };
}

/** Nobody has said yet that there are no packages: `said` is the sentence for who asks the sources. */
function notAsked(said: string, facts: Readonly<Record<string, unknown>>, remedy: Remedy): TapprepError {
  return new TapprepError('UNKNOWN_RELEASE', `${said}; no package source was asked for it`, {
    remedy,
    facts: { ...facts, said },
  });
}

/** Only with its builder's word is it said that there are no packages; else nobody has been asked yet. */
function unpackagedRelease(
  release: string,
  { builder, word, remedy, namedOtherwise }: UnpackagedKernel,
  hints: ReleaseHints,
): TapprepError {
  const facts = { release, distro: hints.distro, builder, word, namedOtherwise: namedOtherwise === true };
  if (word !== null) {
    const message = `kernel release ${release} is ${builder}, and its builder publishes no packages for it: ${word}`;
    return new TapprepError('CUSTOM_KERNEL_NO_PACKAGE', message, { remedy, facts });
  }
  const said = `kernel release ${release} has the form of ${builder}, of which tapprep knows no packages, and the target is ${describeDistro(hints)}`;
  return notAsked(said, facts, remedy);
}

/** The same kernel as one of its own distribution. */
function namesOf(on: readonly string[], release: string): Remedy {
  return tapprep('names', '--distro', `${on[0] ?? 'ID'}:VERSION`, '--kernel', release);
}

/** Whose kernel it is. */
type Builder = Omit<TaggedBuilder, 'form'>;

function builderOf({ family, kernelFamily, on }: KernelRelease): Builder {
  const { title } = family === 'rpm' ? rpmNaming(kernelFamily) : debNaming(kernelFamily);
  return { title, on, system: family };
}

/** Who built a release of no row's form elsewhere than here; null where it does not tell. */
function findTagged(release: string, isDpkg: boolean, hints: ReleaseHints): Builder | null {
  const builder = TAGGED_BUILDERS.find(({ form }) => form.test(release));
  if (builder === undefined || isHome(builder.on, hints)) return null;
  // What tells the package system alone says nothing on another system of rpm.
  return builder.on.length === 0 && !isDpkg ? null : builder;
}

function wrongDistribution(release: string, { title, on, system }: Builder, hints: ReleaseHints): TapprepError {
  return new TapprepError(
    'WRONG_DISTRIBUTION',
    `kernel release ${release} is of ${title} but the target is ${describeDistro(hints)}`,
    {
      remedy: namesOf(on, release),
      facts: { release, kernelOf: on, system, distro: hints.distro, version: hints.version },
    },
  );
}
