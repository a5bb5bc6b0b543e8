/** Takes out of a log what only quotes messages: explanations and pages of tapprep's own, and recipes that make prints before it runs them. Pure. */
import { FAULTS } from './faults.ts';
import type { LogLine } from './log-line.ts';

/** The head of one explanation, as explain and doctor print it; what belongs to it is indented. */
const EXPLANATION = /^\d{1,2}\. [A-Z_]{6,40} \((?:certain|likely|possible)\)$/;
const INDENTED = /^\s{3,}\S/;
/** A command of ours, or a line that feeds one. */
const COMMAND = /\btapprep (?:explain|doctor|install|verify|plan|bundle|rehearse)\b/;
/** Documents quote messages in code marks, in the middle of a sentence. */
const QUOTED_IN_PROSE = /^(?:[-*] )?[A-Z]?[a-z][^`]{8,400}`[^`]{4,200}`|^`[^`]{4,200}`\.$/;

/** `make V=1` shows the test with the words that it would end with. */
const RECIPE = /^(?:@|\(\s?)?echo (?:>&2\b|["'].*(?:\\|;|\))$)/;

const PAGES: ReadonlySet<string> = new Set(
  Object.values(FAULTS).flatMap(({ page }) => [page.meaning, page.tell, page.todo]),
);

/** The lines that somebody else's program has printed of what happened. */
export function withoutOwnWords(lines: readonly LogLine[]): readonly LogLine[] {
  let inExplanation = false;
  return lines.filter(({ raw, text }) => {
    if (EXPLANATION.test(text)) inExplanation = true;
    else if (inExplanation && !INDENTED.test(raw)) inExplanation = false;
    return !inExplanation && !PAGES.has(text) && !COMMAND.test(text) && !isQuotation(text);
  });
}

function isQuotation(text: string): boolean {
  return (text.includes('`') && QUOTED_IN_PROSE.test(text)) || RECIPE.test(text);
}
