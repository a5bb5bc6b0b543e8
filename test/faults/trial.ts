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

/** Runs the trials of a group one after the other; one that throws is lost, and the rest goes on until `deadline` (ms). */
export async function runTrials(
  group: string,
  trials: readonly Trial[],
  deadline: number,
  onLost: (text: string) => void,
): Promise<Count> {
  const started = performance.now();
  const lost: string[] = [];
  let tried = 0;
  for (const { name, run } of trials) {
    if (performance.now() > deadline) break;
    tried += 1;
    try {
      await run();
    } catch (error) {
      lost.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      onLost(lost.at(-1) ?? '');
    }
  }
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
