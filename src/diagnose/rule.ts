/** The shape of a rule: one symptom, one code. Pure. */
import { quoteWord, shellText } from '../shell-words.ts';
import type { Remedy, ShellText } from '../types.ts';
import type { DiagnosisCode } from './codes.ts';
import type { LogLine } from './log-line.ts';
import type { Situation } from './situation.ts';

/** What a line must hold. The needle finds the line in a log of any size, the regex decides. */
export interface Pattern {
  /** Fixed text of at least eight bytes that every match contains. */
  readonly needle: string;
  /** Null where the needle alone is proof. */
  readonly regex: RegExp | null;
}

/** The lines that matched a rule's patterns, the first one's groups, and the situation they are seen in. */
export interface Match {
  readonly situation: Situation;
  readonly lines: readonly LogLine[];
  /** Captured groups of the first matching line; empty where the rule has no patterns. */
  readonly groups: readonly (string | undefined)[];
  /** What every matching line captured, in their order. */
  readonly captures: readonly (readonly (string | undefined)[])[];
  /** The lines of the log that match a pattern, whichever rule it belongs to. */
  readonly linesOf: (pattern: Pattern) => readonly LogLine[];
  /** Whether any line does. */
  readonly seen: (pattern: Pattern) => boolean;
}

/** proves: the line has no other cause. points: it has others, rarer ones. allows: it would follow from this cause as well. */
export type Grade = 'proves' | 'points' | 'allows';

export interface Rule {
  readonly code: DiagnosisCode;
  /** One of them suffices. Empty for rules that read only what the log and the host tell as a whole. */
  readonly patterns: readonly Pattern[];
  /** Patterns that the rule only asks about with `seen` or `linesOf`, where no rule has them among its own. */
  readonly hints?: readonly Pattern[];
  /** How far the symptom leads; null where what else is known speaks against it. */
  readonly grade: Grade | ((match: Match) => Grade | null);
  /** One sentence with both sides of the comparison. */
  readonly cause: (match: Match) => string;
  /** Lines that prove it beside those that matched. */
  readonly evidence?: (match: Match) => readonly LogLine[];
  /** Where this symptom needs others than its code. */
  readonly remedies?: (situation: Situation, match: Match) => readonly Remedy[];
  /** What to look at next, where that of the code does not fit; null for nothing. */
  readonly otherwise?: string | null;
}

/** A pattern whose needle is proof in itself, or is checked by a regex. */
export function text(needle: string, regex: RegExp | null = null): Pattern {
  return { needle, regex };
}

/** The release in question, in words where it is unknown. */
export function kernelName(situation: Situation): string {
  return situation.release === null ? 'the running kernel' : `kernel ${situation.release}`;
}

/** The release in question as a word of a command; the one that runs where it is unknown. */
export function releaseWord({ release }: Pick<Situation, 'release'>): ShellText {
  return release === null ? shellText`"$(uname -r)"` : quoteWord(release);
}

/** Whether a kernel is of a version before. False where the release is not known. */
export function isOlderThan(release: string | null, major: number, minor: number): boolean {
  const [, first, second] = /^(\d+)\.(\d+)/.exec(release ?? '') ?? [];
  return first !== undefined && (Number(first) < major || (Number(first) === major && Number(second) < minor));
}
