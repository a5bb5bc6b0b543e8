/** The line that a kernel writes of itself, `Linux version …`: whose kernel it is, and of what machine. Pure. */
import { escapeControl, TapprepError } from '../errors.ts';
import { IDENTIFY } from '../make-remedy.ts';
import { findArchitecture, runsProgramsOf } from './architectures.ts';
import { BUILDERS, DEBIAN_BY_GCC, SAME_BUILDER, type Builder } from './builders.ts';
import { parseKernelRelease, readDebianEnd } from './kernel-release.ts';
import { findDistribution } from './distributions.ts';

/** A banner, taken apart. */
export interface Banner {
  /** From "Linux version" on, without what a log put before it. */
  readonly text: string;
  /** uname -r */
  readonly release: string;
  /** "Debian 2.6.32-48squeeze6", as Debian wrote before the builder until uname -v held it; else null. */
  readonly packaged: string | null;
  /** user@host of the compile. */
  readonly builder: string;
  readonly compiler: string;
  /** uname -v */
  readonly unameV: string;
}

/** What a banner says of a target that is not here. */
export interface BannerTarget {
  /** ID or ID:VERSION, as --distro takes it. */
  readonly distro: string;
  readonly release: string;
  /** uname -m; null where neither release nor compiler tells it. */
  readonly arch: string | null;
  readonly unameV: string;
  /** Sentences: what told the distribution. */
  readonly evidence: readonly string[];
}

/** What else the user says of the target. */
export interface BannerClaims {
  readonly kernel: string | null;
  /** ID or ID:VERSION. */
  readonly distro: string | null;
  readonly arch: string | null;
  readonly unameV: string | null;
}

const FORM =
  /Linux version (\S{1,64}) (?:\((Debian [^\s()]{1,80})\) )?\(([^\s()]{1,200})\) \((.{3,400}?)\) (#\d[^\n\u0000]{0,200})/;

/** The first banner in a text; null where there is none. A format string of the kernel's own ("%s") is none. */
export function findBanner(text: string): Banner | null {
  const [line, release = '', packaged = null, builder = '', compiler = '', rest = ''] = FORM.exec(text) ?? [];
  if (line === undefined || release.includes('%')) return null;
  // Ubuntu repeats its version in brackets behind uname -v, which never has any but for Debian's date.
  const unameV = rest.replace(/ \(Ubuntu [^()]*\)\s*$/, '').trim();
  return { text: line, release, packaged, builder, compiler, unameV };
}

/**
 * The target that a banner tells, completed by what else was said of it.
 * @throws TapprepError USAGE where two things that were said exclude each other, or nothing tells the distribution
 */
export function targetOfBanner(banner: Banner, claims: BannerClaims): BannerTarget {
  requireSame('--kernel', claims.kernel, banner.release, banner);
  requireSame('--uname-v', claims.unameV, banner.unameV, banner);
  const told = tellBuilders(banner);
  const [first] = told;
  for (const other of told) {
    if (first !== undefined && !sameBuilder(first.row.distro, other.row.distro)) {
      throw contradiction(banner, `${first.by} is of ${first.row.distro}, and ${other.by} of ${other.row.distro}`);
    }
  }
  const [claimed = null, claimedVersion = null] = claims.distro?.split(':', 2) ?? [];
  const distro = claimed ?? first?.row.distro ?? distroByForm(banner);
  if (claimed !== null && first !== undefined && !sameBuilder(first.row.distro, claimed.toLowerCase())) {
    throw contradiction(banner, `${first.by} is of ${first.row.distro}, and --distro says ${claimed}`);
  }
  const fits = readForm(banner, distro);
  const version = claimedVersion ?? versionOf(banner, distro);
  const arch = archOf(banner);
  if (arch !== null && claims.arch !== null && !mayBe(claims.arch, arch)) {
    throw contradiction(banner, `it was compiled for ${arch}, and --arch says ${claims.arch}`);
  }
  return {
    distro: version === null ? distro : `${distro}:${version}`,
    release: banner.release,
    arch: claims.arch ?? arch,
    unameV: banner.unameV,
    evidence: [...told.map(({ by, row }) => `${by} is of ${row.distro}`), ...fits],
  };
}

/** Whether `uname -m` may name a machine where a kernel of `arch` runs. */
function mayBe(machine: string, arch: string): boolean {
  const [claimed, told] = [findArchitecture(machine), findArchitecture(arch)];
  return claimed !== null && told !== null && runsProgramsOf(told, claimed);
}

interface Told {
  readonly row: Builder;
  /** What told it: begins a clause. */
  readonly by: string;
}

function findBuilder(part: 'host' | 'version' | 'compiler', text: string, by: string): readonly Told[] {
  const row = BUILDERS.find((each) => each[part]?.test(text) === true);
  return row === undefined ? [] : [{ row, by: `${by} ${text.trim().slice(0, 80)}` }];
}

/** The strongest first: where it was compiled, what it says in its version, which compiler. */
function tellBuilders(banner: Banner): readonly Told[] {
  const hosts = findBuilder('host', banner.builder, 'the compile host');
  const version = banner.packaged === null ? banner.unameV : ` ${banner.packaged}`;
  const versions = findBuilder('version', version, 'the version');
  return [...hosts, ...versions, ...findBuilder('compiler', banner.compiler, 'the compiler')];
}

function sameBuilder(a: string, b: string): boolean {
  return a === b || [a, b].some((id) => SAME_BUILDER[id]?.includes(id === a ? b : a) === true) || builtOn(a, b);
}

/** Kali and Raspberry Pi OS compile with Debian's compiler, Mint runs Ubuntu's kernel. */
function builtOn(a: string, b: string): boolean {
  return [
    [a, b],
    [b, a],
  ].some(([child = '', parent = '']) => {
    const row = findDistribution(child);
    return row !== null && row.system === 'deb' && row.kernelsOf.includes(parent);
  });
}

/** Where nobody's name is in it, the form of the release may tell one distribution. @throws TapprepError USAGE */
function distroByForm({ release, unameV }: Banner): string {
  const [id] = parseKernelRelease(release, { distro: null, version: null, idLike: [], unameV }).on;
  return id ?? '';
}

/** A release that is another distribution's by its form, whoever is said to have compiled it. */
function readForm(banner: Banner, distro: string): readonly string[] {
  const hints = { distro, version: null, idLike: [], unameV: banner.unameV };
  try {
    parseKernelRelease(banner.release, hints);
    return [`the release has the form of ${distro}`];
  } catch (error) {
    if (error instanceof TapprepError && error.code === 'WRONG_DISTRIBUTION') {
      throw contradiction(banner, error.message, error);
    }
    return [];
  }
}

function versionOf({ release, packaged, compiler, unameV }: Banner, distro: string): string | null {
  const [, major, minor] = /\.el(\d{1,2})(?:_(\d{1,2}))?/.exec(release) ?? [];
  if (major !== undefined) return minor === undefined ? major : `${major}.${minor}`;
  const fedora = /\.fc(\d{2,3})/.exec(release)?.[1];
  if (fedora !== undefined) return fedora;
  const amazon = /\.amzn(\d{1,4})/.exec(release)?.[1];
  if (amazon !== undefined) return amazon === '1' ? '2018.03' : amazon;
  if (distro === 'ubuntu') return /~(\d\d\.\d\d)/.exec(`${unameV} ${compiler}`)?.[1] ?? null;
  const photon = /\.ph(\d)/.exec(release)?.[1];
  if (photon !== undefined) return `${photon}.0`;
  if (distro !== 'debian') return null;
  const marked = `${release} ${packaged ?? ''} ${unameV}`;
  const named = /\+deb(\d{1,2})|\.deb(\d{1,2})\./.exec(marked);
  const told = backportOf(marked) ?? named?.slice(1).find((each) => each !== undefined);
  const [, gcc = ''] = /\(Debian (\d{1,2}(?:\.\d{1,2}){1,2})/.exec(compiler) ?? [];
  const parts = gcc.split('.');
  const byGcc = [3, 2, 1].map((count) => DEBIAN_BY_GCC[parts.slice(0, count).join('.')]);
  return told ?? byGcc.find((each) => each !== undefined) ?? null;
}

/**
 * The Debian release that a version was rebuilt for: of 4.19.232-1~deb9u1 and 4.9.189-3+deb9u2~deb8u1 the last, whatever
 * stands before it. Backports wrote ~bpo70 for 7, and ~bpo8 since.
 */
function backportOf(text: string): string | null {
  const last = [...text.matchAll(/~(?:bpo([4-7])0|(?:bpo|deb)(\d{1,2}))(?!\d)/g)].at(-1);
  return last?.[1] ?? last?.[2] ?? null;
}

function archOf({ release, compiler }: Banner): string | null {
  const words = [
    /\.(x86_64|i[3-6]86|aarch64|ppc64le|s390x)(?:_v2)?(?:[.+]|$)/.exec(release)?.[1],
    ...readDebianEnd(release),
    /\b(x86_64|i686|aarch64|powerpc64le|s390x|riscv64)-[a-z-]*gcc/
      .exec(compiler)?.[1]
      ?.replace('powerpc64le', 'ppc64le'),
  ];
  const machines = words.map((word) => (word === undefined ? undefined : findArchitecture(word)?.machine));
  return machines.find((machine) => machine !== undefined) ?? null;
}

function requireSame(option: string, claimed: string | null, told: string, banner: Banner): void {
  if (claimed !== null && claimed !== told)
    throw contradiction(banner, `it says ${told}, and ${option} says ${claimed}`);
}

function contradiction({ release }: Banner, why: string, cause?: unknown): TapprepError {
  return new TapprepError(
    'USAGE',
    escapeControl(`the banner of kernel ${release} contradicts what else is known: ${why}`),
    { remedy: IDENTIFY, facts: { release }, cause },
  );
}
