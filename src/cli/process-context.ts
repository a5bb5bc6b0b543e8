/** Makes the context of a command out of the process: streams, environment, signals, renderer. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { escapeControl, redact } from '../errors.ts';
import type { Place } from '../diagnose/place.ts';
import { asInterruption } from '../interruption.ts';
import type { CommonOptions, Context } from './context.ts';
import { withTemporaryDirectory } from '../files/temporary-directory.ts';
import { createOutput } from './output.ts';
import { createRenderer } from './render/renderer.ts';
import { askSecret, readSecretFile } from './secret.ts';
import { listenForStop } from './stop-signals.ts';

/**
 * Runs a command as withContext does; in a dry run, indexes that it reads go to a directory that ends with it. Without a
 * network nothing is written to the cache anyway, and nothing else could be read.
 */
export async function withProcessContext(
  common: CommonOptions,
  packageRoot: string,
  place: Place,
  body: (context: Context) => Promise<number>,
): Promise<number> {
  // Libraries that colour what they draw look there.
  if (!common.color) process.env['NO_COLOR'] = '1';
  if (!common.dryRun || common.offline) return withContext(common, packageRoot, place, body);
  return withTemporaryDirectory(tmpdir(), 'tapprep-dry-run-', (directory) =>
    withContext({ ...common, cacheDir: join(directory, 'cache') }, packageRoot, place, body),
  );
}

/** Runs a command with the process's own context; the renderer is closed and the signal handlers are taken away afterwards. */
/** Runs a command with the process's own context; the renderer is closed and the signal handlers are taken away afterwards. */
async function withContext(
  common: CommonOptions,
  packageRoot: string,
  place: Place,
  body: (context: Context) => Promise<number>,
): Promise<number> {
  const stderrIsTerminal = process.stderr.isTTY;
  const renderer = createRenderer(process.stderr, {
    quiet: common.quiet,
    verbose: common.verbose,
    terminal: stderrIsTerminal,
  });
  const stop = listenForStop(() => performance.now());
  const { signal } = stop;
  const closers: (() => Promise<void>)[] = [];
  const ask = async (question: string): Promise<string | null> => {
    if (!process.stdin.isTTY || !stderrIsTerminal) return null;
    await renderer.pause();
    return askSecret(process.stdin, process.stderr, escapeControl(question), signal);
  };
  try {
    return await body({
      stdin: process.stdin,
      stdout: createOutput(process.stdout),
      stderr: createOutput(process.stderr),
      stderrIsTerminal,
      columns: process.stdout.columns ?? 80,
      env: process.env,
      cwd: process.cwd(),
      now: Date.now,
      signal,
      packageRoot,
      place,
      common,
      emit: renderer.emit,
      confirm: async (question) => {
        if (common.yes) return true;
        if (!process.stdin.isTTY || !stderrIsTerminal) return false;
        await renderer.pause();
        const asker = createInterface({ input: process.stdin, output: process.stderr });
        try {
          return /^y(es)?$/i.test(
            (await asker.question(`${escapeControl(redact(question))} [y/N] `, { signal })).trim(),
          );
        } finally {
          asker.close();
        }
      },
      isDryRun: common.dryRun,
      askSecret: ask,
      ssh: {
        configFile: common.sshConfig,
        sudoPassword: async (place) => {
          if (common.sudoPasswordFile !== null) return readSecretFile(common.sudoPasswordFile);
          return ask(`password for sudo on ${place}: `);
        },
        atEnd: (close) => void closers.push(close),
      },
    });
  } catch (error) {
    throw asInterruption(error, signal);
  } finally {
    for (const close of closers.toReversed()) await close();
    await renderer.close();
    stop.close();
  }
}
