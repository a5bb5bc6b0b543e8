import { chmodSync, chownSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { isTapprepError, TapprepError } from '../../../src/errors.ts';
import { loadMirrors } from '../../../src/mirrors/load.ts';
import { checkMirrorFile } from '../../../src/mirrors/schema.ts';

const dir = mkdtempSync(join(tmpdir(), 'tapprep-mirrors-'));
afterAll(() => rmSync(dir, { recursive: true }));

const packageRoot = process.cwd();
const TRUST = { metadata: 'unsigned', packages: 'signed', keys: ['lab'] };
const KEY = { fingerprint: 'A'.repeat(40), name: 'lab', expires: null, verified: null };
const ENTRY = {
  id: 'lab-1',
  versions: ['6.*'],
  kind: 'listing',
  urls: ['http://127.0.0.1:8080/{major}/{arch}/'],
  content: ['debuginfo'],
  state: { status: 'live', since: null },
  verified: { source: 'ours', date: '2026-11-22' },
};

function listOf(...entries: readonly object[]): object {
  const groups = [{ title: 'Lab', distros: ['centos'], vendor: 'Lab', trust: TRUST, entries }];
  return { format: 'tapprep-mirrors/1', keys: { lab: KEY }, groups };
}

function writeList(name: string, value: unknown): string {
  const path = join(dir, name);
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

async function failureOf(promise: Promise<unknown>): Promise<TapprepError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!isTapprepError(error)) throw new Error(`no TapprepError but ${String(error)}`);
  return error;
}

test("a user's entries come first, and one with a known id replaces it", async () => {
  const vault = { ...ENTRY, id: 'centos-vault', kind: 'rpm-md' };
  const path = writeList('own.json', listOf(ENTRY, vault));
  const mirrors = await loadMirrors({ packageRoot, files: [path], configHome: null });
  expect(mirrors.entries.slice(0, 2).map(({ id, origin }) => [id, origin])).toEqual([
    ['lab-1', 'override'],
    ['centos-vault', 'override'],
  ]);
  expect(mirrors.entries.filter(({ id }) => id === 'centos-vault')).toHaveLength(1);
  expect(mirrors.entries[0]?.trust.keys[0]).toMatchObject({ id: 'lab', fingerprint: 'A'.repeat(40) });
  expect(mirrors.entries.length).toBeGreaterThan(100);
});

test('the file of --mirrors is stronger than that of the configuration directory', async () => {
  mkdirSync(join(dir, 'config/tapprep'), { recursive: true });
  writeList('config/tapprep/mirrors.json', listOf({ ...ENTRY, id: 'own' }, ENTRY));
  const path = writeList('given.json', listOf({ ...ENTRY, urls: ['http://given.example/'] }));
  const mirrors = await loadMirrors({ packageRoot, files: [path], configHome: join(dir, 'config') });
  expect(mirrors.entries.slice(0, 3).map(({ id, urls }) => [id, urls[0]])).toEqual([
    ['lab-1', 'http://given.example/'],
    ['own', ENTRY.urls[0]],
    ['debian-main', 'http://ftp.debian.org/debian/'],
  ]);
});

function writeOwnList(): { readonly path: string; readonly locations: Parameters<typeof loadMirrors>[0] } {
  mkdirSync(join(dir, 'config/tapprep'), { recursive: true });
  const path = writeList('config/tapprep/mirrors.json', listOf(ENTRY));
  chmodSync(path, 0o644);
  return { path, locations: { packageRoot, files: [], configHome: join(dir, 'config') } };
}

test('a list of the configuration directory that others may write is refused', async () => {
  const { path, locations } = writeOwnList();
  expect((await loadMirrors(locations)).entries[0]?.id).toBe(ENTRY.id);
  chmodSync(path, 0o666);
  const { code, message } = await failureOf(loadMirrors(locations));
  expect([code, message]).toEqual(['BAD_MIRRORS', `${path} may be written by others than its owner (mode 666)`]);
});

test('and so is one of another user, if it is not the one who called sudo', async () => {
  const { path, locations } = writeOwnList();
  chownSync(path, 4711, 4711);
  const { code, message } = await failureOf(loadMirrors(locations));
  expect([code, message]).toEqual(['BAD_MIRRORS', `${path} belongs to user 4711, but this is user 0`]);
  expect((await loadMirrors({ ...locations, sudoUid: '4711' })).entries[0]?.id).toBe(ENTRY.id);
  chownSync(path, 0, 0);
});

test("a user's file may use keys of the built-in list and add to its tables", async () => {
  const list = {
    ...listOf({ ...ENTRY, trust: { ...TRUST, keys: ['centos-6'] } }),
    codenames: { debian: { '15': 'duke' } },
  };
  const mirrors = await loadMirrors({ packageRoot, files: [writeList('keys.json', list)], configHome: null });
  expect(mirrors.entries[0]?.trust.keys[0]?.name).toBe('CentOS-6');
  expect(mirrors.codenames['debian']).toMatchObject({ '12': 'bookworm', '15': 'duke' });
});

test('every fault is named, with its path and reason', async () => {
  const bad = listOf(
    { ...ENTRY, urls: ['file:///etc/', 'http://x.example/no-slash', 'http://x.example/{nonsense}/'] },
    { ...ENTRY, extra: 1, verified: null },
    { ...ENTRY, id: 'Deb One', kind: 'deb', parts: ['x'] },
    { ...ENTRY, id: 'state', state: { status: 'dead', since: 'yesterday' }, content: [] },
  );
  const error = await failureOf(loadMirrors({ packageRoot, files: [writeList('bad.json', bad)], configHome: null }));
  expect(error.code).toBe('BAD_MIRRORS');
  const faults = (error.facts as { faults: readonly string[] }).faults;
  expect(faults).toEqual([
    'groups[0].entries[0].urls[0]: must be an http, https or ftp address',
    'groups[0].entries[0].urls[1]: must end in "/"',
    expect.stringMatching(
      /^groups\[0\]\.entries\[0\]\.urls\[2\]: must be plain text with placeholders of these: version/,
    ),
    'groups[0].entries[1]: Unrecognized key: "extra"',
    'groups[0].entries[2].id: lower-case letters, digits, ".", "_" and "-" only',
    expect.stringMatching(/^groups\[0\]\.entries\[3\]\.content: /),
    expect.stringMatching(/^groups\[0\]\.entries\[3\]\.state\.status: .*"live"/),
    expect.stringMatching(/^groups\[0\]\.entries\[3\]\.state\.since: /),
  ]);
  for (const fault of faults) expect(error.message).toContain(fault);
});

test('what only whole entries show is named too', async () => {
  const bad = listOf(
    ENTRY,
    { ...ENTRY, verified: null },
    { ...ENTRY, id: 'd1', kind: 'deb', parts: ['x'] },
    { ...ENTRY, id: 'p1', urls: ['http://x.example/{part}/'], suites: ['s'] },
    { ...ENTRY, id: 'u1', urls: [], discovery: { kind: 'metalink', url: 'https://x.example/m' } },
  );
  const error = await failureOf(loadMirrors({ packageRoot, files: [writeList('bad2.json', bad)], configHome: null }));
  expect((error.facts as { faults: readonly string[] }).faults).toEqual([
    'groups[0].entries[1].id: "lab-1" is also the id of groups[0].entries[0]',
    'groups[0].entries[1].reason: an entry that is not verified says why',
    'groups[0].entries[2].suites: a deb entry needs suites and components',
    'groups[0].entries[2].parts: a deb entry has suites, not parts',
    'groups[0].entries[3].suites: only a deb entry has suites',
    'groups[0].entries[3].parts: the urls name {part} but there are no parts',
    'groups[0].entries[4].discovery: only an rpm-md entry has a discovery',
  ]);
});

test.each([
  ['not JSON', '{"format": ', 'BAD_MIRRORS', /is not JSON/],
  ['a key that no file has', { ...listOf(ENTRY), keys: {} }, 'BAD_MIRRORS', /no key is called "lab"/],
  [
    'a short fingerprint',
    { format: 'tapprep-mirrors/1', keys: { a1: { ...KEY, fingerprint: '05B555B38483C65D' } } },
    'BAD_MIRRORS',
    /keys\.a1\.fingerprint: 40 upper-case hex digits/,
  ],
  ['another format', { format: 'tapprep-mirrors/2' }, 'BAD_MIRRORS', /format: /],
  ['a list of five million bytes', `"${'x'.repeat(5_000_000)}"`, 'TOO_LARGE', /longer than 4 MiB/],
])('%s is refused', async (name, value, code, message) => {
  const path = writeList(`${name}.json`, value);
  const error = await failureOf(loadMirrors({ packageRoot, files: [path], configHome: null }));
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
});

test('a file that --mirrors names must be there; one in the configuration directory need not', async () => {
  const error = await failureOf(loadMirrors({ packageRoot, files: [join(dir, 'none.json')], configHome: null }));
  expect(error).toMatchObject({ code: 'BAD_MIRRORS', message: expect.stringContaining('does not exist') as string });
  const mirrors = await loadMirrors({ packageRoot, files: [], configHome: join(dir, 'nowhere') });
  expect(mirrors.entries[0]?.origin).toBe('mirrors.json');
});

test('no JSON makes the check throw', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (groups, keys) => {
      const found = checkMirrorFile({ format: 'tapprep-mirrors/1', groups, keys });
      return (found.file === null) !== (found.faults === null);
    }),
    { numRuns: 200 },
  );
});

test('the example of docs/mirrors.md is a valid list', () => {
  const example = /```json\n([\s\S]*?)```/.exec(readFileSync('docs/mirrors.md', 'utf8'))?.[1] ?? '';
  expect(checkMirrorFile(JSON.parse(example)).faults).toBeNull();
});
