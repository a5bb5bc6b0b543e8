import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { script } from '../../../src/host/scripts.ts';
import { END_AFTER } from '../../../src/verify/load-locally.ts';

const directory = mkdtempSync(join(tmpdir(), 'tapprep-end-after-'));
afterAll(() => rmSync(directory, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** @param signalAfterMs sends SIGTERM to the shell alone */
async function run(
  shell: readonly string[],
  seconds: number,
  program: readonly string[],
  signalAfterMs: number | null = null,
): Promise<Ended> {
  const started = performance.now();
  const [file = '', ...words] = [...shell, ...script(END_AFTER, [String(seconds), ...program]).slice(1)];
  const child = spawn(file, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (chunk: Buffer) => (said[stream] += chunk.toString()));
  // Once no process holds its output open.
  const closed = once(child, 'close') as Promise<[number | null]>;
  if (signalAfterMs !== null) {
    await sleep(signalAfterMs);
    child.kill('SIGTERM');
  }
  const [code] = await closed;
  return { code, ...said, seconds: (performance.now() - started) / 1000 };
}

const SHELLS: readonly (readonly string[])[] = [['dash'], ['busybox', 'sh'], ['bash', '--posix']];

// They mostly wait.
describe.concurrent.each(SHELLS.map((words) => [words.join(' '), words] as const))('%s', (_, sh) => {
  test('a program that ends by itself keeps its status, and nobody waits for the time', async () => {
    const { code, stdout, stderr, seconds } = await run(sh, 60, [
      'sh',
      '-c',
      'echo "$1"; echo b >&2; exit 3',
      'x',
      'a  b',
    ]);
    expect([code, stdout, stderr]).toEqual([3, 'a  b\n', 'b\n']);
    expect(seconds).toBeLessThan(30);
  });

  test('one that does not is told to go by SIGTERM, and the status is the one that it gives then', async () => {
    for (const status of [0, 7]) {
      const program = `trap 'echo gone; exit ${status}' TERM; echo here; while :; do sleep 0.1; done`;
      const { code, stdout, stderr } = await run(sh, 1, ['sh', '-c', program]);
      expect([code, stdout, stderr]).toEqual([status, 'here\ngone\n', '']);
    }
  });

  test('one that takes its time to go is waited for', async () => {
    const program = `trap 'sleep 1; echo gone; exit 5' TERM; while :; do sleep 0.1; done`;
    expect(await run(sh, 1, ['sh', '-c', program])).toMatchObject({ code: 5, stdout: 'gone\n' });
  });

  test('one that a signal ends has the status of that', async () => {
    expect((await run(sh, 1, ['sleep', '60'])).code).toBe(143);
  });

  test('one that is not there ends with 127', async () => {
    expect((await run(sh, 60, [join(directory, 'none')])).code).toBe(127);
  });

  test('a signal is handed on, and the program comes to its end', async () => {
    const program = `trap 'sleep 1; echo gone; exit 4' TERM; while :; do sleep 0.1; done`;
    const { code, stdout, seconds } = await run(sh, 60, ['sh', '-c', program], 1000);
    expect([code, stdout]).toEqual([4, 'gone\n']);
    expect(seconds).toBeLessThan(30);
  });

  test('no timer is left, whose SIGTERM would meet another process', async () => {
    const mark = join(directory, `timer-${sh.join('-')}`);
    const told = END_AFTER.replace('sleeper=$!', `sleeper=$!; echo "$sleeper" >${mark}`);
    const words = [...sh.slice(1), '-c', told, 'sh', '60', 'sleep', '0.5'];
    await once(spawn(sh[0] ?? '', words, { stdio: 'ignore' }), 'close');
    const pid = readFileSync(mark, 'utf8').trim();
    for (let turn = 0; turn < 100 && existsSync(`/proc/${pid}`); turn += 1) await sleep(50);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });
});
