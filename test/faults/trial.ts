/** A fault on purpose, and the count of what came of it. */
import { isTapprepError } from '../../src/errors.ts';

/** Returns when the fault was survived: the right result, or a coded error, and a right result without faults afterwards. */
export interface Trial {
  readonly name: string;
  readonly run: () => Promise<void>;
}

export interface Count {
  readonly group: string;
  readonly tried: number;
  readonly survived: number;
  /** What was lost, with the reason. */
  readonly lost: readonly string[];
  /** Not tried, because the time was up. */
  readonly left: number;
  readonly seconds: number;
}

export interface TrialOptions {
  /** Milliseconds of performance.now(): none begins later. */
  readonly deadline: number;
  /** How many run beside each other. */
  readonly atOnce: number;
  readonly onLost: (text: string) => void;
}

/** Runs the trials of a group in their order; one that throws is lost, and the rest goes on until the deadline. */
export async function runTrials(
  group: string,
  trials: readonly Trial[],
  { deadline, atOnce, onLost }: TrialOptions,
): Promise<Count> {
  const started = performance.now();
  const lost: string[] = [];
  let tried = 0;
  const queue = trials.values();
  const work = async (): Promise<void> => {
    for (const { name, run } of queue) {
      if (performance.now() > deadline) return;
      tried += 1;
      try {
        await run();
      } catch (error) {
        const text = `${name}: ${error instanceof Error ? error.message : String(error)}`;
        lost.push(text);
        onLost(text);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const seconds = (performance.now() - started) / 1000;
  return { group, tried, survived: tried - lost.length, lost, left: trials.length - tried, seconds };
}

/** What went wrong is only survived when it has a code, and not the one of a defect. */
export function requireCoded(error: unknown): string {
  if (isTapprepError(error) && error.code !== 'INTERNAL') return error.code;
  throw error;
}

/** @throws Error with the text when the condition does not hold */
export function require(condition: boolean, text: string): void {
  if (!condition) throw new Error(text);
}
