/** The built command line in a home of its own, with no network but loopback. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requirePublishedForm } from './schema.ts';

const CHECKOUT = join(import.meta.dirname, '../..');
const BIN = join(CHECKOUT, 'bin/tapprep.js');
/** What V8 made of the program at an earlier start, so that the next of some hundred starts need not. */
const COMPILED = join(CHECKOUT, 'node_modules/.cache/compiled');

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Cli {
  readonly home: string = mkdtempSync(join(tmpdir(), 'cli-home-'));

  /** Names that do not resolve must fail at once and the same everywhere: nothing listens on port 9. */
  get env(): Readonly<Record<string, string>> {
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: this.home,
      TMPDIR: tmpdir(),
      NODE_COMPILE_CACHE: COMPILED,
      http_proxy: 'http://127.0.0.1:9',
      https_proxy: 'http://127.0.0.1:9',
      no_proxy: '127.0.0.1',
    };
  }

  /** Starts tapprep, by a wrapping command if one is given; what it prints is collected until it ends. */
  start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    input = '',
    wrapper: readonly string[] = [],
  ): { readonly child: ChildProcess; readonly done: Promise<CliResult> } {
    const [file = '', ...rest] = [...wrapper, process.execPath, BIN, ...args];
    const child = spawn(file, rest, { env: { ...this.env, ...env } });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    const ended = new Promise<CliResult>((resolve) => {
      child.on('close', (code) =>
        resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
      );
    });
    return { child, done: this.#checkForm(args, ended) };
  }

  /** Whatever a test looks at: a report for programs has the form that is published. */
  async #checkForm(args: readonly string[], ended: Promise<CliResult>): Promise<CliResult> {
    const result = await ended;
    requirePublishedForm(args, result.stdout);
    return result;
  }

  run(args: readonly string[], env: Readonly<Record<string, string>> = {}, input = ''): Promise<CliResult> {
    return this.start(args, env, input).done;
  }

  close(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
