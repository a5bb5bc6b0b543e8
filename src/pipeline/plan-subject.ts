/** The plan for one target, without anything that fetching, installing and proving need. */
import { findDamaged } from '../detect/damaged-packages.ts';
import type { Plan } from '../types.ts';
import type { Subject } from './open-target.ts';
import { openResolution } from './resolution.ts';
import type { Session } from './session.ts';

export interface PlanChoice {
  readonly debuginfo: boolean;
  readonly image: boolean;
  readonly allowExpiredRelease: boolean;
}

/** The exact packages for a subject that can be reached, as `plan` shows and `install` installs them. */
export async function planSubject(session: Session, subject: Subject, options: PlanChoice): Promise<Plan> {
  // What is there by name only is planned as if it were not there, so that its files come again.
  const damaged = new Set(findDamaged(subject.facts));
  const installed =
    subject.facts.source === 'declared' ? null : subject.facts.packages.filter((one) => !damaged.has(one));
  const resolution = await openResolution(session, subject, {
    roles: { image: options.image, debuginfo: options.debuginfo, systemtap: 'distro' },
    allowExpiredRelease: options.allowExpiredRelease,
    installed,
  });
  return resolution.plan(installed);
}
