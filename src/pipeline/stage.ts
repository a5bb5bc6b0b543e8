/** One stage of a pipeline, with its time, told as events. */
import type { Emit } from '../types.ts';

/** Seconds that each finished stage took, in order. */
export type StageTimes = { readonly stage: string; readonly seconds: number }[];

export interface StageContext {
  readonly emit: Emit;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly times: StageTimes;
}

/**
 * Runs `body` as a named stage; `describe` makes the line that is shown when it is done. Errors pass through unchanged.
 * Where stages go on at once, `body` emits by what it is given, which names the stage.
 */
export async function runStage<Result>(
  { emit, now, times }: StageContext,
  stage: string,
  body: (emit: Emit) => Promise<Result>,
  describe: (result: Result) => string,
): Promise<Result> {
  const start = now();
  const measure = (): number => {
    const seconds = (now() - start) / 1000;
    times.push({ stage, seconds });
    return seconds;
  };
  emit({ type: 'stage', stage, status: 'start' });
  try {
    const result = await body((event) => emit(event.type === 'progress' ? { stage, ...event } : event));
    emit({ type: 'stage', stage, status: 'done', seconds: measure(), detail: describe(result) });
    return result;
  } catch (error) {
    emit({ type: 'stage', stage, status: 'fail', seconds: measure() });
    throw error;
  }
}

/**
 * Runs two stages at once. The failure of one stops the other, by the signal that both are given, and is thrown when both have
 * ended.
 */
export async function runAtOnce<First, Second>(
  signal: AbortSignal,
  first: (signal: AbortSignal) => Promise<First>,
  second: (signal: AbortSignal) => Promise<Second>,
): Promise<[First, Second]> {
  const stop = new AbortController();
  const failures: unknown[] = [];
  const within = AbortSignal.any([signal, stop.signal]);
  const orStop = async <Result>(stage: (signal: AbortSignal) => Promise<Result>): Promise<Result | null> =>
    stage(within).catch((error: unknown) => {
      failures.push(error);
      stop.abort();
      return null;
    });
  const results = await Promise.all([orStop(first), orStop(second)]);
  if (failures.length > 0) throw failures[0];
  return results as [First, Second];
}
