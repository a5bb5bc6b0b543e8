/** A page of the manual in mdoc(7), the language of man pages that says what is an option and what an argument. */
import type { Block } from './blocks.ts';
import type { Page } from './page.ts';
import { wrap } from '../render/wrap.ts';

const MONTHS = 'January February March April May June July August September October November December'.split(' ');

/** @param at day of the page, milliseconds since the epoch */
export function renderMdoc({ name, summary, synopsis, sections, seeAlso }: Page, at: number): string {
  const day = new Date(at);
  const date = `${MONTHS[day.getUTCMonth()] ?? ''} ${String(day.getUTCDate())}, ${String(day.getUTCFullYear())}`;
  return `${[
    `.Dd ${date}`,
    `.Dt ${name.toUpperCase()} 1`,
    '.Os',
    '.Sh NAME',
    `.Nm ${name}`,
    `.Nd ${inline(summary)}`,
    '.Sh SYNOPSIS',
    `.Nm tapprep`,
    ...synopsis.map(synopsisPart),
    ...sections.flatMap(({ heading, blocks }) => [`.Sh ${heading.toUpperCase()}`, ...setBlocks(blocks)]),
    '.Sh SEE ALSO',
    ...seeAlso.toSorted().map((other, index) => `.Xr ${other} 1${index === seeAlso.length - 1 ? '' : ' ,'}`),
  ].join('\n')}\n`;
}

/** "[options]" is optional, "<name>" is not, anything else is typed as it stands. */
function synopsisPart(part: string): string {
  const [, open = '', word = part, dots = ''] = /^([<[])(.*?)(\.\.\.)?[>\]]$/.exec(part) ?? [];
  if (open === '') return `.Cm ${macroWords(word)}`;
  const arg = `Ar ${macroWords(word)}${dots === '' ? '' : ' ...'}`;
  return open === '[' ? `.Op ${arg}` : `.${arg}`;
}

function setBlocks(blocks: readonly Block[]): readonly string[] {
  return blocks.flatMap((block, at) => {
    if (block.kind === 'text') return [...(at === 0 ? [] : ['.Pp']), ...lines(block.text)];
    if (block.kind === 'lines') return ['.Bd -literal -offset indent', ...block.lines.map(line), '.Ed'];
    return [
      '.Bl -tag -width Ds',
      ...block.items.flatMap(([term, meaning]) => [`.It ${setTerm(term)}`, ...lines(meaning)]),
      '.El',
    ];
  });
}

/** "-y, --yes" and "--kernel <release>" as options; any other term in bold. */
function setTerm(term: string): string {
  if (!term.startsWith('-')) return `Sy ${macroWords(term.replace(/^[<[](.*)[>\]]$/, '$1'))}`;
  return term
    .split(/(?:, | )/)
    .map((word) => (word.startsWith('-') ? `Fl ${inline(word.slice(1))}` : `Ar ${macroWords(word.slice(1, -1))}`))
    .join(' ')
    .replace(/^(Fl \S+) Fl/, '$1 , Fl');
}

/** Words as arguments of a macro, none of which is one itself; a long choice may be broken behind a bar. */
function macroWords(words: string): string {
  return words
    .split(' ')
    .map((word) => `\\&${inline(word).replaceAll('"', '\\(dq').replaceAll('|', '|\\:')}`)
    .join(' ');
}

/** Every sentence on a line of its own, as mdoc(7) asks, and no line longer than 80 bytes of the source. */
function lines(words: string): readonly string[] {
  const sentences = words.split(/(?<=[a-z)"]\.) (?=[A-Z"-])/);
  return sentences.flatMap((sentence) => wrap(inline(sentence), 78)).map(safe);
}

/** A line of text: a point at its beginning would make it a request. */
function safe(set: string): string {
  return /^[.']/.test(set) ? `\\&${set}` : set;
}

function line(words: string): string {
  return safe(inline(words));
}

/** A hyphen is a minus sign, so that what is copied from the page can be typed. */
function inline(words: string): string {
  return words
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(
      /[^\u0000-\u007f]/gu,
      (sign) => `\\[u${sign.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0') ?? ''}]`,
    );
}
