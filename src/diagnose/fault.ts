/** The shape of a fault: everything that is said of one code. Pure. */
import type { DiagnosisCode } from './codes.ts';
import type { Remedy } from '../types.ts';
import type { Situation } from './situation.ts';

/** Printed by `tapprep explain CODE`. */
export interface Page {
  readonly meaning: string;
  /** How to see for oneself that this is the cause. */
  readonly tell: string;
  readonly todo: string;
}

/** What to do about a fault in a situation. */
export interface Advice {
  readonly remedies: readonly Remedy[];
  /** What to check if that does not help. */
  readonly otherwise: string | null;
}

export interface Fault {
  /** What it means in one line. */
  readonly summary: string;
  readonly page: Page;
  /** True where no command on the target can mend it. */
  readonly beyondTarget: boolean;
  /** Whose symptoms it brings along: they are no cause of their own where this one is seen. */
  readonly explains: readonly DiagnosisCode[];
  readonly remedy: (situation: Situation) => Advice;
}
