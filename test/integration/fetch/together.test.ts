import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { failureOf } from '../../helpers/failure-of.ts';
import { type Fault, type FaultServer, startFaultServer } from '../../helpers/fault-server.ts';
import type { ChildTask } from '../../helpers/fetch-child.ts';
import { type FetchLab, holds, openFetchLab, randomContent, requestFor } from '../../helpers/fetch-lab.ts';

const CHILD = fileURLToPath(new URL('../../helpers/fetch-child.ts', import.meta.url));
const content = randomContent(40_000_000);
/** Every mirror of these counts as slow, so that all are asked soon; none is silent, and a busy machine is no silence either. */
const PATIENT = { connectMs: 20_000, responseMs: 20_000, idleMs: 20_000, lowSpeedWindowMs: 20_000 };
const HURRIED = { ...PATIENT, hurryMs: 100, patienceMs: 200 };

let lab: FetchLab;
const servers: FaultServer[] = [];

beforeEach(async () => {
  lab = await openFetchLab();
});
afterEach(async () => {
  await Promise.all([lab.close(), ...servers.splice(0).map((server) => server.close())]);
});

async function serve(bytesPerSecond: number, ...faults: readonly Fault[]): Promise<FaultServer> {
  const server = await startFaultServer(content, { bytesPerSecond });
  server.script(...faults);
  servers.push(server);
  return server;
}

const request = () => requestFor(content, ...servers.map(({ url }) => `${url}file.bin`));
const notes = (): string => lab.events.flatMap((event) => (event.type === 'note' ? [event.text] : [])).join('\n');
const ranges = ({ requests }: FaultServer): readonly string[] => requests.filter((line) => !line.endsWith(' -'));

test('of three mirrors all are asked at once, and the slow one is dropped', async () => {
  await serve(300_000);
  await serve(30_000_000);
  await serve(30_000_000);
  const file = await (await lab.fetcher({ limits: HURRIED })).fetchFile(request());
  expect(await holds(file.path, content)).toBe(true);
  // At the pace of the slow one a single piece would take half a minute: it was not waited for.
  expect(servers[0]?.sent).toBeLessThan(content.length / 3);
  for (const server of servers) expect(ranges(server).length).toBeGreaterThan(0);
  expect(notes()).toMatch(/asking 3 mirrors at once[\s\S]*holds up the others/);
  expect(await lab.leftovers()).toEqual([]);
});

test.each<Fault>(['reset', 'truncated', 'ignores-range', 'wrong-range', '404', '503', 'garbage', 'redirect-loop'])(
  'a mirror that answers with %s is dropped, and the others fill the file',
  async (fault) => {
    await serve(3_000_000);
    await serve(30_000_000, fault);
    await serve(30_000_000);
    const file = await (await lab.fetcher({ limits: HURRIED })).fetchFile(request());
    expect(await holds(file.path, content)).toBe(true);
    expect(await lab.leftovers()).toEqual([]);
  },
);

test('wrong bytes in the mixture are nobody’s fault: each mirror gets its turn alone', async () => {
  await serve(3_000_000);
  await serve(30_000_000, 'wrong-bytes', 'wrong-bytes', 'wrong-bytes');
  const file = await (await lab.fetcher({ limits: HURRIED })).fetchFile(request());
  expect(await holds(file.path, content)).toBe(true);
  expect(notes()).toContain('one mirror at a time');
});

test('where every mirror fails in the middle, the error has a code and the next run goes on', async () => {
  await serve(3_000_000);
  await serve(3_000_000);
  const fetcher = await lab.fetcher({ limits: HURRIED });
  const running = failureOf(fetcher.fetchFile(request()));
  await servers[1]?.whenSent(6_000_000);
  for (const server of servers) server.script(...Array.from({ length: 20 }, () => '404' as const));
  expect((await running).code).toBe('NOT_FOUND');
  for (const server of servers) server.script();
  const file = await (await lab.fetcher({ limits: HURRIED })).fetchFile(request());
  expect(await holds(file.path, content)).toBe(true);
});

async function killWhen(child: ChildProcess, isTime: () => Promise<boolean>): Promise<void> {
  const ended = once(child, 'exit');
  while (child.exitCode === null && !(await isTime())) await delay(20);
  child.kill('SIGKILL');
  await ended;
}

test('killed while several mirrors fill the file, the next run goes on behind the last byte without a gap', async () => {
  await serve(500_000);
  await serve(12_000_000);
  const task: ChildTask = { cacheDir: lab.cacheDir, request: request(), lockMs: 2_000, limits: HURRIED };
  const child = spawn(process.execPath, [CHILD, JSON.stringify(task)], { stdio: 'ignore' });
  const record = join(lab.cacheDir, 'partial', `sha256-${task.request.digest?.hex}.part.json`);
  const reached = async (): Promise<number> => {
    const text = await readFile(record, 'utf8').catch(() => '{}');
    return (JSON.parse(text) as { readonly reached?: number | null }).reached ?? 0;
  };
  await killWhen(child, async () => (await reached()) > 0 && (servers[1]?.sent ?? 0) > 20_000_000);
  const from = await reached();
  expect(from).toBeGreaterThan(0);
  const before = servers.map(({ requests }) => requests.length);
  const file = await (await lab.fetcher({ limits: HURRIED })).fetchFile(request());
  expect(await holds(file.path, content)).toBe(true);
  const asked = servers.flatMap(({ requests }, at) => requests.slice(before[at]));
  expect(asked[0]).toBe(`GET /file.bin bytes=${from}-`);
});
