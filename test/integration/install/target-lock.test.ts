/** Two who change one target: the second waits, here and over ssh, and nothing is left of a lock whose owner is gone. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hintOf, NO_TARGET } from '../../../src/cli/hint.ts';
import type { Reach } from '../../../src/diagnose/place.ts';
import type { TapprepError } from '../../../src/errors.ts';
import { createRootHost } from '../../../src/host/root.ts';
import { createSshHost } from '../../../src/host/ssh.ts';
import { isLockLeft, lockTarget } from '../../../src/install/target-lock.ts';
import { openPermission } from '../../../src/pipeline/change-permission.ts';
import type { Event } from '../../../src/types.ts';
import { makeBuildRoot } from '../../helpers/build-lab.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { type Sshd, startSshd } from '../../helpers/sshd.ts';

const root = mkdtempSync(join(tmpdir(), 'target-lock-'));
const LOCK = join(root, 'var/lib/tapprep/install.lock');
const { signal } = new AbortController();
let sshd: Sshd;
beforeAll(async () => {
  makeBuildRoot(root);
  for (const name of ['proc', 'dev']) mkdirSync(join(root, name), { recursive: true });
  sshd = await startSshd({ chroot: root });
});
afterAll(async () => {
  await sshd.close();
  rmSync(root, { recursive: true });
});

const silent = { signal, emit: (): void => undefined };

/** Text of the first note. */
function hear(): { readonly emit: (event: Event) => void; readonly heard: Promise<string> } {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { emit: (event) => (event.type === 'note' ? resolve(event.text) : undefined), heard: promise };
}

/** What the printed command of a refusal prints, pasted as it stands. */
function paste(error: TapprepError, reach: Reach): string {
  const command = hintOf(error, { ...NO_TARGET, reach }) ?? '';
  const { status, stdout } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
  expect([command, status]).toEqual([command, 0]);
  return stdout;
}

test('who comes second waits, and is told for whom; a root that is left as it was has no state of tapprep', async () => {
  const first = await lockTarget(createRootHost(root), silent, true);
  expect(readlinkSync(LOCK)).toMatch(new RegExp(`^${process.pid}:\\d+:`));
  const { emit, heard } = hear();
  let isFree = false;
  const second = lockTarget(createRootHost(root), { signal, emit }, true).then((release) => {
    expect(isFree).toBe(true);
    return release;
  });
  expect(await heard).toBe(`another tapprep works on ${root}, process ${process.pid} there: waiting for its end`);
  isFree = true;
  await first();
  await (
    await second
  )();
  expect(existsSync(join(root, 'var/lib/tapprep'))).toBe(false);
});

test('who has planned beside another is refused, and nothing waits', async () => {
  const first = await lockTarget(createRootHost(root), silent, true);
  const error = await failureOf(lockTarget(createRootHost(root), silent, false));
  expect(error).toMatchObject({
    code: 'LOCKED',
    message: `another tapprep works on ${root}, process ${process.pid} there, and nothing was changed`,
  });
  // The command shows the other's, also where there is only busybox; around the root, which has no /proc.
  expect(paste(error, { via: 'root', directory: root })).toBe(
    readFileSync('/proc/self/cmdline', 'utf8').replaceAll('\0', ' '),
  );
  await first();
});

test('who works in another PID namespace cannot be seen, and the command that takes its lock away is told', async () => {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  mkdirSync(dirname(LOCK), { recursive: true });
  symlinkSync(`77:7:${boot}:1`, LOCK);
  const words = `another tapprep works on ${root}, process 77 in a container, or in the system around this one`;
  const error = await failureOf(lockTarget(createRootHost(root), silent, false));
  expect(error).toMatchObject({ code: 'LOCKED', message: `${words}, and nothing was changed` });
  const { emit, heard } = hear();
  const release = lockTarget(createRootHost(root), { signal, emit }, true);
  expect(await heard).toBe(`${words}: waiting for its end; where nothing works there any more: rm ${LOCK}`);
  paste(error, { via: 'root', directory: root });
  await (
    await release
  )();
});

test('who is taking over a lock and cannot be seen is told as well, with the link that names it', async () => {
  mkdirSync(dirname(LOCK), { recursive: true });
  symlinkSync('4194305:7', LOCK);
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  symlinkSync(`77:7:${boot}:1`, `${LOCK}.4194305:7`);
  const error = await failureOf(lockTarget(createRootHost(root), silent, false));
  expect(error.message).toContain('process 77 in a container');
  paste(error, { via: 'root', directory: root });
  await (
    await lockTarget(createRootHost(root), silent, false)
  )();
  expect(existsSync(join(root, 'var/lib/tapprep'))).toBe(false);
});

test.each(['4194305', '4194305:7:1', 'somebody'])(
  'a link to %s is no lock, and is not said to be left',
  async (strange) => {
    mkdirSync(dirname(LOCK), { recursive: true });
    symlinkSync(strange, LOCK);
    expect(await isLockLeft(createRootHost(root))).toBe(false);
    rmSync(join(root, 'var/lib/tapprep'), { recursive: true });
  },
);

test('two changes at once ask once, and have one lock', async () => {
  const asked: string[] = [];
  const permission = openPermission(silent, createRootHost(root), {
    isRoot: true,
    approve: async (change) => asked.push(change) > 0,
  });
  await Promise.all([permission.require('one'), permission.require('two')]);
  expect([asked, existsSync(join(root, 'var/lib/tapprep'))]).toEqual([['one'], true]);
  await permission.close();
  expect(existsSync(join(root, 'var/lib/tapprep'))).toBe(false);
});

test('what of the lock cannot be made says why', async () => {
  mkdirSync(LOCK, { recursive: true });
  await expect(lockTarget(createRootHost(root), silent, true)).rejects.toThrow('install.lock is no lock');
  rmSync(join(root, 'var/lib/tapprep'), { recursive: true });
});

test('over ssh the connection holds it: it ends with that, however it ends', async () => {
  const { host: destination, configFile } = sshd;
  const reach = { signal, sudoPassword: () => Promise.resolve(null) };
  const far = await createSshHost({ destination, configFile }, reach);
  const release = await lockTarget(far, silent, true);
  const [owner = ''] = readlinkSync(LOCK).split(':');
  const error = await failureOf(lockTarget(far, silent, false));
  // The command works over there.
  expect(paste(error, { via: 'ssh', destination, configFile })).toMatch(/^sshd/);
  expect(readFileSync(`/proc/${owner}/cmdline`, 'utf8')).toMatch(/^sshd/);
  const { emit, heard } = hear();
  const near = lockTarget(createRootHost(root), { signal, emit }, true);
  expect(await heard).toContain(`process ${owner} there`);
  sshd.cut();
  await (
    await near
  )();
  // Given back over a connection that is gone, or that was made again: nothing of it is there any more.
  await release();
  await far.close();
  expect(existsSync(join(root, 'var/lib/tapprep'))).toBe(false);
});
