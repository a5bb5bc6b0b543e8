/**
 * kill -9 of a rehearsal at random moments: the next one completes, whatever was left, and though what the killed one had
 * started, each in a session of its own, may go on.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { LAB } from '../helpers/lab-root.ts';
import { runLocally } from '../helpers/run.ts';

const KILLS = Number(process.env['TAPPREP_KILLS'] ?? 10);
mkdirSync(LAB, { recursive: true });
const cache = mkdtempSync(join(LAB, 'kills-'));
const words = '--distro debian:11 --kernel 5.10.0-32-cloud-amd64 --yes'.split(' ');
const argv = [join(import.meta.dirname, '../../bin/tapprep.js'), 'rehearse', ...words, '--cache-dir', cache];
/** Of a run that was not killed. */
let wholeMs = 0;

afterAll(() => rmSync(cache, { recursive: true, force: true }));

async function complete(): Promise<void> {
  const started = performance.now();
  const { exitCode, stdout, stderr } = await runLocally([process.execPath, ...argv]);
  expect(`${exitCode} ${stderr}`).toMatch(/^0 /);
  expect(stdout).toContain('proven: SystemTap printed "Hello, World" inside kernel 5.10.0-32-cloud-amd64');
  wholeMs = Math.max(wholeMs, performance.now() - started);
}

test('a rehearsal that nobody kills', complete);

test.each(Array.from({ length: KILLS }, (_, at) => at + 1))('kill %i', async (kill) => {
  // Every third begins with nothing but downloads, the others with the base system, too.
  for (const name of ['debian-11-5.10.0-32-cloud-amd64', 'debian-11-5.10.0-32-cloud-amd64.json'])
    rmSync(join(cache, 'roots', name), { recursive: true, force: true });
  if (kill % 3 === 1) rmSync(join(cache, 'roots'), { recursive: true, force: true });
  const child = spawn(process.execPath, argv, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const moment = Math.random() * wholeMs;
  await Promise.race([once(child, 'exit'), sleep(moment)]);
  const isKilled = child.exitCode === null && child.pid !== undefined;
  if (isKilled) process.kill(-(child.pid ?? 0), 'SIGKILL');
  const last = said.trim().split('\n').at(-1);
  process.stdout.write(`${isKilled ? 'killed' : 'had ended'} after ${(moment / 1000).toFixed(1)} s: ${last}\n`);
  await complete();
  expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(cache);
  expect(existsSync(join(cache, 'roots/debian-11-5.10.0-32-cloud-amd64.making'))).toBe(false);
});
