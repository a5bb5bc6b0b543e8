/** Builds one script into a kernel module on the target (stap passes 1 to 4; man stap, "-p4"). */
import { posix } from 'node:path';
import { isTapprepError, TapprepError } from '../errors.ts';
import type { Host, RunOptions, RunResult } from '../host/host.ts';
import { say } from '../sentence.ts';
import type { Runtime, Sentence } from '../types.ts';
import { findErrorLines, quoteOutput } from './tool-words.ts';

/** What is taken from stap's cache: all, or only what it found in the kernel's headers, or nothing. */
export type Reuse = 'module' | 'headers' | 'nothing';

/** How the files are called that stap makes for each. */
const ENDINGS: Readonly<Record<Runtime, string>> = { module: '.ko', bpf: '.bo' };

export interface CompileRequest {
  /** What stap -r takes: uname -r of the kernel to build for, or the directory of its build tree. */
  readonly kernel: string;
  readonly script: string;
  /** Name of the module; where stap keeps it, it has a name of stap's own. */
  readonly name: string;
  /** What runs it; a kernel module where left out. */
  readonly runtime?: Runtime;
  /** The script's own arguments ($1, @1 …). */
  readonly args?: readonly string[];
  /** How stap is called; a portable SystemTap needs more than its name. */
  readonly stapArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Conditions in the script that this SystemTap meets whatever its version says. */
  readonly lifts?: readonly string[];
  /** Directory on the target for the script, temporary files and the module; made when it is not there. */
  readonly outDir: string;
  /** Directory on the target for stap's cache; one in outDir, and thus empty at first, when left out. */
  readonly cacheDir?: string;
  /** Default nothing. stap keeps only modules that it has named itself, by the digest of all that they are made from. */
  readonly reuse?: Reuse;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What every stap that can be asked meets. */
const MET = 'systemtap_v >= "0.1"';

function lift(script: string, conditions: readonly string[]): string {
  return conditions.reduce((text, condition) => text.replaceAll(condition, MET), script);
}

export interface CompileResult {
  /** On the target; null when it did not compile. */
  readonly modulePath: string | null;
  readonly exitCode: number | null;
  /** What went wrong, in the compiler's or stap's own words; null when it compiled. */
  readonly reason: Sentence | null;
  /** It was ended because its time was over. */
  readonly timedOut: boolean;
  readonly output: string;
  readonly seconds: number;
}

/**
 * Without its directory, which is another one each time: the names of a script's functions are made of the path that stap
 * was given, and by them it knows what it has kept.
 */
const SCRIPT_FILE = 'script.stp';
/** The tracepoints of a kernel take a minute, and many times that on a machine that has other things to do. */
const TIMEOUT_MS = 30 * 60_000;

/**
 * Compiles one script. That it does not compile is a result.
 * @throws TapprepError TOOL_MISSING (no stap there), NOT_ROOT, PERMISSION, INTERRUPTED
 */
export async function compileModule(host: Host, request: CompileRequest): Promise<CompileResult> {
  const { outDir, name } = request;
  if (!/^[a-z0-9_]{1,55}$/.test(name)) throw new TapprepError('USAGE', `${name} cannot be the name of a module`);
  // stap refuses any other TMPDIR ("Safety pattern mismatch").
  if (!/^\/[-/._0-9a-zA-Z]+$/.test(outDir)) throw new TapprepError('USAGE', `${outDir} cannot be a directory for stap`);
  const { reuse: wanted = 'nothing', runtime = 'module' } = request;
  // Of programs for the bpf runtime stap keeps nothing.
  const reuse = runtime === 'bpf' && wanted === 'module' ? 'headers' : wanted;
  const modulePath = posix.join(outDir, `${name}${ENDINGS[runtime]}`);
  await host.removeFile(modulePath);
  await host.writeFile(posix.join(outDir, SCRIPT_FILE), lift(request.script, request.lifts ?? []), 0o644);
  const cacheDir = request.cacheDir ?? posix.join(outDir, '.systemtap');
  const run = await runWhole(
    host,
    cacheDir,
    [
      ...(request.stapArgv ?? ['stap']),
      ...(runtime === 'bpf' ? ['--bpf'] : []),
      '-p4',
      '-r',
      request.kernel,
      ...(reuse === 'module' ? [] : ['-m', name]),
      ...(reuse === 'nothing' ? ['--poison-cache'] : []),
      // What follows is never read as an option, whatever an argument begins with.
      '--',
      SCRIPT_FILE,
      ...(request.args ?? []),
    ],
    {
      cwd: outDir,
      proc: true,
      // SYSTEMTAP_DIR keeps the user's own rc file and cache out of it.
      // Where modules have to be signed, stap would want to sign by a key of its own, and does nothing without one.
      env: { TMPDIR: outDir, SYSTEMTAP_DIR: cacheDir, SYSTEMTAP_NOSIGN: '1', ...request.env },
      timeoutMs: request.timeoutMs ?? TIMEOUT_MS,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    },
  );
  const made = reuse === 'module' ? findNamed(run.stdout, [outDir, cacheDir]) : modulePath;
  const reason =
    run.exitCode !== 0
      ? reasonOf(run.timedOut, run.exitCode, run.stderr)
      : made === null
        ? `stap -p4 named no module below ${cacheDir}`
        : null;
  return {
    modulePath: reason === null ? made : null,
    exitCode: run.exitCode,
    reason: reason === null ? null : say(reason),
    timedOut: run.timedOut,
    output: quoteOutput(run.stderr),
    seconds: run.seconds,
  };
}

/** The module that stap -p4 says it has made or kept: in its cache, or in the directory that it runs in. */
function findNamed(stdout: string, places: readonly string[]): string | null {
  const path = posix.resolve(places[0] ?? '/', stdout.trim().split('\n').at(-1) ?? '');
  return path.endsWith('.ko') && places.some((place) => path.startsWith(`${place}/`)) ? path : null;
}

/**
 * A stap that is ended keeps every tracepoint header that it had not come to as one without tracepoints, and believes that
 * ever after: then its cache goes, too.
 */
async function runWhole(
  host: Host,
  cacheDir: string,
  argv: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  const forget = (): Promise<unknown> => host.run(['rm', '-rf', '--', posix.join(cacheDir, 'cache')]);
  let run: RunResult;
  try {
    run = await host.run(argv, options);
  } catch (error) {
    if (isTapprepError(error, 'INTERRUPTED')) await forget();
    throw error;
  }
  if (run.timedOut) await forget();
  return run;
}

function reasonOf(timedOut: boolean, exitCode: number | null, stderr: string): string {
  if (timedOut) return 'stap -p4 did not end in time';
  const words = findErrorLines(stderr, 1).join('');
  return `stap -p4 exited with status ${exitCode ?? 'none'}: ${words === '' ? 'it gave no reason' : words}`;
}
