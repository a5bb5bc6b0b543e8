/**
 * Which package system a target has. Nothing else asks for its family: what differs stands in the record; where a whole
 * stage is another one for each (its reader, its planner), `forFamily` says so in one place. Pure.
 */
import { assertNever } from '../errors.ts';
import type { DebTarget, RpmTarget, Target } from '../types.ts';
import { DPKG } from './dpkg.ts';
import type { PackageManager, PackageSystem } from './package-system.ts';
import { RPM } from './rpm.ts';

const SYSTEMS: Readonly<Record<Target['family'], PackageSystem>> = { deb: DPKG, rpm: RPM };

/** The system that a target's packages are of. */
export function systemOf({ family }: Pick<Target, 'family'>): PackageSystem {
  return SYSTEMS[family];
}

/** The system whose package database a program keeps. */
export function systemOfManager(manager: PackageManager): PackageSystem {
  return manager === DPKG.manager ? DPKG : RPM;
}

/** The work of a stage that is another one for each family. */
export function forFamily<Result>(
  target: Target,
  work: { readonly deb: (target: DebTarget) => Result; readonly rpm: (target: RpmTarget) => Result },
): Result {
  switch (target.family) {
    case 'deb':
      return work.deb(target);
    case 'rpm':
      return work.rpm(target);
    default:
      return assertNever(target);
  }
}

/** The version of the kernel's packages as far as the target tells it; null where only the index knows. */
export function kernelPackageVersion(target: Target): string | null {
  return forFamily(target, {
    deb: ({ packageVersion }) => packageVersion,
    rpm: ({ versionRelease }) => versionRelease,
  });
}
