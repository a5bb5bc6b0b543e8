/** The entry point: answers --version without loading anything, hands the rest to the program, sets the exit code. */
import { EXIT, exitCodeOf, TapprepError } from '../errors.ts';
import { PACKAGE_ROOT, readVersion } from './package-root.ts';

/** Runs the process's command line. Never rejects: a failure shows on standard error and in the exit code. */
export async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    process.stdout.write(`${readVersion()}\n`);
    return;
  }
  if (argv.length === 2 && argv.includes('--json') && argv.some((word) => word === '--version' || word === '-V')) {
    const [{ readVersionFacts }, { createOutput }] = await Promise.all([
      import('./version-json.ts'),
      import('./output.ts'),
    ]);
    createOutput(process.stdout).json(readVersionFacts(PACKAGE_ROOT, process.versions.node));
    return;
  }
  if (argv[0] === '__complete') {
    const { printCompletions } = await import('./commands/completion.ts');
    const { createOutput } = await import('./output.ts');
    await printCompletions(argv.slice(1), createOutput(process.stdout));
    return;
  }
  // Keeps V8's young generation at its first size. The small objects of loading, of indexes and of streams make it grow to
  // 32 MB although nearly all of them die at once: fetching 1 GiB takes 25 MB less without growth and is no slower.
  process.getBuiltinModule('node:v8').setFlagsFromString('--semi-space-growth-factor=1');
  // A reader that goes away (head, a closed terminal) is no fault of ours and must not leave a stack trace.
  // Any other failure to write standard output is reported, and overrides the command's exit code.
  let lost: TapprepError | null = null;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') {
      process.exitCode = EXIT.done;
      return;
    }
    if (lost !== null) return;
    lost = describeLoss(error);
    process.stderr.write(`tapprep: ${lost.code}: ${lost.message}\n`);
    process.exitCode = exitCodeOf(lost);
  });
  // Nobody is left to be told; what a signal began, as when the terminal was closed, still comes to its end.
  process.stderr.on('error', () => undefined);
  const { runCommandLine } = await import('./program.ts');
  const exitCode = await runCommandLine(argv, PACKAGE_ROOT);
  process.exitCode = lost === null ? exitCode : exitCodeOf(lost);
}

function describeLoss({ code }: NodeJS.ErrnoException): TapprepError {
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return full
    ? new TapprepError('NO_SPACE', `standard output takes no more: there is no space left where it goes (${code})`)
    : new TapprepError('PERMISSION', `standard output cannot be written (${code ?? 'no reason given'})`);
}
