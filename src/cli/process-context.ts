/** Makes the context of a command out of the process: streams, environment, signals, renderer. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { escapeControl, messageOf, redact } from '../errors.ts';
import type { Emit } from '../types.ts';
import type { Place } from '../diagnose/place.ts';
import { asInterruption } from '../interruption.ts';
import type { CommonOptions, Context } from './context.ts';
import { withTemporaryDirectory } from '../files/temporary-directory.ts';
import { askLine } from './ask-line.ts';
import { createOutput } from './output.ts';
import { createRenderer } from './render/renderer.ts';
import { askSecret, readSecretFile } from './secret.ts';
import { listenForStop } from './stop-signals.ts';

/** What a command line has of its process. */
export type Terminal = Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr' | 'env' | 'cwd'>;

/**
 * Runs a command as withContext does; in a dry run, indexes that it reads go to a directory that ends with it. Without a
 * network nothing is written to the cache anyway, and nothing else could be read.
 */
export async function withProcessContext(
  terminal: Terminal,
  common: CommonOptions,
  packageRoot: string,
  place: Place,
  body: (context: Context) => Promise<number>,
): Promise<number> {
  // Libraries that colour what they draw look there.
  if (!common.color) terminal.env['NO_COLOR'] = '1';
  if (!common.dryRun || common.offline) return withContext(terminal, common, packageRoot, place, body);
  return withTemporaryDirectory(tmpdir(), 'tapprep-dry-run-', (directory) =>
    withContext(terminal, { ...common, cacheDir: join(directory, 'cache') }, packageRoot, place, body),
  );
}

/** Runs a command with the context of a process; the renderer is closed and the signal handlers are taken away afterwards. */
async function withContext(
  { stdin, stdout, stderr, env, cwd }: Terminal,
  common: CommonOptions,
  packageRoot: string,
  place: Place,
  body: (context: Context) => Promise<number>,
): Promise<number> {
  const stderrIsTerminal = stderr.isTTY;
  const renderer = createRenderer(stderr, {
    quiet: common.quiet,
    verbose: common.verbose,
    terminal: stderrIsTerminal,
  });
  const stop = listenForStop(() => performance.now());
  const { signal } = stop;
  const closers: (() => Promise<void>)[] = [];
  const ask = async (question: string): Promise<string | null> => {
    if (!stdin.isTTY || !stderrIsTerminal) return null;
    await renderer.pause();
    return askSecret(stdin, stderr, escapeControl(question), signal);
  };
  try {
    return await body({
      stdin,
      stdout: createOutput(stdout),
      stderr: createOutput(stderr),
      stderrIsTerminal,
      env,
      cwd: cwd(),
      now: Date.now,
      signal,
      packageRoot,
      place,
      common,
      emit: renderer.emit,
      confirm: async (question) => {
        if (common.yes) return true;
        if (!stdin.isTTY || !stderrIsTerminal) return false;
        await renderer.pause();
        const asker = createInterface({ input: stdin, output: stderr });
        const answer = await askLine(asker, `${escapeControl(redact(question))} [y/N] `, signal);
        if (answer === null) stderr.write('\n');
        return /^y(es)?$/i.test(answer?.trim() ?? '');
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
    try {
      await closeAll(closers.toReversed(), renderer.emit);
    } finally {
      await renderer.close();
      stop.close();
    }
  }
}

/** One that fails, as over a connection that is lost, keeps no other from its work, and takes no place of what the command said. */
export async function closeAll(closers: readonly (() => Promise<void>)[], emit: Emit): Promise<void> {
  for (const close of closers) {
    await close().catch((error: unknown) => {
      emit({ type: 'note', level: 'warning', text: `at the end: ${messageOf(error)}` });
    });
  }
}
