/** Runs one program on this machine: with filter-file.ts the only caller of execa. */
import { createReadStream, existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import { TapprepError } from '../errors.ts';
import { interrupted, refuseWhenStopped } from '../interruption.ts';
import { createBoundedOutput } from './bounded-output.ts';
import type { RunOptions, RunResult } from './host.ts';

/** Nothing that tapprep starts may wait for ever; callers with long work give their own limit. */
const DEFAULT_TIMEOUT_MS = 30 * 60_000;
const KILL_AFTER_MS = 5_000;

/** What the hosts themselves need beside RunOptions. */
export interface ProcessOptions extends Omit<RunOptions, 'env'> {
  /** Comes before the rest of its standard input. */
  readonly inputBefore?: string;
  /** Sees every piece of output first; what it returns is the program's. */
  readonly filter?: (chunk: Uint8Array, stream: 'stdout' | 'stderr') => Uint8Array;
  /** Takes standard output, which is then not in the result. */
  readonly onStdout?: (chunk: Uint8Array) => void;
}

/**
 * Runs argv without a shell, in a session of its own: a time limit or an abort ends its children too, and the signals of
 * the terminal reach tapprep alone. What must come to its end (`untilEnd`) is ended by the time limit only.
 * Output beyond 8 MiB a stream is cut in the middle.
 * @param env the whole environment of the program
 * @throws TapprepError TOOL_MISSING, PERMISSION (not executable), INTERRUPTED (options.signal), INTERNAL
 */
export async function runProcess(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  options: ProcessOptions = {},
): Promise<RunResult> {
  const [file, ...args] = argv;
  if (file === undefined) throw new TapprepError('INTERNAL', 'asked to run an empty command');
  const { signal, untilEnd = false, onLine, onStdout, filter = (chunk: Uint8Array) => chunk } = options;
  refuseWhenStopped(signal, `before ${file} was run`);
  // Loaded here: its hundred files would cost every run that starts no program a tenth of a second.
  const { execa } = await import('execa');
  const started = performance.now();
  const stdout = createBoundedOutput(onLine === undefined ? undefined : (line) => onLine(line, 'stdout'));
  const stderr = createBoundedOutput(onLine === undefined ? undefined : (line) => onLine(line, 'stderr'));
  const child = execa(file, args, {
    env: { ...env },
    extendEnv: false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...describeInput(options),
    ...(signal === undefined || untilEnd ? {} : { cancelSignal: signal }),
    cleanup: !untilEnd,
    timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    forceKillAfterDelay: KILL_AFTER_MS,
    killDescendants: true,
    reject: false,
    buffer: false,
    encoding: 'buffer',
  });
  const takeStdout = onStdout ?? ((chunk: Uint8Array): void => stdout.push(chunk));
  child.stdout.on('data', (chunk: Uint8Array) => takeStdout(filter(chunk, 'stdout')));
  child.stderr.on('data', (chunk: Uint8Array) => stderr.push(filter(chunk, 'stderr')));
  const result = await child;
  if (result.isCanceled && signal !== undefined)
    throw interrupted(signal, `while running ${file}`, { facts: { argv } });
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

function describeInput({ input, inputFile, inputBefore = '' }: ProcessOptions) {
  if (inputFile !== undefined) {
    const file = createReadStream(inputFile.path, { start: inputFile.offset });
    return { input: inputBefore === '' ? file : Readable.from(concatenate(inputBefore, file)) };
  }
  if (inputBefore !== '') return { input: Buffer.concat([Buffer.from(inputBefore), Buffer.from(input ?? '')]) };
  return input === undefined ? { stdin: 'ignore' as const } : { input };
}

async function* concatenate(text: string, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
  yield* rest;
}

/** A program that runs beside everything else until its standard input is closed. */
export interface Companion {
  /** Standard error so far, its end. */
  readonly said: () => string;
  /** Whether it has ended by now. */
  readonly hasEnded: () => boolean;
  /** Whether there is no such program, once it has ended. */
  readonly isMissing: () => boolean;
  readonly ended: Promise<void>;
  /** Closes its standard input, and ends it where that does not. */
  stop(): Promise<void>;
}

/**
 * Starts a companion. It has a session of its own, so that Ctrl-C does not reach it before what depends on it; its input
 * is closed, whatever becomes of this process.
 * @param onStdout takes its standard output
 */
export async function startCompanion(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  onStdout: (chunk: Uint8Array) => void,
): Promise<Companion> {
  const [file = '', ...args] = argv;
  const { execa } = await import('execa');
  const child = execa(file, args, {
    env: { ...env },
    extendEnv: false,
    stdin: 'pipe',
    detached: true,
    reject: false,
    buffer: false,
    encoding: 'buffer',
  });
  const state = { ended: false, missing: false, said: '' };
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', onStdout);
  child.stderr.on('data', (chunk: Uint8Array) => {
    state.said = (state.said + Buffer.from(chunk).toString('utf8')).slice(-SAID_CHARS);
  });
  const ended = child.then(({ code }) => {
    state.ended = true;
    state.missing = code === 'ENOENT';
  });
  return {
    said: () => state.said,
    hasEnded: () => state.ended,
    isMissing: () => state.missing,
    ended,
    stop: async () => {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

const SAID_CHARS = 8192;

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
