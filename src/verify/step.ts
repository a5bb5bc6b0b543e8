/** One step: run, timed, told to whoever watches. */
import { isTapprepError } from '../errors.ts';
import { say, textOf } from '../sentence.ts';
import type { Blame, Emit, Sentence, StepId, StepStatus, VerifyStep } from '../types.ts';

/** Why a step did not pass: the sentence for people, and to whom it is due for everybody else. */
export interface Fault {
  readonly reason: Sentence;
  /** Null where nobody is to blame: what it builds on did not pass, or was not asked for. */
  readonly blame: Blame | null;
}

/** What a check found. */
export type StepOutcome =
  | { readonly status: 'pass'; readonly output?: string }
  | { readonly status: Exclude<StepStatus, 'pass'>; readonly fault: Fault; readonly output?: string };

/** A fault in one line of code. */
export function blame(whom: Blame | null, reason: string): Fault {
  return { reason: say(reason), blame: whom };
}

/**
 * Runs a check; a missing tool or a malformed file is a failure of the step, anything else goes on upwards.
 * @param dueTo to whom a missing tool or a malformed file is due in this step; `required`: as in VerifyStep
 * @throws TapprepError whatever keeps the whole stage from going on
 */
export async function runStep(
  emit: Emit,
  id: Exclude<StepId, 'script'>,
  { dueTo, required }: { readonly dueTo: Blame; readonly required: boolean },
  check: () => Promise<StepOutcome>,
): Promise<VerifyStep> {
  const started = performance.now();
  emit({ type: 'stage', stage: id, status: 'start' });
  let outcome: StepOutcome;
  try {
    outcome = await check();
  } catch (error) {
    if (!isTapprepError(error, 'TOOL_MISSING') && !isTapprepError(error, 'BAD_PACKAGE')) throw error;
    outcome = { status: 'fail', fault: blame(dueTo, error.message) };
  }
  const done: VerifyStep = {
    step: id,
    id,
    script: null,
    required,
    status: outcome.status,
    ...(outcome.status === 'pass' ? { blame: null, reason: null } : outcome.fault),
    output: outcome.output ?? '',
    seconds: round((performance.now() - started) / 1000),
  };
  tellStep(emit, done);
  return done;
}

/** Tells the end of a step. */
export function tellStep(emit: Emit, step: VerifyStep): void {
  emit({
    type: 'stage',
    stage: step.step,
    status: step.status === 'fail' ? 'fail' : 'done',
    seconds: step.seconds,
    ...(step.reason === null ? {} : { detail: textOf(step.reason) }),
  });
}

/** The step that decided that a target is not ready: the first failure, else the first that is required and was skipped. */
export function findDecisive(steps: readonly VerifyStep[]): VerifyStep | null {
  const failed = steps.find(({ status }) => status === 'fail');
  return failed ?? steps.find(({ required, status }) => required && status === 'skip') ?? null;
}

/** Seconds to hundredths. */
export function round(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
