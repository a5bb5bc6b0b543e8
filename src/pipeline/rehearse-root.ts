/** What every root of a rehearsal is made with: the plan for it, and the installation into it. */
import { countOf } from '../count.ts';
import type { Host } from '../host/host.ts';
import { installArtifacts } from '../install/run.ts';
import { systemOf } from '../package-system/systems.ts';
import type { Artifact, Target } from '../types.ts';
import type { OpenTarget } from './open-target.ts';
import { openResolution, type Resolution } from './resolution.ts';
import type { Session } from './session.ts';
import { runStage } from './stage.ts';

export interface RootPlanOptions {
  readonly debuginfo: boolean;
  readonly allowExpiredRelease: boolean;
}

/** @throws TapprepError NO_REPOSITORY */
export function openRootResolution(
  session: Session,
  open: OpenTarget,
  { debuginfo, allowExpiredRelease }: RootPlanOptions,
): Promise<Resolution> {
  return openResolution(session, open, {
    roles: { image: true, debuginfo, systemtap: 'distro' },
    allowExpiredRelease,
    // What is not in the plan nobody else brings: the root has no repositories of its own.
    isWhole: true,
    installed: null,
  });
}

/** Those that are to be installed. @throws TapprepError of the transaction */
export async function installIntoRoot(
  session: Session,
  host: Host,
  target: Target,
  artifacts: readonly Artifact[],
): Promise<void> {
  const { tapprepVersion, emit, now, signal } = session;
  await runStage(
    session,
    'install',
    () =>
      installArtifacts({
        host,
        artifacts: artifacts.filter(({ item }) => item.install),
        method: systemOf(target).manager,
        release: target.release,
        // Nobody's system: what the exact packages need may replace what the base system has.
        allowUpgrade: true,
        tapprepVersion,
        emit,
        now,
        signal,
      }),
    (report) => countOf(report.installed.length, 'package'),
  );
}
