/** Runs one program on this machine: the only caller of execa. */
import { existsSync } from 'node:fs';
import { TapprepError } from '../errors.ts';
import { createBoundedOutput } from './bounded-output.ts';
import type { RunOptions, RunResult } from './host.ts';

/** Nothing that tapprep starts may wait for ever; callers with long work give their own limit. */
const DEFAULT_TIMEOUT_MS = 30 * 60_000;
const KILL_AFTER_MS = 5_000;

/**
 * Runs argv without a shell, in a process group of its own so that a time limit or an abort ends its children too.
 * Output beyond 8 MiB a stream is cut in the middle.
 * @param env the whole environment of the program
 * @throws TapprepError TOOL_MISSING, PERMISSION (not executable), INTERRUPTED (options.signal), INTERNAL
 */
export async function runProcess(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  options: Omit<RunOptions, 'env'> = {},
): Promise<RunResult> {
  const [file, ...args] = argv;
  if (file === undefined) throw new TapprepError('INTERNAL', 'asked to run an empty command');
  const { signal, onLine } = options;
  if (signal?.aborted === true) throw interrupted(argv);
  // Loaded here: its hundred files would cost every run that starts no program a tenth of a second.
  const { execa } = await import('execa');
  const started = performance.now();
  const stdout = createBoundedOutput(onLine === undefined ? undefined : (line) => onLine(line, 'stdout'));
  const stderr = createBoundedOutput(onLine === undefined ? undefined : (line) => onLine(line, 'stderr'));
  const child = execa(file, args, {
    env: { ...env },
    extendEnv: false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(signal === undefined ? {} : { cancelSignal: signal }),
    timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    forceKillAfterDelay: KILL_AFTER_MS,
    killDescendants: true,
    reject: false,
    buffer: false,
    encoding: 'buffer',
  });
  child.stdout.on('data', (chunk: Uint8Array) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Uint8Array) => stderr.push(chunk));
  const result = await child;
  if (result.isCanceled) throw interrupted(argv);
  if (result.code !== undefined && !result.timedOut && result.exitCode === undefined && result.signal === undefined) {
    throw startFailure(file, options.cwd, result.code, result.cause);
  }
  return {
    argv,
    exitCode: result.timedOut ? null : (result.exitCode ?? null),
    stdout: stdout.end(),
    stderr: stderr.end(),
    timedOut: result.timedOut,
    seconds: (performance.now() - started) / 1000,
  };
}

function interrupted(argv: readonly string[]): TapprepError {
  return new TapprepError('INTERRUPTED', `stopped while running ${argv[0] ?? ''}`, { facts: { argv } });
}

function startFailure(file: string, cwd: string | undefined, code: string, cause: unknown): TapprepError {
  // spawn answers ENOENT for a missing working directory as well.
  if (code === 'ENOENT' && cwd !== undefined && !existsSync(cwd)) {
    return new TapprepError('INTERNAL', `cannot run ${file}: its working directory ${cwd} does not exist`, { cause });
  }
  if (code === 'ENOENT') {
    return new TapprepError('TOOL_MISSING', `${file} is needed but is not installed`, { facts: { tool: file }, cause });
  }
  if (code === 'EACCES') {
    return new TapprepError('PERMISSION', `${file} is there but this user may not run it`, {
      facts: { tool: file },
      cause,
    });
  }
  return new TapprepError('INTERNAL', `${file} could not be started: ${code}`, { facts: { tool: file }, cause });
}
