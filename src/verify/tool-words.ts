/** The lines of a tool's output that say what went wrong, in its own words. */
import { escapeControl } from '../errors.ts';

/** What starts or marks such a line; the most telling first. */
const MARKS: readonly RegExp[] = [
  /\b(fatal )?error: /,
  /^ERROR: /,
  /ERROR: modpost: /,
  /^(semantic|parse) error: /,
  /^Checking ".{1,4096}" failed with error/,
  /\b(not found|No such file or directory|No space left|Permission denied|not permitted)\b/,
];
/** Lines that only say that something went wrong. */
const EMPTY_WORDS = /^(Pass \d: |WARNING: kbuild exited|make(\[\d+\])?: |Tip: )/;
const MAX_LINE = 400;
const MAX_OUTPUT = 8192;

/** The lines that tell the cause, at most `limit`; empty where none is recognised. */
export function findErrorLines(text: string, limit: number): readonly string[] {
  const lines = text
    .split('\n')
    .map((line) => line.slice(0, MAX_LINE).trimEnd())
    .filter((line) => line !== '' && !EMPTY_WORDS.test(line));
  for (const mark of MARKS) {
    const found = lines.filter((line) => mark.test(line));
    if (found.length > 0) return found.slice(0, limit).map(escapeControl);
  }
  return lines.slice(-limit).map(escapeControl);
}

/** A tool's output fit for a report: control characters escaped, the middle left out when it is long. */
export function quoteOutput(text: string): string {
  const clean = escapeControl(text.trim());
  if (clean.length <= MAX_OUTPUT) return clean;
  const half = MAX_OUTPUT / 2;
  return `${clean.slice(0, half)}\n[${clean.length - MAX_OUTPUT} characters left out]\n${clean.slice(-half)}`;
}
