import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createOutput } from '../../src/cli/output.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../../src/cli/context.ts';
import type { MirrorsOptions } from '../../src/cli/commands/mirrors.ts';
import { runMirrorsCheck, runMirrorsList } from '../../src/cli/commands/mirrors.ts';
import { NO_PLACE, NO_SSH } from '../helpers/no-ssh.ts';

const RELEASE = (until: string): string =>
  `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nSuite: stable\nCodename: bookworm\nDate: Sat, 21 Nov 2026 10:00:00 UTC\nValid-Until: ${until}\n`;
const ANSWERS: Readonly<Record<string, string>> = {
  '/good/dists/bookworm/InRelease': RELEASE('Sat, 28 Nov 2026 10:00:00 UTC'),
  '/old/dists/bookworm/InRelease': RELEASE('Sun, 01 Nov 2026 10:00:00 UTC'),
  '/portal/dists/bookworm/InRelease': '<!DOCTYPE html><title>Log in</title>',
  '/md/repodata/repomd.xml': '<?xml version="1.0"?>\n<repomd xmlns="http://linux.duke.edu/metadata/repo">',
  '/el6/': '<html><title>Index of /el6</title><a href="kernel-debuginfo-2.6.32-642.el6.x86_64.rpm">k</a>',
  '/parked/': '<html><body>This domain is for sale</body></html>',
  '/mirror.list': 'https://cdn.example/al2023/core/guids/abc/x86_64/\n',
};

const dir = mkdtempSync(join(tmpdir(), 'tapprep-check-'));
let server: Server;
let base = '';

beforeAll(async () => {
  server = createServer((request, response) => {
    const body = ANSWERS[request.url ?? ''];
    if (request.url?.startsWith('/silent/')) return;
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'text/plain' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(dir, { recursive: true });
});

const NO_TARGET: MirrorsOptions['target'] = {
  kernel: null,
  distro: null,
  arch: null,
  unameV: null,
  root: null,
  host: null,
  facts: null,
};
const NONE: MirrorsOptions = { target: NO_TARGET, all: false, retired: false, snapshot: null };

/** A package root with a list of its own, and a context that writes into strings. */
function contextWith(groups: readonly object[], common: Partial<Context['common']> = {}) {
  writeFileSync(
    join(dir, 'mirrors.json'),
    JSON.stringify({ format: 'tapprep-mirrors/1', codenames: { debian: { 12: 'bookworm' } }, groups }),
  );
  const out: Buffer[] = [];
  const stdout = new PassThrough().on('data', (chunk: Buffer) => out.push(chunk));
  const context: Context = {
    stdin: new PassThrough(),
    stdout: createOutput(stdout),
    stderr: createOutput(new PassThrough().resume()),
    stderrIsTerminal: false,
    isDryRun: false,
    askSecret: () => Promise.resolve(null),
    env: {},
    cwd: dir,
    now: () => Date.parse('2026-11-23T00:00:00Z'),
    signal: new AbortController().signal,
    packageRoot: dir,
    common: {
      json: true,
      yes: false,
      dryRun: false,
      quiet: true,
      verbose: false,
      color: false,
      offline: false,
      allowUnsigned: false,
      timeoutMs: null,
      mirrors: [],
      mirror: [],
      cacheDir: dir,
      sshConfig: null,
      sudoPasswordFile: null,
      ...common,
    },
    emit: () => undefined,
    confirm: () => Promise.resolve(false),
    ssh: NO_SSH,
    place: NO_PLACE,
  };
  return { context, text: () => Buffer.concat(out).toString() };
}

function group(distro: string, entries: readonly object[]): object {
  const trust = { metadata: 'unsigned', packages: 'unsigned', keys: [] };
  const rest = { content: ['devel'], state: { status: 'live', since: null }, verified: { source: 'test', date: null } };
  return { title: distro, distros: [distro], vendor: distro, trust, entries: entries.map((e) => ({ ...rest, ...e })) };
}

const deb = (id: string, url: string): object => ({
  id,
  versions: ['12'],
  kind: 'deb',
  urls: [url],
  suites: ['{codename}'],
  components: ['main'],
});
const rpm = (id: string, kind: string, urls: readonly string[], more: object = {}): object => ({
  id,
  versions: ['6.*'],
  kind,
  urls,
  ...more,
});

test('each kind of index is recognised, and everything else is said for what it is', async () => {
  const { context, text } = contextWith([
    group('debian', [
      deb('good', `${base}good/`),
      deb('old', `${base}old/`),
      deb('portal', `${base}portal/`),
      deb('gone', `${base}gone/`),
      deb('refused', 'http://127.0.0.1:9/'),
    ]),
    group('centos', [
      rpm('md', 'rpm-md', [`${base}md/`, `${base}nowhere/`]),
      rpm('listing', 'listing', [`${base}el6/`]),
      rpm('parked', 'listing', [`${base}parked/`]),
      rpm('names', 'rpm-md', [], { discovery: { kind: 'mirror-list', url: `${base}mirror.list` } }),
    ]),
  ]);
  expect(await runMirrorsCheck(context, { ...NONE, all: true })).toBe(1);
  const { answers } = JSON.parse(text()) as { answers: readonly Record<string, unknown>[] };
  expect(answers.map(({ repository, status, ok, index, reason }) => [repository, status, ok, index, reason])).toEqual([
    ['good/bookworm', 200, true, 'InRelease of bookworm, 2026-11-21', null],
    ['old/bookworm', 200, false, 'InRelease of bookworm, 2026-11-21', 'its Release file expired on 2026-11-01'],
    ['portal/bookworm', 200, false, null, 'answered with a page of HTML instead of a signed InRelease'],
    ['gone/bookworm', 404, false, null, 'answered with status 404'],
    ['refused/bookworm', null, false, null, expect.stringContaining('refused')],
    ['md', 200, true, 'repomd.xml', null],
    ['md', 404, false, null, 'answered with status 404'],
    ['listing', 200, true, 'index page with packages', null],
    ['parked', 200, false, null, 'answered with a page of HTML instead of an index page'],
    ['names', 200, true, 'mirror list of 1', null],
  ]);
});

test('exit 0 when each repository answers somewhere, 3 when none does', async () => {
  const some = contextWith([group('centos', [rpm('md', 'rpm-md', [`${base}nowhere/`, `${base}md/`])])]);
  expect(await runMirrorsCheck(some.context, { ...NONE, all: true })).toBe(0);
  const none = contextWith([group('centos', [rpm('md', 'rpm-md', [`${base}nowhere/`])])], { json: false });
  expect(await runMirrorsCheck(none.context, { ...NONE, all: true })).toBe(3);
  expect(none.text()).toMatch(/md +404 .*answered with status 404/);
});

test('a server that says nothing is given up', async () => {
  const { checkRepositories } = await import('../../src/mirrors/check.ts');
  const { createTransport } = await import('../../src/fetch/transports.ts');
  const { DEFAULT_LIMITS } = await import('../../src/fetch/limits.ts');
  const repository = {
    id: 'silent',
    kind: 'listing' as const,
    baseUrls: [`${base}silent/`],
    suite: null,
    components: [],
    origin: 'override' as const,
    vendor: null,
    content: ['devel' as const],
    state: 'live' as const,
    trust: { metadata: 'unsigned' as const, packages: 'unsigned' as const, fingerprints: [], keyrings: [], allow: [] },
    allowExpiredRelease: false,
  };
  const options = { transport: createTransport(DEFAULT_LIMITS, {}), now: Date.now, timeoutMs: 300 };
  const [answer] = await checkRepositories([repository], { ...options, signal: new AbortController().signal });
  expect(answer).toMatchObject({ ok: false, status: null, reason: 'no answer within 0.3 s' });
  const stopped = AbortSignal.timeout(100);
  await expect(checkRepositories([repository], { ...options, timeoutMs: 5000, signal: stopped })).rejects.toMatchObject(
    {
      code: 'INTERRUPTED',
    },
  );
});

test('offline asks nothing', async () => {
  const { context } = contextWith([], { offline: true });
  await expect(runMirrorsCheck(context, { ...NONE, all: true })).rejects.toMatchObject({ code: 'OFFLINE' });
});

test('list for a target: what is asked, what is not and why, without credentials', async () => {
  const { context, text } = contextWith(
    [
      group('centos', [
        rpm('vault', 'rpm-md', [`${base}{minor}/{arch}/`]),
        rpm('dead', 'rpm-md', [`${base}dead/`], { state: { status: 'retired', since: '2024-07-01' } }),
      ]),
    ],
    { mirror: ['rpm-md=https://me:secret@mirror.example.org/{major}/'] },
  );
  const target = { ...NO_TARGET, distro: 'centos:6.8', kernel: '2.6.32-642.el6.x86_64' };
  const options = { ...NONE, target };
  expect(await runMirrorsList(context, options)).toBe(0);
  expect(text()).not.toContain('secret');
  const report = JSON.parse(text()) as { repositories: readonly { baseUrls: readonly string[] }[]; skipped: unknown };
  expect(report.repositories.map(({ baseUrls }) => baseUrls[0])).toEqual([
    'https://***@mirror.example.org/6/',
    `${base}6.8/x86_64/`,
  ]);
  expect(report.skipped).toEqual([{ id: 'dead', reason: 'retired since 2024-07-01' }]);
  const plain = contextWith([group('centos', [rpm('vault', 'rpm-md', [`${base}{minor}/{arch}/`])])], { json: false });
  await runMirrorsList(plain.context, { ...options, all: true });
  expect(plain.text()).toContain('vault  6.*  devel  live');
});
