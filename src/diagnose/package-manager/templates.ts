/** Patterns made of message templates: "%s" stands for a name, which is captured. Pure. */
import { type Pattern, text } from '../rule.ts';

/** Package names and globs of them; what stands around may be quoted in any way. */
const NAME = String.raw`["'\`]?([a-z0-9/][\w.+~:*=/-]{1,160}?)["'\`]?`;
/** Letters that quotes, colons and spaces become on the way to a plain line: a needle must not hold them. */
const UNSTABLE = /["'`:\u3002\uff1a\u00a0\s]+$|^["'`:\u3002\uff1a\u00a0\s]+/g;
const LONG_ENOUGH = 8;

/** A pattern for a template; null where its fixed words are too short to be looked for. */
function patternOf(template: string): Pattern | null {
  const pieces = template.split('%s');
  const needle = pieces
    .flatMap((piece) => piece.split(/["'`:]/))
    .map((piece) => piece.replaceAll(UNSTABLE, ''))
    .toSorted((a, b) => Buffer.byteLength(b) - Buffer.byteLength(a))[0];
  if (needle === undefined || Buffer.byteLength(needle) < LONG_ENOUGH) return null;
  const source = pieces.map(withAnyQuotes).join(NAME);
  // At the end of a template the name goes on to the next blank or full stop.
  const end = template.endsWith('%s') ? String.raw`(?=[.,;:!?)\]]?(?:\s|$)|[\u3002\uff0c])` : '';
  return text(needle, new RegExp(`${source}${end}`));
}

/** The patterns of many templates. */
export function patternsOf(templates: readonly string[]): readonly Pattern[] {
  return templates.flatMap((template) => patternOf(template) ?? []);
}

/** One expression for the fixed words of many templates. */
export function wordsOf(templates: readonly string[]): RegExp {
  const words = templates.map((template) => template.split('%s').toSorted((a, b) => b.length - a.length)[0] ?? '');
  return new RegExp(words.map((piece) => escape(piece.replaceAll(UNSTABLE, ''))).join('|'));
}

/** Quotes around a name may be of any kind or none; one within a word (l'argument) stays where it is. */
function withAnyQuotes(piece: string): string {
  return piece
    .split(/["'`]/)
    .map(escape)
    .join(String.raw`["'\`]?`);
}

function escape(literal: string): string {
  return literal.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll(/\s+/g, String.raw`\s*`);
}
