/** The command line in this very process: no start of a program, and everything that it has of a process is given. */
import { PassThrough, Readable } from 'node:stream';
import { join } from 'node:path';
import type { Terminal } from '../../src/cli/process-context.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import type { CliResult } from './cli.ts';

const PACKAGE_ROOT = join(import.meta.dirname, '../..');

export interface InProcessOptions {
  /** The whole environment; what a command changes of it stays there. */
  readonly env: Record<string, string | undefined>;
  readonly cwd: string;
  readonly input?: string;
}

async function read(stream: PassThrough): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

export async function runInProcess(
  argv: readonly string[],
  { env, cwd, input = '' }: InProcessOptions,
): Promise<CliResult> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = Promise.all([read(stdout), read(stderr)]);
  const terminal = { stdin: Readable.from([input]), stdout, stderr, env, cwd: () => cwd } as unknown as Terminal;
  const code = await runCommandLine(argv, PACKAGE_ROOT, terminal);
  stdout.end();
  stderr.end();
  const [out, err] = await texts;
  return { code, stdout: out, stderr: err };
}
