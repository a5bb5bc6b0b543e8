/** The outcome of one check of a machine. Pure. */
import { escapeControl, redact } from '../errors.ts';
import type { Confidence, Diagnosis, HostFacts, Remedy, Target } from '../types.ts';
import type { DiagnosisCode } from './codes.ts';
import { advise } from './advise.ts';
import type { Situation } from './situation.ts';

/** A problem keeps SystemTap from being ready; advice does not; unknown could not be checked. */
export type FindingStatus = 'ok' | 'problem' | 'advice' | 'unknown';

export interface Finding {
  /** What was looked at, two or three words. */
  readonly check: string;
  readonly status: FindingStatus;
  /** One sentence with both sides of the comparison. */
  readonly detail: string;
  /** Null where nothing is wrong with the machine, and where another check has it. */
  readonly diagnosis: Diagnosis | null;
}

/** What a check gets to see. */
export interface View {
  readonly facts: HostFacts;
  /** Null where the kernel is of no known family. */
  readonly target: Target | null;
  readonly situation: Situation;
}

export type Check = (view: View) => readonly Finding[];

export interface Proof {
  readonly confidence?: Confidence;
  /** What was observed, as "name: value". */
  readonly evidence: readonly string[];
  /** Where this finding needs others than its code. */
  readonly remedies?: readonly Remedy[];
  /** The same of what to look at next; null for nothing. */
  readonly otherwise?: string | null;
}

/** A check that found nothing wrong. */
export function fine(check: string, detail: string): Finding {
  return { check, status: 'ok', detail: printable(detail), diagnosis: null };
}

/** A check whose facts are not there. */
export function unknown(check: string, detail: string): Finding {
  return { check, status: 'unknown', detail: printable(detail), diagnosis: null };
}

/** Something that must be mended first. */
export function problem(view: View, check: string, code: DiagnosisCode, detail: string, proof: Proof): Finding {
  return { check, status: 'problem', detail: printable(detail), diagnosis: explain(view, code, detail, proof) };
}

/** The same where another check says what it comes from and what to do. */
export function consequence(check: string, detail: string): Finding {
  return { check, status: 'problem', detail: printable(detail), diagnosis: null };
}

/** Something that is worth knowing and keeps nothing from working. */
export function advice(view: View, check: string, code: DiagnosisCode, detail: string, proof: Proof): Finding {
  return { check, status: 'advice', detail: printable(detail), diagnosis: explain(view, code, detail, proof) };
}

function explain({ situation }: View, code: DiagnosisCode, cause: string, proof: Proof): Diagnosis {
  return {
    code,
    confidence: proof.confidence ?? 'certain',
    evidence: proof.evidence.map(printable),
    cause: printable(cause),
    ...advise(code, situation, proof.remedies, proof.otherwise),
  };
}

/** Facts are foreign text. */
function printable(text: string): string {
  return escapeControl(redact(text)).replaceAll('\n', ' ');
}
