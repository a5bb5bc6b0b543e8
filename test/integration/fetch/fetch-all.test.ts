import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TOTAL_ITEM } from '../../../src/fetch/fetch-all.ts';
import type { FetchRequest } from '../../../src/fetch/request.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { type FaultServer, startFaultServer } from '../../helpers/fault-server.ts';
import { type FetchLab, openFetchLab, randomContent, requestFor } from '../../helpers/fetch-lab.ts';

const contents = Array.from({ length: 5 }, (_, at) => randomContent(100_000 + at));
let lab: FetchLab;
let servers: FaultServer[];
let requests: FetchRequest[];

beforeEach(async () => {
  lab = await openFetchLab();
  servers = await Promise.all(contents.map((content) => startFaultServer(content, { bytesPerSecond: 500_000 })));
  requests = contents.map((content, at) => ({
    ...requestFor(content, `${servers[at]?.url}file.bin`),
    name: `file-${at}`,
  }));
});

afterEach(async () => {
  await Promise.all([lab.close(), ...servers.map((server) => server.close())]);
});

/** Which of the contents each file holds. */
async function whichHold(files: readonly { readonly path: string }[]): Promise<readonly number[]> {
  const bytes = await Promise.all(files.map((file) => readFile(file.path)));
  return bytes.map((each) => contents.findIndex((content) => content.equals(each)));
}

test('all arrive in the order asked, at most three at a time, with one total', async () => {
  let running = 0;
  let most = 0;
  const fetcher = await lab.fetcher({
    emit: (event) => {
      lab.events.push(event);
      running = servers.filter((server) => server.sent > 0 && server.sent < 100_000).length;
      most = Math.max(most, running);
    },
  });
  const files = await fetcher.fetchAll(requests);
  expect(await whichHold(files)).toEqual([0, 1, 2, 3, 4]);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(3);
  const totals = lab.events.flatMap((event) => (event.type === 'progress' && event.item === TOTAL_ITEM ? [event] : []));
  const sum = contents.reduce((all, content) => all + content.length, 0);
  expect(totals.at(-1)).toMatchObject({ bytes: sum, totalBytes: sum, secondsLeft: 0 });
  expect(totals.map((event) => event.bytes)).toEqual(totals.map((event) => event.bytes).toSorted((a, b) => a - b));
});

test('the first that fails stops the rest cleanly, and the next run completes', async () => {
  servers[0]?.script('404');
  const [absent, ...others] = requests;
  if (absent === undefined) throw new Error('no request');
  const before = await lab.fetcher();
  const error = await failureOf(before.fetchAll([...others.slice(0, 2), absent, ...others.slice(2)]));
  expect(error).toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('file-0') });
  expect(servers.slice(3).flatMap((server) => server.requests)).toEqual([]);
  expect((await lab.leftovers()).filter((path) => path.includes('/locks/'))).toEqual([]);
  const files = await (await lab.fetcher()).fetchAll(requests);
  expect(await whichHold(files)).toEqual([0, 1, 2, 3, 4]);
});

test('an interrupt stops all, says that the bytes are kept, and the next run asks for the rest only', async () => {
  const stop = new AbortController();
  const fetcher = await lab.fetcher({ signal: stop.signal });
  const failure = failureOf(fetcher.fetchAll(requests.slice(0, 3)));
  await Promise.all(servers.slice(0, 3).map((server) => server.whenSent(50_000)));
  stop.abort();
  expect(await failure).toMatchObject({ code: 'INTERRUPTED', message: expect.stringContaining('kept') });
  expect((await lab.leftovers()).filter((path) => path.endsWith('.part'))).toHaveLength(3);
  expect((await lab.leftovers()).filter((path) => path.includes('/locks/'))).toEqual([]);
  const files = await (await lab.fetcher()).fetchAll(requests.slice(0, 3));
  expect(await whichHold(files)).toEqual([0, 1, 2]);
  for (const server of servers.slice(0, 3)) expect(server.requests.at(-1)).toMatch(/bytes=[1-9]\d*-$/);
  expect(await lab.leftovers()).toEqual([]);
});

test('the rate of all is of what arrives: neither files of the cache nor what an earlier run brought count', async () => {
  const [kept, half, fresh] = requests as [FetchRequest, FetchRequest, FetchRequest];
  await (await lab.fetcher()).fetchAll([kept]);
  const stop = new AbortController();
  const failure = failureOf((await lab.fetcher({ signal: stop.signal })).fetchAll([half]));
  await servers[1]?.whenSent(80_000);
  stop.abort();
  await failure;
  lab.events.length = 0;
  await (await lab.fetcher({ concurrency: 1 })).fetchAll([kept, half, fresh]);
  const totals = lab.events.flatMap((event) => (event.type === 'progress' && event.item === TOTAL_ITEM ? [event] : []));
  expect(totals.at(-1)?.bytes).toBe(300_003);
  // Each server sends 500 kB a second, and only one sends at a time.
  for (const { bytesPerSecond } of totals) expect(bytesPerSecond ?? 0).toBeLessThan(600_000);
  lab.events.length = 0;
  await (await lab.fetcher()).fetchAll([kept, half, fresh]);
  expect(lab.events.at(-1)).toMatchObject({ bytes: 300_003 });
  for (const event of lab.events) expect(event).toMatchObject({ item: TOTAL_ITEM, bytesPerSecond: null });
});

test('what cannot fit is NO_SPACE before anything is asked, with needed and free bytes', async () => {
  const huge = requests.map((request) => ({ ...request, sizeBytes: 2 ** 50, maxBytes: 2 ** 52 }));
  const error = await failureOf((await lab.fetcher()).fetchAll(huge));
  expect(error.code).toBe('NO_SPACE');
  expect(error.facts).toMatchObject({ path: lab.cacheDir, neededBytes: 5 * 2 ** 50 });
  expect(Number(error.facts.freeBytes)).toBeGreaterThan(0);
  expect(servers.flatMap((server) => server.requests)).toEqual([]);
});
