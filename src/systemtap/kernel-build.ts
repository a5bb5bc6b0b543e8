/** Which kernel build a verdict is on, as far as it was known where it was seen. Pure. */
import { forFamily } from '../package-system/systems.ts';
import type { BuildId, Target } from '../types.ts';

export interface KernelBuild {
  /** ID of os-release. */
  readonly distro: string;
  /** uname -r */
  readonly release: string;
  /** uname -m */
  readonly arch: string;
  /**
   * Version of its packages. On Debian and Ubuntu it stands for one build whoever looks; of an rpm the distribution is put
   * before it ("rocky:4.18.0-513.el8"), because others rebuild the same version.
   */
  readonly package: string | null;
  readonly buildId: BuildId | null;
  /** uname -v */
  readonly unameV: string | null;
}

/** @param packageVersion of its packages, where an index or the target's database tells it */
export function kernelBuildOf(target: Target, packageVersion: string | null): KernelBuild {
  const { distro, release, arch, buildId, unameV } = target;
  const version = forFamily(target, {
    deb: (own) => packageVersion ?? own.packageVersion,
    rpm: () => (packageVersion === null ? null : `${distro}:${packageVersion}`),
  });
  return { distro, release, arch, package: version, buildId, unameV };
}

const MARKS = ['buildId', 'package', 'unameV'] as const;

/** Whether anything tells this build from another one of the same release. */
export function isExactBuild(build: KernelBuild): boolean {
  return MARKS.some((mark) => build[mark] !== null);
}

/** By the first mark that is known of both; where nothing is known of either, the distribution stands for it. */
export function isSameBuild(a: KernelBuild, b: KernelBuild): boolean {
  if (a.release !== b.release || a.arch !== b.arch) return false;
  const mark = MARKS.find((each) => a[each] !== null && b[each] !== null);
  if (mark !== undefined) return a[mark] === b[mark];
  return a.distro === b.distro && !isExactBuild(a) && !isExactBuild(b);
}
