/** Which kernels a portable SystemTap cannot serve. Pure. */
import type { PortableManifest } from './manifest.ts';

/**
 * Why a portable SystemTap cannot run on a kernel, one sentence with both sides; null when nothing stands against it.
 * That it can start there says nothing yet about the modules that it builds.
 * @param release uname -r of the kernel that is to run it
 * @param arch uname -m
 */
export function whyNotServed(
  { version, suite, distro, minimumKernel, arch: own }: PortableManifest,
  release: string,
  arch: string,
): string | null {
  const name = `portable SystemTap ${version} of ${distro} ${suite}`;
  if (arch !== own) return `${name} is for ${own}, but the target is ${arch}`;
  if (minimumKernel === null || compareNumbers(release, minimumKernel) >= 0) return null;
  return `the C library of ${name} needs Linux ${minimumKernel} or newer, but the kernel is ${release}`;
}

/** Orders the leading numbers of two kernel releases; what is missing counts as 0. */
function compareNumbers(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => /^\d+(?:\.\d+)*/.exec(text)?.[0].split('.').map(Number) ?? []);
  for (let at = 0; at < 3; at += 1) {
    const order = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}
