import { afterEach, beforeEach, expect, test } from 'vitest';
import { failureOf } from '../../helpers/failure-of.ts';
import { type Fault, type FaultServer, startFaultServer } from '../../helpers/fault-server.ts';
import { type FetchLab, holds, openFetchLab, randomContent, requestFor } from '../../helpers/fetch-lab.ts';

const content = randomContent(300_000);
let lab: FetchLab;
let first: FaultServer;
let second: FaultServer;

beforeEach(async () => {
  lab = await openFetchLab();
  first = await startFaultServer(content);
  second = await startFaultServer(content);
});

afterEach(async () => {
  await Promise.all([lab.close(), first.close(), second.close()]);
});

test('a file is fetched once, verified, and read from the cache afterwards', async () => {
  const fetcher = await lab.fetcher();
  const request = requestFor(content, `${first.url}pool/file.bin`);
  const fresh = await fetcher.fetchFile(request);
  expect(await holds(fresh.path, content)).toBe(true);
  expect(fresh).toMatchObject({ sizeBytes: content.length, fromCache: false, sha256: request.digest?.hex });
  const again = await fetcher.fetchFile(request);
  expect(again).toMatchObject({ path: fresh.path, fromCache: true });
  expect(first.requests).toEqual(['GET /pool/file.bin -']);
  expect(await lab.finalFiles()).toEqual([{ path: fresh.path, right: true }]);
});

/** One mirror that misbehaves and then behaves: the file arrives, in this many requests. */
const SURVIVED: readonly (readonly [faults: readonly Fault[], requests: number])[] = [
  [['reset'], 2],
  [['truncated'], 2],
  [['stall'], 2],
  [['drip'], 2],
  [['silent'], 2],
  [['garbage'], 2],
  [['wrong-bytes'], 2],
  [['too-short'], 2],
  [['too-long'], 2],
  [['500', '503'], 3],
  [['429'], 2],
  [['chunked'], 1],
  [['chunked-cut'], 2],
  [['no-length'], 2],
  [['truncated', 'ignores-range'], 2],
  [['truncated', 'wrong-range'], 3],
  [['truncated', 'changed-etag'], 2],
  [['truncated', '416'], 3],
  [['truncated', 'reset'], 3],
  [['redirect'], 2],
];

test.each(SURVIVED)('one mirror with %j: the file arrives in %i requests', async (faults, requests) => {
  first.script(...faults);
  const fetcher = await lab.fetcher();
  const file = await fetcher.fetchFile(requestFor(content, `${first.url}file.bin`));
  expect(await holds(file.path, content)).toBe(true);
  expect(first.requests).toHaveLength(requests);
  expect(await lab.leftovers()).toEqual([]);
});

test.each<Fault>(['401', '403', '404', 'redirect-loop', 'redirect-scheme', 'gzip'])(
  'the next mirror is asked at once after %s',
  async (fault) => {
    first.script(fault);
    const fetcher = await lab.fetcher();
    const file = await fetcher.fetchFile(requestFor(content, `${first.url}file.bin`, `${second.url}file.bin`));
    expect(await holds(file.path, content)).toBe(true);
    expect(file.url).toBe(`${second.url}file.bin`);
    expect(second.requests).toEqual(['GET /file.bin -']);
  },
);

test('a file cut off at one mirror goes on at the next where its digest is known', async () => {
  first.script('truncated');
  const fetcher = await lab.fetcher();
  const file = await fetcher.fetchFile(requestFor(content, `${first.url}file.bin`, `${second.url}file.bin`));
  expect(await holds(file.path, content)).toBe(true);
  expect(second.requests).toEqual(['GET /file.bin bytes=150000-']);
});

test('wrong bytes everywhere are DIGEST_MISMATCH with both digests, and nothing is kept', async () => {
  first.script('wrong-bytes');
  second.script('wrong-bytes');
  const fetcher = await lab.fetcher();
  const request = requestFor(content, `${first.url}file.bin`, `${second.url}file.bin`);
  const error = await failureOf(fetcher.fetchFile(request));
  expect(error.code).toBe('DIGEST_MISMATCH');
  expect(error.message).toContain(`sha256 ${request.digest?.hex} by its index but `);
  expect([...(await lab.finalFiles()), ...(await lab.leftovers())]).toEqual([]);
});

test('a file without a digest stays with the mirror that sent its first bytes', async () => {
  first.script('truncated', '503');
  const fetcher = await lab.fetcher();
  const unknown = { ...requestFor(content, `${first.url}file.bin`, `${second.url}file.bin`), digest: null };
  const file = await fetcher.fetchFile(unknown);
  expect(await holds(file.path, content)).toBe(true);
  expect(first.requests).toEqual(['GET /file.bin -', 'GET /file.bin bytes=150000-', 'GET /file.bin bytes=150000-']);
  expect(second.requests).toEqual([]);
});

test('a mirror that asks for a pause is not waited for while another can be asked', async () => {
  first.script('429');
  second.script('500', 'fine');
  await (await lab.fetcher()).fetchFile(requestFor(content, `${first.url}file.bin`, `${second.url}file.bin`));
  expect(first.requests).toHaveLength(1);
  expect(second.requests).toHaveLength(2);
});

test('a mirror that asks for too long a pause is given up', async () => {
  const busy = await startFaultServer(content, { retryAfter: '3600' });
  busy.script('429');
  const error = await failureOf((await lab.fetcher()).fetchFile(requestFor(content, `${busy.url}file.bin`)));
  expect(error).toMatchObject({ code: 'NETWORK', facts: { status: 429 } });
  await busy.close();
});

test('every mirror says 404: NOT_FOUND; one is dead: NETWORK, since it could not be checked', async () => {
  const fetcher = await lab.fetcher();
  first.script('404');
  second.script('404');
  const request = requestFor(content, `${first.url}file.bin`, `${second.url}file.bin`);
  expect((await failureOf(fetcher.fetchFile(request))).code).toBe('NOT_FOUND');
  first.script('404');
  second.script('403');
  const error = await failureOf(fetcher.fetchFile(request));
  expect(error.code).toBe('NETWORK');
  expect(error.message).toMatch(/404.*403|403.*404/);
});

test('a slow mirror is left for one that is not, in the middle of the file', async () => {
  const slow = await startFaultServer(content, { bytesPerSecond: 20_000 });
  const limits = { hurryMs: 150, patienceMs: 500 };
  const fetcher = await lab.fetcher({ limits });
  const file = await fetcher.fetchFile(requestFor(content, `${slow.url}file.bin`, `${first.url}file.bin`));
  expect(await holds(file.path, content)).toBe(true);
  expect(first.requests).toEqual([expect.stringMatching(/^GET \/file\.bin bytes=[1-9]/)]);
  await slow.close();
});

test('of mirrors that are all slow one is kept to the end, however often they were tried', async () => {
  const small = content.subarray(0, 60_000);
  const servers = await Promise.all(
    [20_000, 30_000].map((bytesPerSecond) => startFaultServer(small, { bytesPerSecond })),
  );
  const fetcher = await lab.fetcher({ limits: { hurryMs: 100, patienceMs: 200 } });
  const file = await fetcher.fetchFile(requestFor(small, ...servers.map(({ url }) => `${url}file.bin`)));
  expect(await holds(file.path, small)).toBe(true);
  expect(servers.flatMap(({ requests }) => requests).length).toBeLessThanOrEqual(5);
  await Promise.all(servers.map((server) => server.close()));
});
