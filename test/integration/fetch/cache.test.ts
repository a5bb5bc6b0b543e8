import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cleanCache, cleanRest, listCache } from '../../../src/fetch/cache-admin.ts';
import { openCache } from '../../../src/fetch/cache.ts';
import type { Digest } from '../../../src/types.ts';
import { CACHE_MARK } from '../../../src/files/cache-names.ts';
import { OLDER_CACHES, putName } from '../../helpers/cache-samples.ts';
import { serveDirectory } from '../../helpers/directory-server.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { type FaultServer, startFaultServer } from '../../helpers/fault-server.ts';
import { type FetchLab, holds, openFetchLab, randomContent, requestFor } from '../../helpers/fetch-lab.ts';

const content = randomContent(200_000);
const ROOT = 'debian-12-6.1.0-18-amd64';
let lab: FetchLab;
let server: FaultServer;

beforeEach(async () => {
  lab = await openFetchLab();
  server = await startFaultServer(content);
});

afterEach(async () => {
  await Promise.all([lab.close(), server.close()]);
});

describe('a file with a digest', () => {
  test('damaged by hand in the cache is removed, told, and fetched again', async () => {
    const request = requestFor(content, `${server.url}file.bin`);
    const fetcher = await lab.fetcher();
    const first = await fetcher.fetchFile(request);
    const damaged = Buffer.from(content);
    damaged[100_000] = (damaged[100_000] ?? 0) ^ 1;
    await writeFile(first.path, damaged);
    const again = await fetcher.fetchFile(request);
    expect(again).toMatchObject({ path: first.path, fromCache: false });
    expect(await holds(again.path, content)).toBe(true);
    const notes = lab.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
    expect(notes).toEqual([expect.stringMatching(/the cached file .* is damaged .* fetched again/)]);
  });

  test('replaced by a directory in the cache, as its index entry and its part, is fetched again', async () => {
    const request = requestFor(content, `${server.url}file.bin`);
    const fetcher = await lab.fetcher();
    await fetcher.fetchFile(request);
    const part = join(lab.cacheDir, 'partial', `sha256-${request.digest?.hex}.part`);
    const files = (await readdir(lab.cacheDir, { recursive: true, withFileTypes: true })).filter(
      (entry) => entry.isFile() && entry.name !== CACHE_MARK,
    );
    const places = files.map((entry) => join(entry.parentPath, entry.name));
    expect(places).toHaveLength(2);
    for (const place of [...places, part, `${part}.json`]) {
      await rm(place, { force: true });
      await mkdir(join(place, 'inside'), { recursive: true });
    }
    const again = await fetcher.fetchFile(request);
    expect(await holds(again.path, content)).toBe(true);
    expect(await fetcher.fetchFile(request)).toMatchObject({ fromCache: true });
  });

  test.each<Digest['algorithm']>(['sha1', 'sha384', 'sha512'])('by %s is found again', async (algorithm) => {
    const digest = { algorithm, hex: createHash(algorithm).update(content).digest('hex') };
    const request = { ...requestFor(content, `${server.url}file.bin`), digest };
    const fetcher = await lab.fetcher();
    const first = await fetcher.fetchFile(request);
    expect(await fetcher.fetchFile(request)).toEqual({ ...first, fromCache: true });
    expect(server.requests).toHaveLength(1);
  });

  test('that its index gives another size is refused, also from the cache', async () => {
    const request = requestFor(content, `${server.url}file.bin`);
    const fetcher = await lab.fetcher();
    await fetcher.fetchFile(request);
    const wrong = { ...request, sizeBytes: content.length + 1 };
    expect((await failureOf(fetcher.fetchFile(wrong))).code).toBe('SIZE_MISMATCH');
  });

  test('that a later check refused is fetched again after evict', async () => {
    const request = requestFor(content, `${server.url}file.bin`);
    const fetcher = await lab.fetcher();
    const file = await fetcher.fetchFile(request);
    await fetcher.evict(file);
    expect(existsSync(file.path)).toBe(false);
    expect((await fetcher.fetchFile(request)).fromCache).toBe(false);
  });

  test('larger than is allowed is TOO_LARGE before anything is asked', async () => {
    const request = { ...requestFor(content, `${server.url}file.bin`), maxBytes: 1000 };
    expect((await failureOf((await lab.fetcher()).fetchFile(request))).code).toBe('TOO_LARGE');
    expect(server.requests).toEqual([]);
  });

  test('whose digest is no digest is BAD_METADATA and names no path', async () => {
    const request = {
      ...requestFor(content, `${server.url}file.bin`),
      digest: { algorithm: 'sha256', hex: '../../x' },
    };
    const failure = failureOf((await lab.fetcher()).fetchFile(request as ReturnType<typeof requestFor>));
    expect((await failure).code).toBe('BAD_METADATA');
  });
});

const request = () => ({ urls: [`${server.url}InRelease`], sizeBytes: null, digest: null, maxBytes: 1 << 20 });

describe('metadata without a digest', () => {
  test('is asked each time whether it changed, and read from the cache when it did not', async () => {
    const fetcher = await lab.fetcher();
    const first = await fetcher.fetchMetadata(request());
    const unchanged = await fetcher.fetchMetadata(request());
    expect(unchanged.path).toBe(first.path);
    const changed = randomContent(500);
    server.serve(changed);
    expect(await readFile((await fetcher.fetchMetadata(request())).path)).toEqual(changed);
    expect(server.statuses).toEqual([200, 304, 200]);
  });

  test.each([
    ['in the second of its date', 'Sun, 22 Nov 2026 10:00:00 GMT', 'new'],
    ['within a minute of its date', 'Sun, 22 Nov 2026 10:00:59 GMT', 'new'],
    ['long after its date', 'Sun, 22 Nov 2026 10:01:00 GMT', 'old'],
  ])('that was sent %s is asked for by that date only where it cannot have changed again', async (_, date, got) => {
    const modified = 'Sun, 22 Nov 2026 10:00:00 GMT';
    const site = await serveDirectory(lab.cacheDir);
    const urls = [`${site.url}site/repomd.xml`];
    for (const text of ['old', 'new']) {
      site.override('/site/repomd.xml', ({ headers }, response) => {
        response.sendDate = false;
        response.writeHead(headers['if-modified-since'] === modified ? 304 : 200, {
          date,
          'last-modified': modified,
          ...(headers['if-modified-since'] === modified ? {} : { 'content-length': 3 }),
        });
        response.end(headers['if-modified-since'] === modified ? undefined : text);
      });
      await (await lab.fetcher()).fetchMetadata({ ...request(), urls });
    }
    const { path } = await (await lab.fetcher({ offline: true })).fetchMetadata({ ...request(), urls });
    expect(await readFile(path, 'utf8')).toBe(got);
    await site.close();
  });

  test('asked afresh is sent whole', async () => {
    const fetcher = await lab.fetcher();
    await fetcher.fetchMetadata(request());
    await fetcher.fetchMetadata({ ...request(), fresh: true });
    expect(server.statuses).toEqual([200, 200]);
  });

  test('damaged in the cache is not asked for conditionally', async () => {
    const fetcher = await lab.fetcher();
    const first = await fetcher.fetchMetadata(request());
    await writeFile(first.path, 'x');
    expect(await holds((await fetcher.fetchMetadata(request())).path, content)).toBe(true);
    expect(server.statuses).toEqual([200, 200]);
  });

  test('of more than maxBytes is TOO_LARGE, with and without a stated length', async () => {
    const fetcher = await lab.fetcher();
    const small = { ...request(), maxBytes: content.length - 1 };
    expect((await failureOf(fetcher.fetchMetadata(small))).code).toBe('TOO_LARGE');
    server.script('chunked', 'chunked');
    expect((await failureOf(fetcher.fetchMetadata(small))).code).toBe('TOO_LARGE');
    expect([...(await lab.finalFiles()), ...(await lab.leftovers())]).toEqual([]);
  });

  test.each(['gzip', 'no-length'] as const)(
    'sent as %s is refused: nothing could tell it from the file',
    async (fault) => {
      server.script(fault);
      expect((await failureOf((await lab.fetcher()).fetchMetadata(request()))).code).toBe('NETWORK');
    },
  );

  test('cut off is continued only while the server promises that it is the same', async () => {
    server.script('truncated', 'fine');
    const fetcher = await lab.fetcher();
    expect(await holds((await fetcher.fetchMetadata(request())).path, content)).toBe(true);
    expect(server.requests.at(-1)).toBe('GET /InRelease bytes=100000-');
    server.script('truncated', 'changed-etag');
    expect(await holds((await fetcher.fetchMetadata({ ...request(), fresh: true })).path, content)).toBe(true);
    expect(server.statuses).toEqual([200, 206, 200, 200]);
  });
});

describe('--offline', () => {
  test('gives what is there, by digest and by address, and nothing else', async () => {
    const online = await lab.fetcher();
    const request = requestFor(content, `${server.url}file.bin`);
    const metadata = { urls: [`${server.url}InRelease`], sizeBytes: null, digest: null, maxBytes: 1 << 20 };
    await online.fetchFile(request);
    await online.fetchMetadata(metadata);
    const asked = server.requests.length;
    const offline = await lab.fetcher({ offline: true });
    expect((await offline.fetchFile(request)).fromCache).toBe(true);
    expect(await holds((await offline.fetchMetadata(metadata)).path, content)).toBe(true);
    const other = requestFor(randomContent(10), `${server.url}other.bin`);
    const error = await failureOf(offline.fetchFile(other));
    expect(error.code).toBe('OFFLINE');
    expect(error.message).toContain(lab.cacheDir);
    expect((await failureOf(offline.probe(`${server.url}file.bin`))).code).toBe('OFFLINE');
    expect(server.requests).toHaveLength(asked);
  });

  test('an absent cache directory is OFFLINE and is not made', async () => {
    const offline = await lab.fetcher({ offline: true });
    expect((await failureOf(offline.fetchFile(requestFor(content, server.url)))).code).toBe('OFFLINE');
    expect(existsSync(lab.cacheDir)).toBe(false);
  });
});

describe('probe', () => {
  test('gives status and size without a body, trying again where it may help', async () => {
    const fetcher = await lab.fetcher();
    server.script('500', 'fine');
    const url = `${server.url}file.bin`;
    expect(await fetcher.probe(url)).toMatchObject({ status: 200, sizeBytes: content.length, url });
    server.script('404');
    expect((await fetcher.probe(url)).status).toBe(404);
    expect(server.requests.every((request) => request.startsWith('HEAD '))).toBe(true);
    server.script('503', '503', '503');
    expect((await failureOf(fetcher.probe(url))).code).toBe('NETWORK');
  });
});

describe('a mirror on a disk', () => {
  test('is read, continued, and only regular files of it', async () => {
    const path = join(dirname(lab.cacheDir), 'a file.bin');
    await writeFile(path, content);
    const fetcher = await lab.fetcher();
    const url = `file://${path.replace(' ', '%20')}`;
    expect(await holds((await fetcher.fetchFile(requestFor(content, url))).path, content)).toBe(true);
    expect(await fetcher.probe(url)).toMatchObject({ status: 200, sizeBytes: content.length });
    const other = requestFor(randomContent(9), 'file:///dev/zero');
    expect((await failureOf(fetcher.fetchFile(other))).code).toBe('UNSAFE_URL');
    const absent = requestFor(randomContent(9), `${url}.absent`);
    expect((await failureOf(fetcher.fetchFile(absent))).code).toBe('NOT_FOUND');
  });
});

describe('a cache directory that cannot be used', () => {
  test('that is a file is CACHE_UNUSABLE with another way out', async () => {
    await writeFile(lab.cacheDir, '');
    const error = await failureOf((await lab.fetcher()).fetchFile(requestFor(content, server.url)));
    expect(error.code).toBe('CACHE_UNUSABLE');
    expect(error.hint).toContain('--cache-dir');
  });

  test('that belongs to another user is CACHE_UNUSABLE: its owner could change files after their check', async () => {
    const { uid } = await lab.prepared();
    const cache = openCache(lab.cacheDir, uid + 1, () => undefined, Date.now);
    if (uid === 0) await lab.giveAway(12345);
    const error = await failureOf(cache.prepare());
    expect(error.code).toBe('CACHE_UNUSABLE');
    expect(error.message).toContain(`this is user ${uid + 1}`);
  });

  test('whose part is a link to somewhere else leaves that place alone', async () => {
    const request = requestFor(content, `${server.url}file.bin`);
    const victim = join(dirname(lab.cacheDir), 'victim');
    await writeFile(victim, 'precious');
    await mkdir(join(lab.cacheDir, 'partial'), { recursive: true });
    await symlink(victim, join(lab.cacheDir, 'partial', `sha256-${request.digest?.hex}.part`));
    const file = await (await lab.fetcher()).fetchFile(request);
    expect(await holds(file.path, content)).toBe(true);
    expect(await readFile(victim, 'utf8')).toBe('precious');
  });
});

describe('listing and cleaning', () => {
  test('an absent cache is empty', async () => {
    expect(await listCache(lab.cacheDir)).toMatchObject({ files: [], parts: [], totalBytes: 0 });
    expect(await cleanCache(lab.cacheDir, { now: Date.now() })).toMatchObject({ removedFiles: 0, keptBytes: 0 });
  });

  test('files are listed with their addresses, and go by age, by size, or all', async () => {
    const fetcher = await lab.fetcher();
    const sizes = [1000, 2000, 3000];
    const files = [];
    for (const [at, size] of sizes.entries()) {
      const bytes = randomContent(size);
      server.serve(bytes);
      files.push(await fetcher.fetchFile(requestFor(bytes, `${server.url}${at}.bin`)));
    }
    const now = Date.now();
    for (const [at, file] of files.entries()) await utimes(file.path, now / 1000, now / 1000 - at * 86_400);
    const list = await listCache(lab.cacheDir);
    expect(list.files.map((file) => file.urls)).toEqual(sizes.map((_, at) => [`${server.url}${at}.bin`]));
    expect(list.totalBytes).toBe(6000);
    expect(await cleanCache(lab.cacheDir, { now, olderThanDays: 1.5 })).toEqual({
      removedFiles: 1,
      removedBytes: 3000,
      keptBytes: 3000,
      inUse: false,
    });
    expect(await cleanCache(lab.cacheDir, { now, maxBytes: 1500 })).toMatchObject({
      removedBytes: 2000,
      keptBytes: 1000,
    });
    expect(await cleanCache(lab.cacheDir, { now })).toMatchObject({ removedFiles: 1, keptBytes: 0 });
    expect(await lab.allText()).toBe('');
  });

  test('what tapprep does not put there is not listed, and stays', async () => {
    const digest = 'a'.repeat(64);
    const others = [
      'index/terms.md',
      'index/notes.tmp',
      `index/letters/${digest}.json`,
      'partial/novel.part',
      `sha256/${digest}`,
      `sha256/bb/${digest}`,
      'locks/door.txt',
    ];
    const records = [`index/${digest}.json`, `partial/url-${digest}.part`, `sha256/aa/${digest}`];
    for (const name of [...others, ...records]) {
      await mkdir(dirname(join(lab.cacheDir, name)), { recursive: true });
      await writeFile(join(lab.cacheDir, name), 'x');
    }
    expect((await listCache(lab.cacheDir)).totalBytes).toBe(2);
    expect(await cleanCache(lab.cacheDir, { now: Date.now() })).toMatchObject({ removedFiles: 2 });
    const left = [...others, ...records].filter((name) => existsSync(join(lab.cacheDir, name)));
    expect(left).toEqual(others);
  });

  test('a file of others in locks/ is no process that works with the cache', async () => {
    const digest = 'a'.repeat(64);
    await lab.prepared();
    for (const name of ['door.txt', 'notes/x']) putName(join(lab.cacheDir, 'locks'), name);
    expect(await cleanCache(lab.cacheDir, { now: Date.now() })).toMatchObject({ inUse: false });
    expect(existsSync(join(lab.cacheDir, 'locks/notes/x'))).toBe(true);
    await symlink(JSON.stringify({ pid: 1, host: 'elsewhere' }), join(lab.cacheDir, 'locks', `root-${ROOT}`));
    expect(await cleanCache(lab.cacheDir, { now: Date.now() })).toMatchObject({ inUse: true });
    await rm(join(lab.cacheDir, 'locks', `root-${ROOT}`));
    await symlink(JSON.stringify({ pid: 1, host: 'elsewhere' }), join(lab.cacheDir, 'locks', `url-${digest}`));
    expect(await cleanCache(lab.cacheDir, { now: Date.now() })).toMatchObject({ inUse: true });
  });

  test('what runs that died left half-written goes after a day, and the record of a part without its part at once', async () => {
    const digest = 'a'.repeat(64);
    const halves = [
      `index/${digest}.json.0123456789ab.tmp`,
      `index/.${digest}.json.tapprep-12`,
      `partial/.url-${digest}.part.json.tapprep-0`,
      `sha256/aa/.${digest}.tapprep-0`,
      `sha256/aa/${digest}.tmp`,
      `sha256/aa/${digest}.0123456789ab.tmp`,
      'sha256/aa/.signed-aB3dE6/',
    ];
    const others = [`sha256/aa/${digest}.txt`, `sha256/aa/${digest}.TMP`, `index/${digest}.tmp.json`, 'partial/a.tmp'];
    const orphan = `partial/url-${digest}.part.json`;
    await lab.prepared();
    for (const name of [...halves, ...others, orphan]) putName(lab.cacheDir, name);
    const left = (): readonly string[] =>
      [...halves, ...others, orphan].filter((name) => existsSync(join(lab.cacheDir, name)));
    expect((await listCache(lab.cacheDir)).files).toEqual([]);
    await cleanCache(lab.cacheDir, { now: Date.now() });
    expect(left()).toEqual([...halves, ...others]);
    await cleanCache(lab.cacheDir, { now: Date.now() + 2 * 86_400_000, maxBytes: Infinity });
    expect(left()).toEqual(others);
  });

  test('the record of a part that somebody works on stays, though its part is not there yet', async () => {
    const digest = 'a'.repeat(64);
    await lab.prepared();
    for (const name of ['locks/', `partial/url-${digest}.part.json`]) putName(lab.cacheDir, name);
    await symlink(JSON.stringify({ pid: 1, host: 'elsewhere' }), join(lab.cacheDir, 'locks', `url-${digest}`));
    await cleanCache(lab.cacheDir, { now: Date.now() });
    expect(existsSync(join(lab.cacheDir, `partial/url-${digest}.part.json`))).toBe(true);
  });

  test('of roots, images, temporary directories and programs only what has a name of tapprep’s goes, and never the program that runs', async () => {
    const [, own] = OLDER_CACHES.find(([what]) => what === 'all folders') ?? ['', []];
    const running = 'program/0.1.0-fedcba9876543210/bin/tapprep.js';
    const mine = [
      'program/mycode/a.c',
      'roots/wheat/n.txt',
      'images/cats/c.png',
      'tmp/letters/l.txt',
      'tmp/verify-x/y',
    ];
    await lab.prepared();
    for (const name of [...own, ...mine, running, 'program/0.1.0-0123456789abcdef/node', 'tmp/compiled-aB3dE6/x'])
      putName(lab.cacheDir, name);
    await symlink(lab.cacheDir, `${lab.cacheDir}-link`);
    await cleanRest(lab.cacheDir, join(`${lab.cacheDir}-link`, dirname(dirname(running))));
    const left = await Promise.all(
      ['program', 'roots', 'images', 'tmp'].map((name) => readdir(join(lab.cacheDir, name))),
    );
    expect(left.map((names) => names.toSorted())).toEqual([
      ['0.1.0-fedcba9876543210', 'mycode'],
      ['wheat'],
      ['cats'],
      ['letters', 'verify-x'],
    ]);
    expect(mine.filter((name) => !existsSync(join(lab.cacheDir, name)))).toEqual([]);
    expect(await readdir(lab.cacheDir)).not.toEqual(expect.arrayContaining(['roots.gone']));
    expect(await readdir(lab.cacheDir)).toEqual(expect.arrayContaining(['cases', 'guest', 'systemtap', 'ansible']));
  });

  test('an unfinished download is listed and goes, unless someone works on it', async () => {
    server.script('404', 'truncated', 'truncated', 'truncated');
    const request = requestFor(content, `${server.url}file.bin`);
    const fetcher = await lab.fetcher({ limits: { attempts: 1 } });
    await failureOf(fetcher.fetchFile(request));
    await failureOf(fetcher.fetchFile(request));
    const part = join(lab.cacheDir, 'partial', `sha256-${request.digest?.hex}.part`);
    expect((await listCache(lab.cacheDir)).parts).toMatchObject([{ path: part, sizeBytes: 100_000 }]);
    const lock = join(lab.cacheDir, 'locks', `sha256-${request.digest?.hex}`);
    await symlink(JSON.stringify({ pid: 1, host: 'elsewhere' }), lock);
    expect(await cleanCache(lab.cacheDir, { now: Date.now() })).toMatchObject({
      removedFiles: 0,
      keptBytes: 100_000,
      inUse: true,
    });
    await rm(lock);
    expect(await cleanCache(lab.cacheDir, { now: Date.now() })).toMatchObject({ removedFiles: 1, keptBytes: 0 });
    expect(await lab.leftovers()).toEqual([]);
  });
});
