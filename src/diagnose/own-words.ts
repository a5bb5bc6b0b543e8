/**
 * Takes out of a log what only quotes messages: explanations and pages of tapprep's own, sentences and tables of documents, the
 * source of programs, messages of commits, and recipes that make prints before it runs them. Pure.
 */
import { FAULTS } from './faults.ts';
import type { LogLine } from './log-line.ts';

/** The head of one explanation, as explain and doctor print it; what belongs to it is indented. */
const EXPLANATION = /^\d{1,2}\. [A-Z_]{6,40} \((?:certain|likely|possible)\)$/;
const INDENTED = /^\s{3,}\S/;
/** A command of ours, or a line that feeds one. */
const COMMAND = /\btapprep (?:explain|doctor|install|verify|plan|bundle|rehearse)\b/;
/** Documents quote messages in code marks, in the middle of a sentence. */
const QUOTED_IN_PROSE = /^(?:[-*] )?[A-Z]?[a-z][^`]{8,400}`[^`]{4,200}`|^`[^`]{4,200}`\.$/;
/** A program's own message, which may put names into code marks itself. */
const PRINTED = /^(?:[\w.-]{1,40} )?[eE]rror: /;

/** Who was there says so. */
const REPORTED =
  /\b(?:(?:I|we)(?:'m| am| are|'ve| have)? (?:get|got|getting|see|saw|seen|seeing|receive|received)|errors? (?:is|are|was|were|message is)|(?:was|were|been) (?:reported|printed|shown)|observed|(?:fails|failed|failing|aborts|aborted|stops|stopped|ends|ended) with|(?:shows|showed|says|said|prints|printed|gives|gave|returns|returned) (?:me|us|this|the|an)|which causes|caused)\b/i;
/** Who was not only says what to do where it comes to that. */
const INSTRUCTED =
  /\b(?:if|unless|whenever|in case|when (?!(?:I|we|\w{2,20}ing)\b)|may|might|should|would|can(?!not|'t| not)|could(?!n't| not)|fix(?:e[ds])?|make sure|e\.g\.|for example)\b/i;

/** `make V=1` shows the test with the words that it would end with. */
const RECIPE = /^(?:@|\(\s?)?echo (?:>&2\b|["'].*(?:\\|;|\))$)/;

/** The source of a program: a call, or a word of the language, with a text; what strace prints ends in what came of it. */
const SOURCE =
  /^(?!.*\)\s{1,40}= -?\d)(?:(?:(?:return|raise|throw|print)\s[^"']{0,60}|[A-Za-z_][\w.>:-]{1,40}\s?\([^"')]{0,60})[fbru]{0,2}["'].{8,400}$|(?:el)?if \(?["'].{8,300}["'] in |"{3}|["'].{8,400}["']\)[;,]?$)/;
/** The source of a script, and a line of it that prints a text, or compares with one. */
const SCRIPT = /^#! ?\/\S{1,60}\b(?:sh|bash|dash|ksh|zsh|python3?|perl)\b/;
const QUOTES = /(?:^|[\s;&|({])(?:echo|printf|print|puts|logger|die|warn|fail|raise)\b|\*["'][^"']{1,200}["']\*?|^["']/;
/** A table of Markdown that explains messages. */
const TABLE_ROW = /^\|.{0,200}`[^`]{8,300}`.{0,400}\|$/;
/** git log: the message stands indented below the head of a commit. */
const COMMIT = /^commit [0-9a-f]{12,64}\b/;
const COMMIT_HEAD = /^(?:Author|AuthorDate|Commit|CommitDate|Date|Merge): /;

const PAGES: ReadonlySet<string> = new Set(
  Object.values(FAULTS).flatMap(({ page }) => [page.meaning, page.tell, page.todo]),
);

interface ReadLines {
  readonly lines: readonly LogLine[];
  /** There is nothing but sentences that quote: what they say may have happened, or not. */
  readonly onlyQuoted: boolean;
}

/** The lines that somebody else's program has printed of what happened. */
export function withoutOwnWords(lines: readonly LogLine[]): ReadLines {
  let inExplanation = false;
  let inCommit = false;
  const isScript = SCRIPT.test(lines[0]?.text ?? '');
  const foreign = lines.filter(({ raw, text }) => {
    if (COMMIT.test(text)) inCommit = true;
    else if (inCommit && text !== '' && !/^ {4}/.test(raw) && !COMMIT_HEAD.test(text)) inCommit = false;
    if (inCommit || SOURCE.test(text) || TABLE_ROW.test(text) || (isScript && QUOTES.test(text))) return false;
    if (EXPLANATION.test(text)) inExplanation = true;
    else if (inExplanation && !INDENTED.test(raw)) inExplanation = false;
    return !inExplanation && !PAGES.has(text) && !COMMAND.test(text) && !RECIPE.test(text);
  });
  const told = foreign.filter(
    ({ text }) => !isQuotation(text) || (REPORTED.test(proseOf(text)) && !isInstruction(text)),
  );
  return {
    lines: told.length === 0 ? foreign.filter(({ text }) => !isInstruction(text)) : told,
    onlyQuoted: told.every(({ text }) => isQuotation(text)),
  };
}

function isQuotation(text: string): boolean {
  return text.includes('`') && QUOTED_IN_PROSE.test(text) && !PRINTED.test(text);
}

function isInstruction(text: string): boolean {
  return INSTRUCTED.test(proseOf(text));
}

/** A sentence without what it quotes. */
function proseOf(text: string): string {
  return text.replaceAll(/`[^`]{0,400}(?:`|$)/g, '` `');
}
