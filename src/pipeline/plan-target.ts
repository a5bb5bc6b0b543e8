/** The plan for one target, without anything that fetching, installing and proving need. */
import { findDamaged } from '../detect/damaged-packages.ts';
import type { SystemtapWish } from '../systemtap/choose.ts';
import type { FitRung } from '../systemtap/incompatibilities.ts';
import type { HostFacts, Plan } from '../types.ts';
import { keepFilesOnly } from './debug-files.ts';
import { addDebuginfodFile } from './debuginfod.ts';
import type { OpenTarget } from './open-target.ts';
import { addSystemtap } from './plan-systemtap.ts';
import { openResolution } from './resolution.ts';
import type { Session } from './session.ts';

/** Where debug information comes from; false for nowhere. */
export type DebuginfoChoice = boolean | 'debuginfod';

export interface PlanChoice {
  readonly debuginfo: DebuginfoChoice;
  /** Of the debug package these files alone; the whole package where left out. */
  readonly debuginfoFiles?: readonly string[] | null;
  readonly image: boolean;
  readonly allowExpiredRelease: boolean;
  readonly systemtap: SystemtapWish;
  /** How far the SystemTap has to reach. */
  readonly rung: FitRung;
  /** rpm: refused where anything that is needed is in no repository: there is no package manager to bring it. */
  readonly isWhole?: boolean;
  /** False where nobody can mend a SystemTap: in a bundle. */
  readonly withMends?: boolean;
}

/** What is installed there and whole; null where that is not known. What is there by name only counts as absent: its files come again. */
export function findWhole(facts: HostFacts): HostFacts['packages'] | null {
  if (facts.source === 'declared') return null;
  const damaged = new Set(findDamaged(facts));
  return damaged.size === 0 ? facts.packages : facts.packages.filter((one) => !damaged.has(one));
}

/** Everything that a target needs, as `plan` shows and `install` installs it. */
export async function planTarget(session: Session, open: OpenTarget, options: PlanChoice): Promise<Plan> {
  const installed = findWhole(open.facts);
  const resolution = await openResolution(session, open, {
    roles: { image: options.image, debuginfo: options.debuginfo === true, systemtap: rolesOf(options.systemtap) },
    allowExpiredRelease: options.allowExpiredRelease,
    installed,
    isWhole: options.isWhole ?? false,
  });
  const whole = await resolution.plan(installed);
  const packages =
    options.debuginfoFiles == null ? whole : keepFilesOnly(whole, options.debuginfoFiles, open.facts.debuginfo);
  const plan = options.debuginfo === 'debuginfod' ? await addDebuginfodFile(session, open, packages) : packages;
  return addSystemtap(session, plan, options);
}

/** A version may be the distribution's own. */
function rolesOf(wish: SystemtapWish): 'distro' | 'none' {
  return wish === 'portable' || wish === 'build' ? 'none' : 'distro';
}
