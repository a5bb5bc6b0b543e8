/** Makes the context of a command out of the process: streams, environment, signals, renderer. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { escapeControl, redact } from '../errors.ts';
import type { Place } from '../diagnose/place.ts';
import type { CommonOptions, Context } from './context.ts';
import { createOutput } from './output.ts';
import { createRenderer } from './render/renderer.ts';
import { askSecret, readSecretFile } from './secret.ts';

/** Where downloads and roots are kept unless --cache-dir or TAPPREP_CACHE_DIR says otherwise. */
export function defaultCacheDir(env: Readonly<Record<string, string | undefined>>): string {
  return env['TAPPREP_CACHE_DIR'] ?? join(env['XDG_CACHE_HOME'] ?? join(env['HOME'] ?? homedir(), '.cache'), 'tapprep');
}

/** Runs a command with the process's own context; the renderer is closed and the signal handlers are taken away afterwards. */
export async function withProcessContext(
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
  const controller = new AbortController();
  const closers: (() => Promise<void>)[] = [];
  // The first signal asks for an orderly stop; the handlers go with it, so that a second one ends the process.
  const stop = (): void => {
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    return await body({
      stdin: process.stdin,
      stdout: createOutput(process.stdout),
      stderr: createOutput(process.stderr),
      stderrIsTerminal,
      env: process.env,
      cwd: process.cwd(),
      now: Date.now,
      signal: controller.signal,
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
            (await asker.question(`${escapeControl(redact(question))} [y/N] `, { signal: controller.signal })).trim(),
          );
        } finally {
          asker.close();
        }
      },
      ssh: {
        configFile: common.sshConfig,
        sudoPassword: async (place) => {
          if (common.sudoPasswordFile !== null) return readSecretFile(common.sudoPasswordFile);
          if (!process.stdin.isTTY || !stderrIsTerminal) return null;
          await renderer.pause();
          return askSecret(
            process.stdin,
            process.stderr,
            `password for sudo on ${escapeControl(place)}: `,
            controller.signal,
          );
        },
        atEnd: (close) => void closers.push(close),
      },
    });
  } finally {
    for (const close of closers.toReversed()) await close();
    await renderer.close();
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  }
}
