/** The plan for one target, without anything that fetching, installing and proving need. */
import { findDamaged } from '../detect/damaged-packages.ts';
import type { HostFacts, Plan } from '../types.ts';
import type { Subject } from './open-target.ts';
import { openResolution } from './resolution.ts';
import type { Session } from './session.ts';

export interface PlanChoice {
  readonly debuginfo: boolean;
  readonly image: boolean;
  readonly allowExpiredRelease: boolean;
}

/** What is installed there and whole; null where that is not known. What is there by name only counts as absent: its files come again. */
export function findWhole(facts: HostFacts): HostFacts['packages'] | null {
  if (facts.source === 'declared') return null;
  const damaged = new Set(findDamaged(facts));
  return damaged.size === 0 ? facts.packages : facts.packages.filter((one) => !damaged.has(one));
}

/** The exact packages for a subject that can be reached, as `plan` shows and `install` installs them. */
export async function planSubject(session: Session, subject: Subject, options: PlanChoice): Promise<Plan> {
  const installed = findWhole(subject.facts);
  const resolution = await openResolution(session, subject, {
    roles: { image: options.image, debuginfo: options.debuginfo, systemtap: 'distro' },
    allowExpiredRelease: options.allowExpiredRelease,
    installed,
  });
  return resolution.plan(installed);
}
