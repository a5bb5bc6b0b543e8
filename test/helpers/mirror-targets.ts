/** Targets for the tests of mirrors/, made as the command line makes them. */
import { declareTarget } from '../../src/detect/target.ts';
import type { Target } from '../../src/types.ts';

/** `--distro DISTRO:VERSION --kernel RELEASE [--arch ARCH]` */
export function targetOf(distro: string, version: string | null, release: string, arch: string | null = null): Target {
  return declareTarget({ distro, version, kernel: release, arch, unameV: null });
}
