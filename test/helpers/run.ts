/** Host.run for tests of what only needs to run a tool: the seam's contract, over node's own child processes. */
import { spawn } from 'node:child_process';
import { TapprepError } from '../../src/errors.ts';
import type { RunOptions, RunResult } from '../../src/host/host.ts';

/** Runs argv on this machine without a shell, as Host.run does. */
export function runLocally(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0]!, argv.slice(1), {
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', ...options.env },
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', (cause) => reject(new TapprepError('TOOL_MISSING', `${argv[0]} is not installed`, { cause })));
    child.on('close', (exitCode) =>
      resolve({
        argv,
        exitCode,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
        timedOut: false,
        seconds: (performance.now() - started) / 1000,
      }),
    );
    // A tool that does not read its input closes it; that is no fault of the run.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}
