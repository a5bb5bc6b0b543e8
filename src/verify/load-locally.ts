/** Loads one module into the kernel that runs this machine. */
import { posix } from 'node:path';
import type { Host } from '../host/host.ts';
import type { LoadResult } from './load-result.ts';
import { findErrorLines, quoteOutput } from './tool-words.ts';

export interface LocalLoad {
  /** On the host. */
  readonly modulePath: string;
  /** Must be printed for a pass; null where running without error is enough. */
  readonly marker: string | null;
  /** Run again and again while the module is loaded, until it ends. */
  readonly trigger: readonly string[] | null;
  readonly staprunArgv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly signal: AbortSignal;
}

const TRIGGER_EVERY_MS = 500;

/** @throws TapprepError TOOL_MISSING, INTERRUPTED */
export async function loadLocally(host: Host, load: LocalLoad): Promise<LoadResult> {
  const state = { running: true };
  const staprun = host
    .run([...load.staprunArgv, load.modulePath], { env: load.env, timeoutMs: load.timeoutMs, signal: load.signal })
    .finally(() => {
      state.running = false;
    });
  const pulling = (async (): Promise<void> => {
    while (state.running && load.trigger !== null) {
      await load.sleep(TRIGGER_EVERY_MS);
      if (state.running) await host.run(load.trigger, { timeoutMs: load.timeoutMs, signal: load.signal });
    }
  })();
  const [run] = await Promise.all([staprun, pulling]);
  const name = posix.basename(load.modulePath, '.ko');
  const modules = (await host.readText('/proc/modules')) ?? '';
  const removed = !modules.split('\n').some((line) => line.startsWith(`${name} `));
  const output = quoteOutput(`${run.stdout}\n${run.stderr}`);
  return { reason: reasonOf(load, run, removed), output, seconds: run.seconds };
}

function reasonOf(
  load: LocalLoad,
  run: {
    readonly exitCode: number | null;
    readonly stdout: string;
    readonly stderr: string;
    readonly timedOut: boolean;
  },
  removed: boolean,
): string | null {
  if (run.timedOut) return `staprun did not end within ${load.timeoutMs / 1000} s`;
  if (run.exitCode !== 0)
    return `staprun exited with status ${run.exitCode ?? 'none'}: ${findErrorLines(run.stderr, 1).join('')}`;
  if (load.marker !== null && !run.stdout.includes(load.marker))
    return `the module ran, but "${load.marker}" was not printed`;
  return removed ? null : 'the module is still in the kernel';
}
