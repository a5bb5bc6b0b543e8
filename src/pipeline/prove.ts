/** What install, rehearse and verify end with: the ladder, climbed with the SystemTap that fits. */
import type { Host } from '../host/host.ts';
import type { UsableSystemtap } from '../systemtap/usable.ts';
import type { VerifyReport } from '../types.ts';
import type { CrossBuild } from '../verify/options.ts';
import { describeVerify } from './describe.ts';
import { openChosen } from './open-chosen.ts';
import type { OpenTarget } from './open-target.ts';
import {
  type ProvidedSystemtap,
  type ProvideOptions,
  provideSystemtap,
  type SystemtapChoice,
} from './provide-systemtap.ts';
import type { PlannedFolders } from './provide-candidate.ts';
import type { Session } from './session.ts';
import { runStage } from './stage.ts';
import { type VerifyChoice, verifyOpenTarget } from './verify.ts';

export interface ProveOptions {
  /** null: the one that was proven there before, else the distribution's. */
  readonly systemtap: SystemtapChoice | null;
  readonly allowExpiredRelease: boolean;
  readonly ladder: Omit<VerifyChoice, 'systemtap'>;
  readonly planned?: PlannedFolders;
  /** Where the host is a root of another architecture than the target. */
  readonly cross?: CrossBuild;
  /** Only the distribution's own, mended by these rows; by all that the kernel calls for where none is named. */
  readonly mends?: readonly string[];
  readonly beforePlacing?: ProvideOptions['beforePlacing'];
}

/** @throws TapprepError of provideSystemtap; a step of the ladder that fails is in the report */
export async function proveTarget(
  session: Session,
  open: OpenTarget,
  host: Host,
  { systemtap: choice, allowExpiredRelease, ladder, planned, mends, cross, beforePlacing }: ProveOptions,
): Promise<ProvidedSystemtap> {
  const foreign = cross === undefined ? {} : { cross };
  const verify = (systemtap: UsableSystemtap): Promise<VerifyReport> =>
    runStage(
      session,
      'verify',
      () => verifyOpenTarget(session, open, host, { ...ladder, systemtap, ...foreign }),
      describeVerify,
    );
  if (choice === null) {
    const chosen = await openChosen(session, host, open.target.release);
    if (chosen !== null) return { verify: await verify(chosen), tried: [] };
  }
  return provideSystemtap(session, open, host, {
    choice: choice ?? 'distro',
    level: ladder.level,
    allowExpiredRelease,
    // Where no SystemTap was asked for, nothing is put on the target.
    mends: mends ?? choice !== null,
    ...(planned === undefined ? {} : { planned }),
    ...(beforePlacing === undefined ? {} : { beforePlacing }),
    ...foreign,
    verify,
  });
}
