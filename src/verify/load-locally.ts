/** Loads one module into the kernel that runs this machine. */
import { posix } from 'node:path';
import { isTapprepError, TapprepError } from '../errors.ts';
import type { Host, RunResult } from '../host/host.ts';
import { script } from '../host/scripts.ts';
import { runAsRoot } from '../make-remedy.ts';
import { shellLine } from '../shell-words.ts';
import type { Blame } from '../types.ts';
import { judgeEnd, type LoadResult } from './load-result.ts';
import { blame, type Fault } from './step.ts';
import { quoteOutput } from './tool-words.ts';

export interface LocalLoad {
  /** On the host. */
  readonly modulePath: string;
  /** Must be printed for a pass; null where running without error is enough. */
  readonly marker: string | null;
  /** To whom it is due when the module itself does not do what it should. */
  readonly own: Blame | null;
  /** Run again and again while the module is loaded, until it ends. */
  readonly trigger: readonly string[] | null;
  /** Told to go after so many seconds; null for a module that ends by itself. */
  readonly stopAfterSeconds: number | null;
  readonly staprunArgv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly signal: AbortSignal;
}

const TRIGGER_EVERY_MS = 500;
const REMOVE_TIMEOUT_MS = 30_000;

/**
 * SECONDS PROGRAM [ARGUMENT]...: tells the program to go once its time is up, and ends as it does. In place of timeout(1), which
 * EL5 does not have, and which keeps the program's status neither in EL6 nor in busybox. A signal that arrives meanwhile is handed on.
 * The timer holds no output open, and ends with the program. POSIX sh.
 */
export const END_AFTER = `
seconds=$1
shift
"$@" &
program=$!
trap 'kill -TERM "$program" 2>/dev/null' TERM HUP INT
{
  trap 'kill "$sleeper"; exit 0' TERM HUP INT
  sleep "$seconds" &
  sleeper=$!
  wait "$sleeper" && kill -TERM "$program"
} </dev/null >/dev/null 2>&1 &
timer=$!
# A signal ends the wait, and not the program.
while
  wait "$program"
  status=$?
  [ "$status" -gt 128 ] && kill -0 "$program" 2>/dev/null
do :; done
kill "$timer" 2>/dev/null
exit "$status"`;

/**
 * Loads the module, hears it, and sees to it that it is gone afterwards, also when it was stopped.
 * @throws TapprepError TOOL_MISSING, INTERRUPTED
 */
export async function loadLocally(host: Host, load: LocalLoad): Promise<LoadResult> {
  const run = await runWithTrigger(host, load).catch(async (error: unknown) => {
    // Why it ended goes before whatever this meets.
    const left = await takeOut(host, load).catch(() => null);
    throw left === 'stays' && isTapprepError(error) ? tellStays(host, load, error) : error;
  });
  const removed = (await takeOut(host, load)) === 'gone';
  const output = quoteOutput(`${run.stdout}\n${run.stderr}`);
  return { fault: findFault(load, run, removed), output, seconds: run.seconds };
}

/** Returns or throws once staprun has ended; a trigger that fails ends it. */
async function runWithTrigger(host: Host, load: LocalLoad): Promise<RunResult> {
  const state = { running: true };
  const failed = new AbortController();
  const { env, timeoutMs, stopAfterSeconds } = load;
  const argv = [...load.staprunArgv, load.modulePath];
  const watched = stopAfterSeconds === null ? argv : script(END_AFTER, [String(stopAfterSeconds), ...argv]);
  const signal = AbortSignal.any([load.signal, failed.signal]);
  const staprun = host.run(watched, { env, timeoutMs, signal }).finally(() => {
    state.running = false;
  });
  const trigger = pullTrigger(host, load, state).catch((error: unknown) => {
    failed.abort();
    throw error;
  });
  const [run, pulled] = await Promise.allSettled([staprun, trigger]);
  if (pulled.status === 'rejected') throw pulled.reason;
  if (run.status === 'rejected') throw run.reason;
  return run.value;
}

/** Not left behind, whatever it was that kept it there: whether it had gone by itself. No signal ends this. */
async function takeOut(host: Host, load: LocalLoad): Promise<'gone' | 'taken' | 'stays'> {
  const name = nameOf(load);
  if (!(await isLoaded(host, name))) return 'gone';
  await host.run([...load.staprunArgv, '-d', name], { env: load.env, timeoutMs: REMOVE_TIMEOUT_MS });
  return (await isLoaded(host, name)) ? 'stays' : 'taken';
}

function tellStays(host: Host, load: LocalLoad, error: TapprepError): TapprepError {
  const name = nameOf(load);
  return new TapprepError(error.code, `${error.message}; the module ${name} is still in the kernel of ${host.name}`, {
    remedy: runAsRoot(shellLine`staprun -d ${name}`),
    facts: error.facts,
    cause: error,
  });
}

function nameOf({ modulePath }: LocalLoad): string {
  return posix.basename(modulePath, '.ko');
}

async function pullTrigger(host: Host, load: LocalLoad, state: { readonly running: boolean }): Promise<void> {
  if (load.trigger === null) return;
  while (state.running) {
    await load.sleep(TRIGGER_EVERY_MS);
    if (state.running) await host.run(load.trigger, { timeoutMs: load.timeoutMs, signal: load.signal });
  }
}

async function isLoaded(host: Host, name: string): Promise<boolean> {
  const modules = (await host.readText('/proc/modules')) ?? '';
  return modules.split('\n').some((line) => line.startsWith(`${name} `));
}

function findFault(
  { timeoutMs, marker, own }: LocalLoad,
  run: {
    readonly exitCode: number | null;
    readonly stdout: string;
    readonly stderr: string;
    readonly timedOut: boolean;
  },
  removed: boolean,
): Fault | null {
  if (run.timedOut) return blame('this-machine', `staprun did not end within ${timeoutMs / 1000} s`);
  const missed = marker !== null && !run.stdout.includes(marker) ? marker : null;
  return judgeEnd({ exitStatus: run.exitCode, stderr: run.stderr, missed, removed }, own);
}
