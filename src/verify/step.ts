/** One step: run, timed, told to whoever watches. */
import { isTapprepError } from '../errors.ts';
import type { Emit, StepStatus, VerifyStep } from '../types.ts';

/** What a check found. */
export interface StepOutcome {
  readonly status: StepStatus;
  readonly reason?: string;
  readonly output?: string;
}

/**
 * Runs a check; a missing tool or a malformed file is a failure of the step, anything else goes on upwards.
 * @throws TapprepError whatever keeps the whole stage from going on
 */
export async function runStep(emit: Emit, step: string, check: () => Promise<StepOutcome>): Promise<VerifyStep> {
  const started = performance.now();
  emit({ type: 'stage', stage: step, status: 'start' });
  let outcome: StepOutcome;
  try {
    outcome = await check();
  } catch (error) {
    if (!isTapprepError(error, 'TOOL_MISSING') && !isTapprepError(error, 'BAD_PACKAGE')) throw error;
    outcome = { status: 'fail', reason: error.message };
  }
  const done: VerifyStep = {
    step,
    status: outcome.status,
    reason: outcome.reason ?? null,
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
    ...(step.reason === null ? {} : { detail: step.reason }),
  });
}

/** Seconds to hundredths. */
export function round(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
