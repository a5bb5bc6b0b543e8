/** Which release of a distribution a kernel was built for, read from the kernel's own name. Pure. */
import type { RpmTarget, Target } from '../types.ts';
import { forFamily, systemOf } from '../package-system/systems.ts';

/** What the dist tag of a kernel release says. */
export interface KernelTag {
  /** As in os-release: "7.4", "8.6", "40", "2023", "15.5"; a bare major where the name tells no more. */
  readonly version: string;
  /** openEuler's directory name, "22.03-LTS-SP4"; null elsewhere. */
  readonly lts: string | null;
}

type TagReader = (match: RegExpMatchArray, target: Target, minors: MinorTable) => KernelTag | null;
type MinorTable = Readonly<Record<string, Readonly<Record<string, string>>>>;

const plainVersion: TagReader = (match) => ({ version: match[1] ?? '', lts: null });

/** One row for each way to write a dist tag; the first that fits is used. Anchored and bounded: releases are foreign. */
const TAGS: readonly (readonly [RegExp, TagReader])[] = [
  [/\.el(\d{1,2})_(\d{1,2})(?=\.|\+|$)/, (match) => ({ version: `${match[1]}.${match[2]}`, lts: null })],
  [/\.el(\d{1,2})(?![\d_])/, readEnterpriseMajor],
  [/\.fc(\d{1,3})(?!\d)/, plainVersion],
  [/\.amzn1(?!\d)/, () => ({ version: '2018.03', lts: null })],
  [/\.amzn(\d{1,4})(?!\d)/, plainVersion],
  [/\.ph(\d{1,2})(?!\d)/, (match) => ({ version: `${match[1]}.0`, lts: null })],
  [/\.cm(\d)(?!\d)/, (match) => ({ version: `${match[1]}.0`, lts: null })],
  [/\.azl(\d)(?!\d)/, (match) => ({ version: `${match[1]}.0`, lts: null })],
  [/\.oe1(?!\d)/, () => ({ version: '20.03', lts: '20.03-LTS' })],
  [/\.oe(\d{2})(\d{2})(?:sp(\d))?(?!\d)/, readOpenEuler],
  [/-1([5-9])0([1-9])00\./, (match) => ({ version: `1${match[1]}.${match[2]}`, lts: null })],
  [/-lp(\d{2})(\d)\./, (match) => ({ version: `${match[1]}.${match[2]}`, lts: null })],
];

function readOpenEuler(match: RegExpMatchArray): KernelTag {
  const version = `${match[1]}.${match[2]}`;
  return { version, lts: `${version}-LTS${match[3] === undefined ? '' : `-SP${match[3]}`}` };
}

/** el6, el7 and the first kernels of an el8 minor name no minor: the build number does (3.10.0-693.2.2.el7 is 7.4). */
function readEnterpriseMajor(match: RegExpMatchArray, target: Target, minors: MinorTable): KernelTag {
  const major = match[1] ?? '';
  const build = /-(\d{1,5})[.]/.exec(target.release)?.[1] ?? '';
  return { version: minors[`el${major}`]?.[build] ?? major, lts: null };
}

/** What the kernel release of an rpm target says of the release it was built for; null when it says nothing. */
export function findKernelTag(target: Target, minors: MinorTable): KernelTag | null {
  return forFamily(target, { deb: () => null, rpm: (own) => readTag(own, minors) });
}

function readTag(target: RpmTarget, minors: MinorTable): KernelTag | null {
  for (const [pattern, read] of TAGS) {
    const match = pattern.exec(target.versionRelease) ?? pattern.exec(target.release);
    if (match) return read(match, target, minors);
  }
  return null;
}

/** VERSION_ID as the tables know it: "8-stream" is 8, "15-SP5" is 15.5; null when os-release told none. */
export function osVersion(target: Target): string | null {
  const text = target.version;
  if (text === null || systemOf(target).reads('deb')) return text;
  const pack = /^(\d{2})-SP(\d)/i.exec(text);
  if (pack) return `${pack[1]}.${pack[2]}`;
  const number = /^\d{1,4}(\.\d{1,4}){0,2}/.exec(text);
  return number ? number[0] : text;
}

/** The part before the first dot. */
export function majorOf(version: string): string {
  return version.split('.', 1)[0] ?? version;
}

/** SUSE's way to write a version: "15.5" is 15-SP5, "15" and "15.0" are 15. */
export function serviceVersion(version: string): string {
  const [major = '', minor = '0'] = version.split('.');
  return minor === '0' ? major : `${major}-SP${minor}`;
}

/** The architecture as the target's repositories name it. */
export function repositoryArch(target: Target): string {
  return forFamily(target, { deb: ({ packageArch }) => packageArch, rpm: ({ packageArch }) => baseArch(packageArch) });
}

/** The architecture as yum's $basearch has it: every 32-bit x86 is i386, ppc64 for POWER7 is ppc64. */
export function baseArch(packageArch: string): string {
  if (packageArch === 'ppc64p7') return 'ppc64';
  return /^i[3-6]86$/.test(packageArch) || packageArch === 'athlon' ? 'i386' : packageArch;
}
