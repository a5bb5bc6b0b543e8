/** What install, rehearse and verify end with: the ladder, climbed with the SystemTap that fits. */
import type { Host } from '../host/host.ts';
import { describeVerify } from './describe.ts';
import type { Subject } from './open-target.ts';
import {
  type PlannedFolders,
  type ProvidedSystemtap,
  provideSystemtap,
  type SystemtapChoice,
} from './provide-systemtap.ts';
import type { Session } from './session.ts';
import { runStage } from './stage.ts';
import { type VerifyChoice, verifySubject } from './verify.ts';

export interface ProveOptions {
  readonly systemtap: SystemtapChoice;
  readonly allowExpiredRelease: boolean;
  readonly ladder: Omit<VerifyChoice, 'systemtap'>;
  readonly planned?: PlannedFolders;
}

/** @throws TapprepError of provideSystemtap; a step of the ladder that fails is in the report */
export function proveSubject(
  session: Session,
  subject: Subject,
  host: Host,
  { systemtap: choice, allowExpiredRelease, ladder, planned }: ProveOptions,
): Promise<ProvidedSystemtap> {
  return provideSystemtap(session, subject, host, {
    choice,
    level: ladder.level,
    allowExpiredRelease,
    ...(planned === undefined ? {} : { planned }),
    verify: (systemtap) =>
      runStage(
        session,
        'verify',
        () => verifySubject(session, subject, host, { ...ladder, systemtap }),
        describeVerify,
      ),
  });
}
