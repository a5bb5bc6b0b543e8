/** The commands of tapprep as one table; commander is only the adapter from argv to it. */
import { Command, CommanderError, Option } from 'commander';
import { EXIT } from '../errors.ts';
import { COMMANDS, type CommandRow } from './commands.ts';
import { placeOfOptions, withHint } from './hint.ts';
import { readVersion } from './package-root.ts';
import { COMMON, LISTS, type Raw, readCommon, TARGET } from './options.ts';
import { withProcessContext } from './process-context.ts';

/** What is done with a command line that was understood. */
export type RunRow = (row: CommandRow, raw: Raw, args: readonly string[]) => Promise<void>;

/** Parses argv and runs the command it names. @returns the exit code. @throws TapprepError */
export async function runProgram(argv: readonly string[], packageRoot: string): Promise<number> {
  let exitCode: number = EXIT.done;
  const program = buildProgram(async (row, raw, args) => {
    const place = placeOfOptions(raw, process.getuid?.() === 0);
    try {
      exitCode = await withProcessContext(readCommon(raw, process.env), packageRoot, place, (context) =>
        row.run(context, raw, args),
      );
    } catch (error) {
      throw withHint(error, place);
    }
  });
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    // Commander has already printed what is wrong; help and version end here too, with exit code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    throw error;
  }
  return exitCode;
}

/** The parser of the whole command line. @param run called once for a line that names a command and has its options right */
export function buildProgram(run: RunRow): Command {
  const program = new Command('tapprep')
    .description('Takes a Linux machine to a proven SystemTap environment.')
    .version(readVersion(), '-V, --version')
    .showHelpAfterError('(tapprep --help lists the commands)')
    .exitOverride();
  for (const row of COMMANDS) {
    const command = buildCommand(row);
    command.action(async (...values: unknown[]) => {
      const args = values
        .slice(0, row.args?.length ?? 0)
        .flat()
        .filter((value) => typeof value === 'string');
      await run(row, command.opts(), args);
    });
    program.addCommand(command);
  }
  return program;
}

function buildCommand(row: CommandRow): Command {
  const command = new Command(row.name).description(row.summary).exitOverride();
  for (const [name, description] of row.args ?? []) command.argument(name, description);
  for (const [flags, description] of [...(row.target ? TARGET : []), ...(row.options ?? []), ...COMMON]) {
    command.addOption(new Option(flags, description));
  }
  for (const [flags, description] of LISTS) {
    command.addOption(new Option(flags, description).argParser<string[]>((value, list) => [...(list ?? []), value]));
  }
  return command;
}
