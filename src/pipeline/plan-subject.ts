/** The plan for one target, without anything that fetching, installing and proving need. */
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
  const installed = subject.facts.source === 'declared' ? null : subject.facts.packages;
  const resolution = await openResolution(session, subject, {
    roles: { image: options.image, debuginfo: options.debuginfo, systemtap: 'distro' },
    allowExpiredRelease: options.allowExpiredRelease,
    installed,
  });
  return resolution.plan(installed);
}
