/** The lock of a target, in every shell that may have to take it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

const LOCK = join(import.meta.dirname, '../../../src/bundle/sh/lock.sh');
const BOOT = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
const NAMESPACE = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '';
/** Of this boot, in a namespace that is none of these. */
const ELSEWHERE = `4194305:7:${BOOT}:1`;
const SHELLS: readonly (readonly string[])[] = [['dash'], ['busybox', 'sh'], ['bash', '--posix']];
const startOf = (pid: number): string =>
  `${String(pid)}:${
    readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[19] ?? ''
  }`;
let directory = '';
let lock = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lock-sh-'));
  lock = join(directory, 'lock');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe.each(SHELLS)('%s', (...shell) => {
  /** @returns standard output */
  function run(script: string): string {
    const [program = '', ...words] = shell;
    const { stdout, stderr } = spawnSync(program, [...words, '-c', `set -f; . "$0"; ${script}`, LOCK, lock], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return stdout;
  }

  const TRY = 'owner_of "$$"; try_lock "$1" "$owner"; echo "$? $owner ${held-}"';

  test('it is taken in one step that names its owner, and given back by that owner alone', () => {
    const [status, owner] = run(TRY).split(' ');
    expect([status, owner]).toEqual(['0', expect.stringMatching(/^\d+:\d+:/)]);
    expect(owner?.split(':').slice(2)).toEqual([BOOT, NAMESPACE]);
    expect(readlinkSync(lock)).toBe(owner);
    run('free_lock "$1" 1:1');
    expect(readdirSync(directory)).toEqual(['lock']);
    run(`free_lock "$1" ${owner}`);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('who is at work keeps it; who is gone, or whose number another has by now, does not', () => {
    expect(run(`owner_of "$$"; ln -s "$owner" "$1"; ${TRY}`)).toMatch(/^1 (\S+) \1\n$/);
    const before = `${BOOT.replace(/^./, BOOT.startsWith('0') ? '1' : '0')}:${NAMESPACE}`;
    const here = `${BOOT}:${NAMESPACE}`;
    for (const gone of [
      '4194305:7',
      `${process.pid}:1`,
      `${process.pid}:`,
      `4194305:7:${here}`,
      `${process.pid}:1:${here}`,
      `${startOf(process.pid)}:${before}`,
      `4194305:7:${before}`,
    ]) {
      rmSync(lock, { force: true });
      symlinkSync(gone, lock);
      expect(run(TRY)).toMatch(/^0 /);
      expect(readdirSync(directory)).toEqual(['lock']);
      expect(readlinkSync(lock)).not.toBe(gone);
    }
  });

  test('of whom another PID namespace has, nobody knows that it is gone, nor where the kernel does not tell its own', () => {
    const blind = 'readlink() { case $1 in /proc/*) return 1 ;; *) command readlink "$@" ;; esac; }';
    for (const [owner, world] of [
      [ELSEWHERE, ':'],
      [`4194305:7:${BOOT}:${NAMESPACE}`, blind],
    ] as const) {
      rmSync(lock, { force: true });
      symlinkSync(owner, lock);
      expect(run(`${world}; ${TRY}`)).toMatch(new RegExp(`^1 \\S+ ${owner}\n$`));
      expect(run(`${world}; is_elsewhere ${owner} && echo yes`)).toBe('yes\n');
    }
    // Where the kernel has none, it is as ever.
    rmSync(lock);
    expect(run(`${blind}; ${TRY}`)).toMatch(/^0 \d+:\d+ \n$/);
    expect(run(`${blind}; owner_of ${process.pid}; rm "$1"; ln -s "$owner" "$1"; ${TRY}`)).toMatch(/^1 \S+ \d+:\d+\n$/);
    // Of a tapprep that wrote it so.
    expect(run(TRY)).toMatch(/^1 \S+ \d+:\d+\n$/);
  });

  test('who has ended and was not waited for does not keep it', async () => {
    // The second program waits for nothing that the first one started, which ends once the second one is there.
    const late = 'until [ "$(cat /proc/$1/comm)" = sleep ]; do sleep 0.01; done';
    const parent = spawn('sh', ['-c', `sh -c '${late}' sh $$ & echo $!; exec sleep 60`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const pid = String(((await once(parent.stdout, 'data')) as [Buffer])[0]).trim();
    const stat = `/proc/${pid}/stat`;
    await vi.waitFor(() => expect(readFileSync(stat, 'utf8')).toContain(') Z '), { timeout: 60_000 });
    const told = run(`owner_of ${pid}; ln -s "$owner" "$1"; ${TRY}`);
    parent.kill();
    expect(told).toMatch(/^0 /);
  });

  test('the right to take over that a killed one left is taken over, too', () => {
    symlinkSync('4194305:7', lock);
    symlinkSync('4194305:8', `${lock}.4194305:7`);
    expect(run(TRY)).toMatch(/^0 /);
    expect(readdirSync(directory)).toEqual(['lock']);
  });

  test('what is no lock is not taken for one, and stays', () => {
    for (const strange of ['../elsewhere', '12', '1:2;id', ':', '0:5', '1:2:3', `1:2:${BOOT}:4:5`, '1:a:b:1', 'f:1']) {
      rmSync(lock, { force: true });
      symlinkSync(strange, lock);
      expect(run(TRY)).toMatch(/^2 /);
      expect(readlinkSync(lock)).toBe(strange);
    }
    rmSync(lock);
    mkdirSync(lock);
    expect(run(TRY)).toMatch(/^2 /);
    expect(readdirSync(lock)).toEqual([]);
  });
});
