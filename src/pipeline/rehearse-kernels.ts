/** Many kernels of one distribution, rehearsed one after the other: what an owner of machines needs to know before an update. */
import { type ErrorCode, isTapprepError } from '../errors.ts';
import { say } from '../sentence.ts';
import type { Sentence, StepStatus } from '../types.ts';
import { findDecisive } from '../verify/step.ts';
import type { OpenTarget } from './open-target.ts';
import { rehearse, type RehearseOptions, type RehearseReport } from './rehearse.ts';
import type { Session } from './session.ts';

/** How the rehearsal of one kernel ended. */
export interface KernelOutcome {
  readonly release: string;
  readonly ready: boolean;
  /** The SystemTap that was taken last; null where none was tried. */
  readonly systemtap: string | null;
  /** Of the rungs that count; "skip" for one that was not reached. */
  readonly hello: StepStatus;
  readonly 'kernel.function': StepStatus;
  /** Of the error that ended it before anything was tried. */
  readonly code: ErrorCode | null;
  /** Why it is not ready. */
  readonly reason: Sentence | null;
  readonly seconds: number;
}

/** Errors that would meet every other kernel as well. */
const ENDS_ALL: readonly ErrorCode[] = ['INTERRUPTED', 'NOT_ROOT', 'TOOL_MISSING', 'NO_SPACE', 'USAGE'];

/**
 * Base system, SystemTap and what was downloaded are shared; each kernel's outcome is shown as soon as it is known.
 * @param openRelease the target of one release
 * @throws TapprepError that would meet every other kernel as well
 */
export async function rehearseKernels(
  session: Session,
  releases: readonly string[],
  openRelease: (release: string) => Promise<OpenTarget>,
  options: RehearseOptions,
): Promise<readonly KernelOutcome[]> {
  const outcomes: KernelOutcome[] = [];
  for (const [at, release] of releases.entries()) {
    const started = session.now();
    const elapsed = (): number => Math.round((session.now() - started) / 1000);
    let outcome: KernelOutcome;
    try {
      const report = await rehearse({ ...session, times: [] }, await openRelease(release), options);
      outcome = { release, ...judge(report), seconds: elapsed() };
    } catch (error) {
      if (!isTapprepError(error) || ENDS_ALL.includes(error.code)) throw error;
      const none = { ready: false, systemtap: null, hello: 'skip', 'kernel.function': 'skip' } as const;
      outcome = { release, ...none, code: error.code, reason: say(error.message), seconds: elapsed() };
    }
    outcomes.push(outcome);
    const text = `${at + 1} of ${releases.length}: ${release} is ${outcome.ready ? 'proven' : 'not proven'}`;
    session.emit({ type: 'note', level: outcome.ready ? 'info' : 'warning', text });
  }
  return outcomes;
}

function judge({ verify, systemtap }: RehearseReport): Omit<KernelOutcome, 'release' | 'seconds'> {
  const statusOf = (id: 'hello' | 'kernel.function'): StepStatus =>
    verify.steps.find((step) => step.id === id)?.status ?? 'skip';
  return {
    ready: verify.ready,
    systemtap: systemtap.at(-1)?.name ?? null,
    hello: statusOf('hello'),
    'kernel.function': statusOf('kernel.function'),
    code: null,
    reason: verify.ready ? null : (findDecisive(verify.steps)?.reason ?? null),
  };
}
