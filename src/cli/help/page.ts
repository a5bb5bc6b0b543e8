/** A page of the manual as data: the man pages and `tapprep help` are two ways to set the same one. */
import { EXIT } from '../../errors.ts';
import { upperFirst } from '../../sentence.ts';
import { ACTIONS_OF, COMMANDS, commandsByTask, type CommandRow, meaningOf } from '../commands.ts';
import { type Block, list, text } from './blocks.ts';
import { TOPICS } from './topics.ts';

export interface Section {
  readonly heading: string;
  readonly blocks: readonly Block[];
}

export interface Page {
  /** Of the page: "tapprep", "tapprep-cache-list". */
  readonly name: string;
  readonly summary: string;
  /** What is typed, without the program's name: ["plan", "[options]"]. */
  readonly synopsis: readonly string[];
  readonly sections: readonly Section[];
  /** Names of pages of section 1. */
  readonly seeAlso: readonly string[];
}

const pageName = (command: string): string => `tapprep-${command.replaceAll(' ', '-')}`;

const DONE = `${String(EXIT.done)} where everything was done and proven.`;

/** The page of a command. */
export function pageOfCommand(row: CommandRow): Page {
  const args = row.args ?? [];
  const others = COMMANDS.filter(({ name }) => name !== row.name && sameFamily(name, row.name));
  return {
    name: pageName(row.name),
    summary: row.summary,
    synopsis: [row.name, ...(row.options.length === 0 ? [] : ['[options]']), ...args.map(([name]) => name)],
    sections: [
      { heading: 'Description', blocks: [text(describe(row)), ...(args.length === 0 ? [] : [list(args)])] },
      ...optionSections(row),
      { heading: 'Exit status', blocks: [text(`${row.ends ?? DONE} "tapprep help exit-codes" has the others.`)] },
      { heading: 'Examples', blocks: [{ kind: 'lines', lines: row.examples.map((line) => `tapprep ${line}`) }] },
    ],
    seeAlso: ['tapprep', ...others.map(({ name }) => pageName(name))],
  };
}

/** The page of the program: every command, then every topic. */
function mainPage(): Page {
  return {
    name: 'tapprep',
    summary: 'takes a Linux machine to a proven SystemTap environment',
    synopsis: ['<command>', '[options]'],
    sections: [
      {
        heading: 'Description',
        blocks: [
          text(
            'Finds the packages that match a kernel exactly, downloads and verifies them, installs them, runs hello world inside that kernel, and explains what is wrong when something is. Each command has a page of its own and takes --help.',
          ),
        ],
      },
      { heading: 'Commands', blocks: listCommands() },
      ...TOPICS.map(({ title, blocks }) => ({ heading: title, blocks: blocks() })),
    ],
    seeAlso: COMMANDS.map(({ name }) => pageName(name)),
  };
}

export function listCommands(): readonly Block[] {
  return commandsByTask().flatMap(([heading, rows]) => [
    text(`${heading}:`),
    list(rows.map(({ name, summary }) => [name, summary])),
  ]);
}

/** Every page of the manual. */
export function allPages(): readonly Page[] {
  return [mainPage(), ...COMMANDS.map(pageOfCommand)];
}

function sameFamily(one: string, other: string): boolean {
  const [first = ''] = one.split(' ');
  return Object.hasOwn(ACTIONS_OF, first) && other.startsWith(`${first} `);
}

function describe({ summary, about }: CommandRow): string {
  const sentence = `${upperFirst(summary)}.`;
  return about === undefined ? sentence : `${sentence} ${about}`;
}

function optionSections(row: CommandRow): readonly Section[] {
  const { options } = row;
  const groups = [...new Set(options.map(([, , group = 'Options:']) => group))];
  return groups.map((group) => {
    const listed = options.filter(([, , own = 'Options:']) => own === group);
    const heading = group === 'Options:' ? 'Options' : `${group.slice(0, -1)} options`;
    return { heading, blocks: [list(listed.map((option) => [option[0], meaningOf(row, option)]))] };
  });
}
