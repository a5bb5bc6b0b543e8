/** Where a kernel stands among upstream releases: its series, and what is known of its stable patch level. Pure. */
import type { Target } from '../types.ts';
import { forFamily } from '../package-system/systems.ts';
import { seriesOf } from './releases.ts';

/** A kernel as upstream counts: "6.1.192" is series 6.1, patch 192. */
export interface UpstreamKernel {
  /** "6.1", "2.6.32" */
  readonly series: string;
  /** Bounds of the patch level within the series; 0 to Infinity where nothing tells it. */
  readonly patch: { readonly least: number; readonly most: number };
  /** A vendor's own branch, whose backports no version number tells. */
  readonly isVendor: boolean;
  /** For messages: "6.1.192", "6.1.0-50-amd64". */
  readonly text: string;
}

/** Families whose packages carry the number of the stable release that they are made from. */
const STABLE_FAMILIES: ReadonlySet<string> = new Set([
  'amazon',
  'amazon-namespaced',
  'azurelinux',
  'debian',
  'el-raspi',
  'elrepo',
  'fedora',
  'fedora5',
  'fedora6',
  'fedora9',
  'gardenlinux',
  'kops',
  'mageia',
  'mageia9',
  'photon',
  'photon1',
  'photon1-esx',
]);

/**
 * Releases of Debian that name only an ABI number, and the stable release behind it, as package lists state them. The
 * numbers rise together, so that one pair bounds all others of its series.
 */
const DEBIAN_ABIS: readonly { readonly series: string; readonly abi: number; readonly patch: number }[] = [
  { series: '5.10', abi: 30, patch: 218 },
  { series: '5.10', abi: 32, patch: 223 },
  { series: '5.10', abi: 43, patch: 251 },
  { series: '5.10', abi: 46, patch: 262 },
  { series: '6.1', abi: 47, patch: 170 },
  { series: '6.1', abi: 50, patch: 176 },
  { series: '6.1', abi: 53, patch: 187 },
  { series: '6.1', abi: 56, patch: 192 },
];

/**
 * The upstream place of a target's kernel.
 * @param packageVersion version of its kernel packages where an index or the target tells it
 */
export function upstreamKernelOf(target: Target, packageVersion: string | null = null): UpstreamKernel {
  const { release } = target;
  const isVendor = !STABLE_FAMILIES.has(target.kernelFamily);
  const known = forFamily(target, {
    deb: (own) => packageVersion ?? own.packageVersion,
    rpm: ({ versionRelease }) => versionRelease,
  });
  const numbers = numbersOf(known ?? '') ?? numbersOf(release) ?? [0, 0, null];
  // Before 3.0 the third number is the series; which stable release of it a package is made from, no release tells.
  const series = seriesOf(numbers.filter((number) => number !== null).join('.'));
  const exact = numbers[0] < 3 ? null : numbers[2];
  const text = known !== null && !isVendor && exact !== null ? `${series}.${exact}` : release;
  if (isVendor || exact === null) return { series, patch: { least: 0, most: Infinity }, isVendor, text };
  // Debian's "6.1.0-56" says 0 whatever the stable release is.
  const abi = known === null ? /^\d+\.\d+\.0-(\d+)-/.exec(release)?.[1] : undefined;
  if (abi !== undefined) return { series, patch: boundsOfAbi(series, Number(abi)), isVendor, text };
  return { series, patch: { least: exact, most: exact }, isVendor, text };
}

/** The same of a kernel that nobody packages, as its release says it; null where that begins with no version. */
export function upstreamOfRelease(release: string): UpstreamKernel | null {
  const [major = null, minor = null, patch = null] = numbersOf(release) ?? [];
  if (major === null || minor === null) return null;
  const exact = major < 3 ? null : patch;
  const bounds = exact === null ? { least: 0, most: Infinity } : { least: exact, most: exact };
  const series = seriesOf([major, minor, ...(patch === null ? [] : [patch])].join('.'));
  return { series, patch: bounds, isVendor: false, text: release };
}

/** Orders two upstream versions of any length, "6.9" before "6.12"; "-rc" and what else follows is not looked at. */
export function compareKernels(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => numbersOf(text) ?? [0, 0, null]);
  for (let at = 0; at < 3; at += 1) {
    const order = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

function numbersOf(text: string): readonly [number, number, number | null] | null {
  const match = /^(?:\d+:)?(\d{1,3})\.(\d{1,4})(?:\.(\d{1,5}))?/.exec(text);
  if (match === null) return null;
  const [, major = '', minor = '', patch] = match;
  return [Number(major), Number(minor), patch === undefined ? null : Number(patch)];
}

function boundsOfAbi(series: string, abi: number): UpstreamKernel['patch'] {
  const pairs = DEBIAN_ABIS.filter((pair) => pair.series === series);
  const least = Math.max(0, ...pairs.filter((pair) => pair.abi <= abi).map(({ patch }) => patch));
  const most = Math.min(Infinity, ...pairs.filter((pair) => pair.abi >= abi).map(({ patch }) => patch));
  return { least, most };
}
