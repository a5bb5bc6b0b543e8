/** What can follow on a command line that is being typed, from the one table of commands. Pure: values come from a lookup. */
import { ACTIONS_OF, COMMANDS, type CommandRow } from '../commands.ts';
import { longOf, type OptionRow, REPEATED } from '../options.ts';

/** A word that can stand there, and what it is. */
export interface Candidate {
  readonly value: string;
  readonly text: string;
}

/** Words of ours, or names of files or directories, which the shell itself knows best how to list and to quote. */
export type Completion =
  | { readonly mode: 'words'; readonly candidates: readonly Candidate[] }
  | { readonly mode: 'files' | 'directories' };

/** What else the line says, for values that depend on it. */
export interface Line {
  /** Values of options before, by flag: "--distro" to "debian:12". */
  readonly given: ReadonlyMap<string, string>;
  /** The beginning of the value that is being typed. */
  readonly prefix: string;
}

/** The values of a kind of placeholder: "release" of "--kernel <release>"; null where it is none of ours. */
export type Lookup = (kind: string, line: Line) => Promise<Completion | null>;

const NOTHING: Completion = { mode: 'words', candidates: [] };

/** @param words what was typed after "tapprep", the last being the word to complete, maybe empty */
export async function complete(words: readonly string[], lookup: Lookup): Promise<Completion> {
  const [first = '', second = ''] = words;
  if (words.length <= 1) return matching(firstWords(), first);
  if (words.length === 2 && Object.hasOwn(ACTIONS_OF, first)) return matching(actionsOf(first), second);
  const row = COMMANDS.find(({ name }) => name === (Object.hasOwn(ACTIONS_OF, first) ? `${first} ${second}` : first));
  if (row === undefined) return NOTHING;
  return completeRow(row, words.slice(row.name.split(' ').length), lookup);
}

async function completeRow(row: CommandRow, words: readonly string[], lookup: Lookup): Promise<Completion> {
  const { given, args, open, isOver } = readLine(row, words.slice(0, -1));
  const prefix = words.at(-1) ?? '';
  if (open !== null) return valuesOf(placeholderOf(open), { given, prefix }, lookup);
  const [, flag = '', begun] = /^(--[a-z-]+)=(.*)$/s.exec(prefix) ?? [];
  const named = row.options.find((option) => flagsOf(option).includes(flag));
  if (!isOver && begun !== undefined) {
    return named === undefined ? NOTHING : valuesOf(placeholderOf(named), { given, prefix: begun }, lookup);
  }
  if (!isOver && prefix.startsWith('-')) return matching(openOptions(row, given), prefix);
  const arg = row.args?.[args.length] ?? row.args?.findLast(([name]) => name.includes('...'));
  return arg === undefined
    ? NOTHING
    : valuesOf(arg[0].replace(/^[<[](.*?)(?:\.\.\.)?[>\]]$/, '$1'), { given, prefix }, lookup);
}

interface ReadLine {
  readonly given: ReadonlyMap<string, string>;
  readonly args: readonly string[];
  /** The option whose value comes next. */
  readonly open: OptionRow | null;
  /** After "--" nothing is an option. */
  readonly isOver: boolean;
}

function readLine(row: CommandRow, words: readonly string[]): ReadLine {
  const given = new Map<string, string>();
  const args: string[] = [];
  let open: OptionRow | null = null;
  let isOver = false;
  for (const word of words) {
    const [flag = '', ...value] = word.split('=');
    const option = isOver ? undefined : row.options.find((each) => flagsOf(each).includes(flag));
    if (open !== null) {
      given.set(longOf(open), word);
      open = null;
    } else if (word === '--' && !isOver) isOver = true;
    else if (option === undefined) {
      if (isOver || !word.startsWith('-')) args.push(word);
    } else {
      given.set(longOf(option), value.join('='));
      if (placeholderOf(option) !== '' && value.length === 0) open = option;
    }
  }
  return { given, args, open, isOver };
}

/** Each part of a placeholder is a kind of value, or where there are several a value itself: "<local|vm>". */
async function valuesOf(placeholder: string, line: Line, lookup: Lookup): Promise<Completion> {
  const parts = placeholder.split('|');
  const found: Candidate[] = [];
  let other: Completion | null = null;
  for (const part of parts) {
    const known = await lookup(part, line);
    if (known === null) found.push(...(parts.length > 1 ? [{ value: part, text: '' }] : []));
    else if (known.mode === 'words') found.push(...known.candidates);
    else other = known;
  }
  const words = matching(found, line.prefix);
  if (other === null) return words;
  // A shell lists files or takes words, not both: files, unless a word of ours was begun.
  return line.prefix !== '' && words.mode === 'words' && words.candidates.length > 0 ? words : other;
}

function firstWords(): readonly Candidate[] {
  const alone = COMMANDS.filter(({ name }) => !name.includes(' '));
  return [
    ...alone.map(({ name, summary }) => ({ value: name, text: summary })),
    ...Object.entries(ACTIONS_OF).map(([value, text]) => ({ value, text })),
    { value: '--help', text: 'what there is' },
    { value: '--version', text: 'of tapprep' },
  ];
}

function actionsOf(first: string): readonly Candidate[] {
  const rows = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
  return rows.map(({ name, summary }) => ({ value: name.slice(first.length + 1), text: summary }));
}

/** Options that the line does not have yet, or that may come again. */
function openOptions(row: CommandRow, given: ReadonlyMap<string, string>): readonly Candidate[] {
  const left = row.options.filter((option) => REPEATED.includes(option) || !given.has(longOf(option)));
  return [
    ...left.map((option) => ({ value: longOf(option), text: option[1] })),
    { value: '--help', text: 'what it takes' },
  ];
}

function matching(candidates: readonly Candidate[], prefix: string): Completion {
  return { mode: 'words', candidates: candidates.filter(({ value }) => value.startsWith(prefix)) };
}

function flagsOf([flags]: OptionRow): readonly string[] {
  return flags.split(/[ ,]+/).filter((word) => word.startsWith('-'));
}

/** "release" of "--kernel <release>"; empty for an option without a value. */
export function placeholderOf([flags]: OptionRow): string {
  return /<(.*)>$/.exec(flags)?.[1] ?? '';
}
