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
  // Keeps V8's young generation at its first size. The small objects of loading, of indexes and of streams make it grow to
  // 32 MB although nearly all of them die at once: fetching 1 GiB takes 25 MB less without growth and is no slower.
  process.getBuiltinModule('node:v8').setFlagsFromString('--semi-space-growth-factor=1');
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
