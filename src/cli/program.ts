/** The commands of tapprep as one table; commander is only the adapter from argv to it. */
import { Command, CommanderError, type Help, Option } from 'commander';
import { EXIT, exitCodeOf, TapprepError } from '../errors.ts';
import { proxyVariables, requireAllowed, withDefaults } from './apply-configuration.ts';
import { ACTIONS_OF, COMMANDS, commandsByTask, type CommandRow, meaningOf } from './commands.ts';
import { requireCache } from '../files/cache-mark.ts';
import { findMisspelt, NO_CONFIGURATION, readConfiguration } from './configuration.ts';
import { placeOfOptions, withAgain, withHelp, withHint } from './hint.ts';
import { readVersion } from './package-root.ts';
import { OF_HOST, type Raw, readCommon, REPEATED, requireWith, requireWithout } from './options.ts';
import { type Terminal, withProcessContext } from './process-context.ts';
import { indent, wrap } from './render/wrap.ts';
import type { TypedLine } from './settle-distro.ts';
import { usualCacheDir } from './user-directories.ts';

const EVERY_OPTION = COMMANDS.flatMap(({ options }) => options);

/** What is done with a command line that was understood. */
export type RunRow = (row: CommandRow, raw: Raw, args: readonly string[]) => Promise<void>;

/** The same as runProgram, but that an error is told, by which the exit code is decided. */
export async function runCommandLine(
  argv: readonly string[],
  packageRoot: string,
  terminal: Terminal = process,
): Promise<number> {
  try {
    return await runProgram(argv, packageRoot, terminal);
  } catch (error) {
    const { errorJson, renderError } = await import('./exit-codes.ts');
    const { createOutput } = await import('./output.ts');
    const isVerbose = argv.some((word) => word === '--verbose' || /^-[a-z]*v/.test(word));
    if (argv.includes('--json')) createOutput(terminal.stdout).jsonLines([errorJson(error)]);
    createOutput(terminal.stderr).write(renderError(error, isVerbose));
    return exitCodeOf(error);
  }
}

/** Parses argv and runs the command it names. @returns the exit code. @throws TapprepError */
export async function runProgram(
  argv: readonly string[],
  packageRoot: string,
  terminal: Terminal = process,
): Promise<number> {
  const { env } = terminal;
  let exitCode: number = EXIT.done;
  const program = buildProgram(async (row, given, args) => {
    // Where a file of it is wrong, help tells how to mend it.
    const configuration = row.name === 'help' ? NO_CONFIGURATION : await readConfiguration(env);
    requireAllowed(given, row.options, configuration, EVERY_OPTION);
    for (const [other, rows] of [['--host', OF_HOST] as const, ...(row.only ?? [])]) requireWith(given, other, rows);
    for (const [other, rows] of row.not ?? []) requireWithout(given, other, rows);
    const withDefault = row.options.filter((option) => row.asTyped?.includes(option) !== true);
    const typed = withDefaults(given, withDefault, configuration);
    const raw = typed['distro'] === undefined ? typed : await settleDistro(typed, { row, argv, env, packageRoot });
    Object.assign(env, proxyVariables(configuration, env));
    const place = placeOfOptions(raw, process.getuid?.() === 0);
    try {
      exitCode = await withProcessContext(terminal, readCommon(raw, env), packageRoot, place, async (context) => {
        if (row.options.some(([flags]) => flags.startsWith('--cache-dir ')))
          await requireCache(context.common.cacheDir, usualCacheDir(env));
        for (const { name, meant } of findMisspelt(env)) {
          const text = `the variable ${name} is unknown to tapprep and does nothing: did you mean ${meant}?`;
          context.emit({ type: 'note', level: 'warning', text });
        }
        return row.run(context, raw, args);
      });
    } catch (error) {
      throw withHint(withAgain(error, argv), place);
    }
  });
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    const row = findRow(argv);
    if (!(error instanceof CommanderError)) throw row === null ? error : withHelp(error, row.name);
    if (error.exitCode !== 0) throw usageError(error, argv);
  }
  return exitCode;
}

/** Where a machine was described to a command that works on one. */
const NOT_HERE = 'tapprep bundle --help, or tapprep rehearse --help';

/** What commander has against a command line, with a code. The error names an option that other commands take. */
function usageError({ code, message }: CommanderError, argv: readonly string[]): TapprepError {
  const row = findRow(argv);
  const name = row?.name ?? argv.find((word) => Object.hasOwn(ACTIONS_OF, word)) ?? null;
  const hint = name === null ? 'tapprep --help' : `tapprep ${name} --help`;
  if (code === 'commander.help' && name !== null) {
    const actions = COMMANDS.flatMap((each) =>
      each.name.startsWith(`${name} `) ? [each.name.slice(name.length + 1)] : [],
    );
    return new TapprepError('USAGE', `tapprep ${name} does ${actions.join(', ')}, and none of them was named`, {
      hint,
    });
  }
  const refused = row === null ? undefined : argv.find((word) => isElsewhere(row, word));
  const why = refused === undefined ? message.replace(/^error: /, '') : `tapprep ${name} does not take ${refused}`;
  const isDescription = row?.target === true && (refused === '--distro' || refused === '--facts');
  return new TapprepError('USAGE', why, { hint: isDescription ? NOT_HERE : hint });
}

function findRow(argv: readonly string[]): CommandRow | null {
  const words = argv.filter((word) => !word.startsWith('-'));
  const names = [words.slice(0, 2).join(' '), words[0] ?? ''];
  return COMMANDS.find(({ name }) => names.includes(name)) ?? null;
}

/** Whether a word is an option that another command takes and this one does not. */
function isElsewhere(row: CommandRow, word: string): boolean {
  const has = ({ options }: CommandRow): boolean =>
    options.some(([flags]) => flags.split(/[ ,]+/).includes(word.split('=', 1)[0] ?? ''));
  return word.startsWith('-') && !has(row) && COMMANDS.some(has);
}

const MANUAL = 'tapprep help: the manual, with targets, SystemTap, sources, trust and exit codes';

/** The parser of the whole command line. @param run called once for a line that names a command and has its options right */
export function buildProgram(run: RunRow): Command {
  const program = new Command('tapprep')
    .description('Takes a Linux machine to a proven SystemTap environment.')
    .version(
      readVersion(),
      '-V, --version',
      'the version; with --json also commit, Node, mirror list and SystemTap releases',
    )
    .helpCommand(false)
    .addHelpText('after', ({ command }) => `\n${wrap(MANUAL, widthOf(command)).join('\n')}\n`);
  silent(program);
  for (const [row, heading] of commandsByTask().flatMap(([task, rows]) => rows.map((each) => [each, task] as const))) {
    const command = buildCommand(row);
    command.action(async (...values: unknown[]) => {
      const args = values
        .slice(0, row.args?.length ?? 0)
        .flat()
        .filter((value) => typeof value === 'string');
      await run(row, command.opts(), args);
    });
    const parent = parentOf(program, row);
    parent.addCommand(command);
    (parent === program ? command : parent).helpGroup(`${heading}:`);
  }
  return program;
}

/** The program, or for an action the command that it belongs to. */
function parentOf(program: Command, { name }: CommandRow): Command {
  const [first = '', action] = name.split(' ');
  if (action === undefined) return program;
  const known = program.commands.find((command) => command.name() === first);
  if (known !== undefined) return known;
  const parent = silent(new Command(first)).description(ACTIONS_OF[first] ?? '');
  program.addCommand(parent);
  return parent;
}

/** Only a line that names a distribution reads the tables and lists of them. */
async function settleDistro(raw: Raw, line: TypedLine): Promise<Raw> {
  return (await import('./settle-distro.ts')).settleDistro(raw, line);
}

/** Errors are thrown and told in one place, not printed here. */
function silent(command: Command): Command {
  return command
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .configureHelp({ formatItem });
}

function renderEnds({ ends }: CommandRow, columns: number): string {
  return ends === undefined ? '' : `\nExit status:\n${indent(wrap(ends, columns - 2), 2).join('\n')}\n`;
}

/** As commander takes it for the lines above. */
function widthOf(command: Command): number {
  return command.configureOutput().getOutHelpWidth?.() ?? USUAL_WIDTH;
}

const USUAL_WIDTH = 80;
/** Fewer columns than these for a meaning beside its option, and it stands below. */
const NARROW = 40;

/** An option, an argument or a command with its meaning: commander's own does not break lines where the column of names is wide. */
function formatItem(term: string, termWidth: number, meaning: string, { helpWidth = USUAL_WIDTH }: Help): string {
  const left = termWidth + 4;
  if (helpWidth - left >= NARROW) {
    const [first = '', ...more] = wrap(meaning, helpWidth - left);
    return [`  ${term.padEnd(termWidth)}  ${first}`.trimEnd(), ...indent(more, left)].join('\n');
  }
  return [`  ${term}`, ...indent(wrap(meaning, helpWidth - 6), 6)].join('\n');
}

/** Options that set one value, as --debuginfo and --no-debuginfo do: a line that has both does not say which is meant. */
function refuseBoth(command: Command): void {
  const given = new Map<string, string>();
  for (const option of command.options)
    command.on(`option:${option.name()}`, () => {
      const key = option.attributeName();
      const [flag, other] = [option.long ?? option.flags, given.get(key)];
      if (other !== undefined && other !== flag)
        throw new TapprepError('USAGE', `${other} and ${flag} contradict each other, but both were given`);
      given.set(key, flag);
    });
}

function buildCommand(row: CommandRow): Command {
  const command = silent(new Command(row.name.split(' ').at(-1))).description(row.summary);
  for (const [name, description] of row.args ?? []) command.argument(name, description);
  for (const listed of row.options) {
    const [flags, , group = 'Options:'] = listed;
    const option = new Option(flags, meaningOf(row, listed)).helpGroup(group);
    if (REPEATED.includes(listed)) option.argParser<string[]>((value, list) => [...(list ?? []), value]);
    command.addOption(option);
  }
  refuseBoth(command);
  const examples = `\nExamples:\n${row.examples.map((line) => `  tapprep ${line}\n`).join('')}`;
  return command.addHelpText('after', () => `${renderEnds(row, widthOf(command))}${examples}`);
}
