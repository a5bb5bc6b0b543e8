/** The entry point: answers --version without loading anything, hands the rest to the program, sets the exit code. */
import { EXIT, exitCodeOf } from '../errors.ts';
import { PACKAGE_ROOT, readVersion } from './package-root.ts';

/** Runs the process's command line. Never rejects: a failure is told on standard error and in the exit code. */
export async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    process.stdout.write(`${readVersion()}\n`);
    return;
  }
  // A reader that goes away (head, a closed terminal) is no fault of ours and must not leave a stack trace.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exitCode = error.code === 'EPIPE' ? EXIT.done : EXIT.notReady;
  });
  const { runProgram } = await import('./program.ts');
  try {
    process.exitCode = await runProgram(argv, PACKAGE_ROOT);
  } catch (error) {
    const { errorJson, renderError } = await import('./exit-codes.ts');
    if (argv.includes('--json')) process.stdout.write(`${JSON.stringify(errorJson(error))}\n`);
    process.stderr.write(renderError(error, argv.includes('--verbose')));
    process.exitCode = exitCodeOf(error);
  }
}
