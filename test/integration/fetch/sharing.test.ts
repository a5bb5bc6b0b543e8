import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readlink, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cleanCache } from '../../../src/fetch/cache-admin.ts';
import { tryAcquireLock } from '../../../src/fetch/lock.ts';
import { type Owner, describeSelf } from '../../../src/fetch/owner.ts';
import type { FetchRequest } from '../../../src/fetch/request.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { type FaultServer, startFaultServer } from '../../helpers/fault-server.ts';
import type { ChildTask } from '../../helpers/fetch-child.ts';
import { type FetchLab, holds, openFetchLab, randomContent, requestFor } from '../../helpers/fetch-lab.ts';

const CHILD = fileURLToPath(new URL('../../helpers/fetch-child.ts', import.meta.url));
const DAY_MS = 86_400_000;
const content = randomContent(6_000_000);
let lab: FetchLab;
let server: FaultServer;
let request: FetchRequest;

beforeEach(async () => {
  lab = await openFetchLab();
  server = await startFaultServer(content, { bytesPerSecond: 20_000_000 });
  request = requestFor(content, `${server.url}file.bin`);
});

afterEach(async () => {
  await Promise.all([lab.close(), server.close()]);
});

function startChild(lockMs = 20_000): ChildProcess {
  const task: ChildTask = { cacheDir: lab.cacheDir, request, lockMs };
  return spawn(process.execPath, [CHILD, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function resultOf(child: ChildProcess): Promise<Record<string, unknown>> {
  if (child.stdout === null) throw new Error('the child has no output');
  return JSON.parse(await text(child.stdout)) as Record<string, unknown>;
}

async function takeLock(owner: object): Promise<string> {
  const lock = join(lab.cacheDir, 'locks', `sha256-${request.digest?.hex}`);
  await mkdir(dirname(lock), { recursive: true });
  await symlink(JSON.stringify(owner), lock);
  return lock;
}

describe('kill -9', () => {
  test('at any moment leaves a state that the next run goes on from', async () => {
    // So slow that none of them comes to the end of it before it is killed, on a busy machine neither.
    await server.close();
    server = await startFaultServer(content, { bytesPerSecond: 2_000_000 });
    request = requestFor(content, `${server.url}file.bin`);
    let killed = 0;
    for (const [round, progress] of [0, 0.1, 0.2, 0.2, 0.1].entries()) {
      const child = startChild();
      const ended = once(child, 'exit');
      await Promise.race([server.whenSent(content.length * progress), ended]);
      await sleep(round * 7);
      if (child.kill('SIGKILL')) killed += 1;
      await ended;
      expect((await lab.finalFiles()).filter((file) => !file.right)).toEqual([]);
    }
    expect(killed).toBeGreaterThanOrEqual(4);
    const file = await resultOf(startChild());
    expect(await holds(String(file.path), content)).toBe(true);
    // A run that was killed between the file and its memory of it leaves its lock and a temporary file: cleaning takes
    // both, and what is whole stays.
    await cleanCache(lab.cacheDir, { now: Date.now() + 2 * DAY_MS, maxBytes: Infinity });
    expect(await lab.leftovers()).toEqual([]);
    expect(await lab.finalFiles()).toEqual([{ path: file.path, right: true }]);
    // Each run took up where the one before was killed: together they asked for not much more than the file.
    expect(server.requests.some((line) => /bytes=[1-9]/.test(line))).toBe(true);
    expect(server.sent).toBeLessThan(content.length * 2.5);
  });
});

describe('one cache for several processes', () => {
  test('five that want the same file at once all get it, and it is sent once', async () => {
    const results = await Promise.all(Array.from({ length: 5 }, () => resultOf(startChild())));
    for (const result of results) expect(await holds(String(result.path), content)).toBe(true);
    expect(results.filter((result) => result.fromCache === false)).toHaveLength(1);
    expect(server.requests).toEqual(['GET /file.bin -']);
    expect(await lab.leftovers()).toEqual([]);
  });

  test('a living owner that makes no progress is LOCKED, with both ways out', async () => {
    const lock = await takeLock(await describeSelf());
    const error = await failureOf((await lab.fetcher()).fetchFile(request));
    expect(error.code).toBe('LOCKED');
    expect(error.message).toContain(`process ${process.pid}`);
    expect(error.hint).toContain(`kill ${process.pid}`);
    expect(error.hint).toContain('--cache-dir');
    expect(lab.events).toContainEqual(
      expect.objectContaining({ type: 'note', text: expect.stringMatching(/waiting/) }),
    );
    expect(await readlink(lock)).toContain(`"pid":${process.pid}`);
  });

  const DEAD: readonly (readonly [string, Partial<Owner>])[] = [
    ['that is gone', { pid: 2 ** 22 + 1 }],
    ['whose process id was used again', { startTime: '1' }],
    ['of an earlier boot', { boot: 'another' }],
  ];
  test.each(DEAD)('a lock of an owner %s is taken over', async (_title, difference) => {
    await takeLock({ ...(await describeSelf()), ...difference });
    const file = await (await lab.fetcher({})).fetchFile(request);
    expect(await holds(file.path, content)).toBe(true);
    expect(await lab.leftovers()).toEqual([]);
  });

  const UNKNOWN: readonly (readonly [string, object])[] = [
    ['on another host', { host: 'elsewhere', boot: 'another' }],
    ['in another PID namespace', { pidNamespace: 'pid:[1]' }],
    ['in a container with a boot id of its own', { pidNamespace: 'pid:[1]', boot: 'another' }],
  ];
  test.each(UNKNOWN)('a lock of an owner %s is never taken over', async (_title, difference) => {
    const lock = await takeLock({ ...(await describeSelf()), pid: 2 ** 22 + 1, ...difference });
    const error = await failureOf((await lab.fetcher({ limits: { lockMs: 150 } })).fetchFile(request));
    expect(error.code).toBe('LOCKED');
    // Its number is another process' here.
    expect(error.hint).toContain(`rm ${lock}`);
  });

  test('a living owner whose boot the kernel did not tell keeps its lock', async () => {
    const lock = await takeLock({ ...(await describeSelf()), boot: 'unknown' });
    const error = await failureOf((await lab.fetcher({ limits: { lockMs: 150 } })).fetchFile(request));
    expect([error.code, await readlink(lock)]).toEqual(['LOCKED', expect.stringContaining('"boot":"unknown"')]);
  });

  test('of many that see a dead lock at once, one takes it over', async () => {
    const self = await describeSelf();
    const lock = await takeLock({ ...self, pid: 2 ** 22 + 1 });
    for (let round = 0; round < 20; round += 1) {
      const taken = await Promise.all(Array.from({ length: 8 }, () => tryAcquireLock(lock, self)));
      const [winner, ...others] = taken.filter((each) => each !== null);
      expect(others).toEqual([]);
      expect(await readlink(lock)).toBe(JSON.stringify(self));
      await winner?.release();
      await symlink(JSON.stringify({ ...self, pid: 2 ** 22 + 2 + round }), lock);
    }
  });
});

describe('work that one process may do at a time', () => {
  const exclusive = { name: 'root-debian-12', what: 'the rehearsal root debian-12', waitMs: 5000 };

  test('is done by two in turn, also when the first one fails', async () => {
    const [one, other] = [await lab.fetcher(), await lab.fetcher()];
    const order: string[] = [];
    const begun = Promise.withResolvers<void>();
    const first = one.exclusively(exclusive, async () => {
      order.push('first begins');
      begun.resolve();
      await sleep(300);
      order.push('first ends');
      throw new Error('on purpose');
    });
    await begun.promise;
    const second = other.exclusively(exclusive, () => Promise.resolve(order.push('second')));
    await expect(first).rejects.toThrow('on purpose');
    await second;
    expect(order).toEqual(['first begins', 'first ends', 'second']);
    expect(await lab.leftovers()).toEqual([]);
  });

  test('is waited for longer than the network may be silent', async () => {
    const [one, other] = [await lab.fetcher(), await lab.fetcher({ limits: { silenceMs: 200 } })];
    const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const first = one.exclusively(exclusive, () => {
      begun.resolve();
      return ended.promise;
    });
    await begun.promise;
    const second = other.exclusively(exclusive, () => Promise.resolve('done'));
    await sleep(600);
    ended.resolve();
    await first;
    expect(await second).toBe('done');
  });

  test('is LOCKED while a process that cannot be judged has it, and not begun', async () => {
    const fetcher = await lab.fetcher();
    await mkdir(join(lab.cacheDir, 'locks'), { recursive: true });
    const elsewhere = { pid: 1, host: 'elsewhere', boot: 'b', pidNamespace: 'p', startTime: '1', uid: 0 };
    await symlink(JSON.stringify(elsewhere), join(lab.cacheDir, 'locks', exclusive.name));
    let begun = false;
    const error = await failureOf(
      fetcher.exclusively({ ...exclusive, waitMs: 200 }, () => {
        begun = true;
        return Promise.resolve();
      }),
    );
    expect(error.code).toBe('LOCKED');
    expect(error.message).toContain('the rehearsal root debian-12 is locked by process 1 on elsewhere');
    expect(begun).toBe(false);
  });
});
