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
/** Of an earlier boot. */
const BEFORE = BOOT.replace(/^./, BOOT.startsWith('0') ? '1' : '0');
const HERE = `${BOOT}:${NAMESPACE}`;
/** A PID namespace of its own; what stands behind runs in it. */
const CONTAINER = ['unshare', '--mount', '--pid', '--fork', '--mount-proc'];
/** What systemd-nspawn does: another boot id, here without a line break at its end. */
const OTHER_BOOT = 'printf %s "$1" >"$2" && mount --bind "$2" /proc/sys/kernel/random/boot_id && shift 2 && exec "$@"';
const SHELLS: readonly (readonly string[])[] = [['dash'], ['busybox', 'sh'], ['bash', '--posix']];
const startOf = (pid: number): string =>
  `${String(pid)}:${
    readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[19] ?? ''
  }`;
const nspawn = (): readonly string[] => [
  ...CONTAINER,
  'sh',
  '-c',
  OTHER_BOOT,
  'sh',
  BEFORE,
  join(directory, 'boot_id'),
];
let directory = '';
let lock = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lock-sh-'));
  lock = join(directory, 'lock');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe.each(SHELLS)('%s', (...shell) => {
  /** @param around the command that runs the shell @returns standard output */
  function run(script: string, around: readonly string[] = []): string {
    const [program = '', ...words] = [...around, ...shell];
    // The library as text: who is not root need not see this directory.
    const text = `set -f; ${readFileSync(LOCK, 'utf8')}\n${script}`;
    const { stdout, stderr } = spawnSync(program, [...words, '-c', text, 'sh', lock], { encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout;
  }

  const TRY = 'owner_of "$$"; try_lock "$1" "$owner"; echo "$? $owner ${held-}"';
  const where = (owner: string, around: readonly string[] = []): string => run(`whereabouts ${owner}`, around).trim();

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
    for (const gone of [
      '4194305:7',
      '4194305:',
      `${process.pid}:1`,
      `${process.pid}:1::`,
      `4194305:7:${HERE}`,
      `4194305::${HERE}`,
      `${process.pid}:1:${HERE}`,
      `${startOf(process.pid)}:${BEFORE}:${NAMESPACE}`,
      `4194305:7:${BEFORE}:${NAMESPACE}`,
    ]) {
      rmSync(lock, { force: true });
      symlinkSync(gone, lock);
      expect(run(TRY)).toMatch(/^0 /);
      expect(readdirSync(directory)).toEqual(['lock']);
      expect(readlinkSync(lock)).not.toBe(gone);
    }
  });

  test('who had no /proc tells no start: as long as his number is there he may be at work', () => {
    for (const owner of [`${process.pid}:`, `${process.pid}:::`, `${process.pid}::${HERE}`]) {
      rmSync(lock, { force: true });
      symlinkSync(owner, lock);
      expect(run(TRY)).toMatch(new RegExp(`^1 \\S+ ${owner}\n$`));
    }
  });

  test('of whom another PID namespace has, nobody knows that it is gone, nor where the kernel does not tell its own', () => {
    const blind = 'readlink() { case $1 in /proc/*) return 1 ;; *) command readlink "$@" ;; esac; }';
    for (const [owner, world] of [
      [ELSEWHERE, ':'],
      [`4194305:7:${HERE}`, blind],
    ] as const) {
      rmSync(lock, { force: true });
      symlinkSync(owner, lock);
      expect(run(`${world}; ${TRY}`)).toMatch(new RegExp(`^1 \\S+ ${owner}\n$`));
      expect(run(`${world}; whereabouts ${owner}`)).toBe('elsewhere\n');
    }
    // Where the kernel has none, it is as ever.
    rmSync(lock);
    expect(run(`${blind}; ${TRY}`)).toMatch(/^0 \d+:\d+:: \n$/);
    expect(run(`${blind}; owner_of ${process.pid}; rm "$1"; ln -s "$owner" "$1"; ${TRY}`)).toMatch(
      /^1 \S+ \d+:\d+::\n$/,
    );
    // Of a kernel that names them, an earlier boot is one all the same.
    expect(run(`${blind}; whereabouts 4194305:7:${BEFORE}:${NAMESPACE}`)).toBe('gone\n');
    // Of a tapprep that wrote it so.
    rmSync(lock);
    symlinkSync(startOf(process.pid), lock);
    expect(run(TRY)).toMatch(/^1 \S+ \d+:\d+\n$/);
  });

  test('where there is no /proc, of a boot and a namespace nothing is known', () => {
    const without = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /proc && exec "$@"', 'sh'];
    expect(run(TRY, without)).toMatch(/^0 \d+::: \n$/);
    expect(where(startOf(process.pid), without)).toBe('here');
    expect(where('4194305:7', without)).toBe('gone');
    for (const owner of [ELSEWHERE, `4194305:7:${HERE}`, `4194305:7:${BEFORE}:${NAMESPACE}`])
      expect(where(owner, without)).toBe('elsewhere');
  });

  test('a container with a boot id of its own and the system around it do not take each other for gone', () => {
    symlinkSync(`${startOf(process.pid)}:${HERE}`, lock);
    expect(run(TRY, nspawn())).toMatch(/^1 /);
    rmSync(lock);
    const [, owner = ''] = run(TRY, nspawn()).split(' ');
    // Also without a line break at its end.
    expect(owner.split(':')[2]).toBe(BEFORE);
    expect(owner.split(':')[3]).not.toBe(NAMESPACE);
    expect(run(TRY)).toMatch(/^1 /);
    expect(readlinkSync(lock)).toBe(owner);
  });

  test('in a PID namespace that sees the /proc around it the numbers there are not its own', () => {
    const inside = ['unshare', '--pid', '--fork'];
    // Its first process, which around it is another one with a start of its own.
    const [, owner = ''] = run(TRY, inside).split(' ');
    expect(owner).toMatch(new RegExp(`^1::${BOOT}:\\d+$`));
    expect(owner.split(':')[3]).not.toBe(NAMESPACE);
    expect(where(owner)).toBe('elsewhere');
    // What has the number around it says nothing of the process in there.
    expect(run('find_world; whereabouts "$$:1:$boot:$namespace"', inside)).toBe('here\n');
  });

  test('to who is not root the process of root is at work, also where /proc hides it', () => {
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const hidden = ['unshare', '--mount', 'sh', '-c', 'mount -t proc -o hidepid=2 proc /proc && exec "$@"', 'sh'];
    for (const around of [nobody, [...hidden, ...nobody]]) {
      expect(where(startOf(process.pid), around)).toBe('here');
      expect(where(`${startOf(process.pid)}:${HERE}`, around)).toBe('here');
      expect(where(`4194305:7:${HERE}`, around)).toBe('gone');
    }
    expect(where(`${process.pid}:1`, nobody)).toBe('gone');
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

  test('the right to take over is not taken from who is at work, and that one is named', () => {
    const right = `${lock}.4194305:7`;
    const told = 'sleep() { :; }; owner_of "$$"; try_lock "$1" "$owner"; echo "$? $held $where $link"';
    for (const [other, whereabouts] of [
      [startOf(process.pid), 'here'],
      [ELSEWHERE, 'elsewhere'],
    ] as const) {
      symlinkSync('4194305:7', lock);
      symlinkSync(other, right);
      expect(run(told)).toBe(`1 ${other} ${whereabouts} ${right}\n`);
      expect([readlinkSync(lock), readlinkSync(right)]).toEqual(['4194305:7', other]);
      rmSync(lock);
      rmSync(right);
    }
    // The reason is that of the link which cannot be had.
    symlinkSync('4194305:7', lock);
    symlinkSync('nobody', right);
    expect(run('try_lock "$1" 1:1; echo "$? $said"')).toBe(`2 ${right} is no lock\n`);
  });

  test('what is no lock is not taken for one, and stays', () => {
    for (const strange of [
      '../elsewhere',
      '12',
      '1:2;id',
      ':',
      '0:5',
      '1:2:3',
      `1:2:${BOOT}:4:5`,
      '1:a:b:1',
      'f:1',
      '1:2:3:f',
      '4194305',
    ]) {
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
