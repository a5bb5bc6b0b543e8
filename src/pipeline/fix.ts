/** Carries out the fixes of a verdict, one by one, and proves the result by the ladder. */
import type { Host } from '../host/host.ts';
import { INSTALLED_SYSTEMTAP } from '../systemtap/usable.ts';
import type { Plan, Sentence, VerifyReport } from '../types.ts';
import type { VerifyLevel } from '../verify/options.ts';
import type { FixStep } from './fix-steps.ts';
import { type InstallOutcome, installTarget } from './install.ts';
import type { OpenTarget } from './open-target.ts';
import type { Session } from './session.ts';
import { purgeCaches } from './purge-caches.ts';
import { runStage } from './stage.ts';
import { describeVerify } from './describe.ts';
import { verifyOpenTarget } from './verify.ts';
import { say } from '../sentence.ts';

export interface FixOptions {
  readonly level: VerifyLevel;
  readonly isRoot: boolean;
  /** Shows the plan and asks. */
  readonly approve: (plan: Plan, change: string) => Promise<boolean>;
  readonly confirm: (question: string) => Promise<boolean>;
}

export interface FixResult {
  readonly command: string;
  readonly status: 'done' | 'left';
  /** Why it was left; null when it was done. */
  readonly reason: Sentence | null;
}

export interface FixReport {
  readonly fixes: readonly FixResult[];
  /** What install did; null where no fix needed it. */
  readonly outcome: InstallOutcome | null;
  readonly stages: Session['times'];
  readonly verify: VerifyReport;
}

const REFUSED = say('it was not approved');

/** @throws TapprepError of any stage; a fix that is left, and a step of the ladder that fails, are in the report */
export async function runFixes(
  session: Session,
  open: OpenTarget,
  host: Host,
  steps: readonly FixStep[],
  options: FixOptions,
): Promise<FixReport> {
  const fixes: FixResult[] = [];
  let outcome: InstallOutcome | null = null;
  for (const step of steps) {
    const { command } = step;
    if (step.kind === 'left') {
      fixes.push({ command, status: 'left', reason: step.reason });
    } else if (step.kind === 'purge') {
      const reason = (await options.confirm(`remove ${step.paths.join(', ')} on ${host.name}?`))
        ? await purgeCaches(session, host, step.paths)
        : REFUSED;
      fixes.push({ command, status: reason === null ? 'done' : 'left', reason });
    } else {
      outcome = await installTarget(session, open, host, {
        debuginfo: true,
        allowExpiredRelease: false,
        allowUpgrade: false,
        dryRun: false,
        isRoot: options.isRoot,
        verify: { where: null, level: options.level, scripts: [] },
        systemtap: 'auto',
        lock: null,
        approve: options.approve,
      });
      fixes.push({
        command,
        status: outcome.verify === null ? 'left' : 'done',
        reason: outcome.verify === null ? REFUSED : null,
      });
    }
  }
  // What install proved still holds: the ladder has a cache of its own, which no purge touches.
  const verify = outcome?.verify ?? (await prove(session, open, host, options.level));
  return { fixes, outcome, stages: session.times, verify };
}

function prove(session: Session, open: OpenTarget, host: Host, level: VerifyLevel): Promise<VerifyReport> {
  const choice = { where: null, level, scripts: [], kernelImage: null, systemtap: INSTALLED_SYSTEMTAP };
  return runStage(session, 'verify', () => verifyOpenTarget(session, open, host, choice), describeVerify);
}
