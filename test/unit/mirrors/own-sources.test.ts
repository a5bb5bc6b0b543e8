import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { keepDirectives } from '../../../src/detect/source-directives.ts';
import { declareFacts } from '../../../src/detect/declared-facts.ts';
import { createRootHost } from '../../../src/host/root.ts';
import { loadMirrors } from '../../../src/mirrors/load.ts';
import { collectOwnSources } from '../../../src/mirrors/own-sources.ts';
import { asPattern, type OpenTarget } from '../../../src/pipeline/open-target.ts';
import { targetOf } from '../../helpers/mirror-targets.ts';

const dir = mkdtempSync(join(tmpdir(), 'tapprep-own-'));
afterAll(() => rmSync(dir, { recursive: true }));
mkdirSync(join(dir, 'apt/sources.list.d'), { recursive: true });
mkdirSync(join(dir, 'root/usr/share/keyrings'), { recursive: true });
mkdirSync(join(dir, 'root/var/lib/dpkg'), { recursive: true });
writeFileSync(join(dir, 'root/var/lib/dpkg/status'), '');
writeFileSync(join(dir, 'apt/sources.list'), 'deb http://local.example/debian bookworm main\n');
writeFileSync(join(dir, 'apt/sources.list.d/off.list.save'), 'deb http://off.example/debian bookworm main\n');

const mirrors = await loadMirrors({ packageRoot: process.cwd(), files: [], configHome: null });
const release = '5.10.0-32-cloud-amd64';
const target = targetOf('debian', '11', release);
const facts = {
  ...declareFacts({ distro: 'debian:11', release, arch: null, unameV: null }),
  repositories: [{ path: '/etc/apt/sources.list', text: 'deb http://own.example/debian bullseye main\n' }],
};

test("a root's own sources come first, with its own keyring, then this machine's archive", async () => {
  const host = createRootHost(join(dir, 'root'));
  const { repositories } = await collectOwnSources({ host, facts, target }, mirrors, join(dir, 'apt'));
  expect(repositories.map(({ baseUrls, suite }) => `${baseUrls[0]} ${suite}`)).toEqual([
    'http://own.example/debian/ bullseye',
    'http://local.example/debian/ bullseye',
    'http://local.example/debian/ bullseye-updates',
  ]);
  expect(repositories[0]?.trust.keyrings).toEqual([join(dir, 'root/usr/share/keyrings/debian-archive-keyring.gpg')]);
  expect(repositories[1]?.trust.keyrings).toEqual(['/usr/share/keyrings/debian-archive-keyring.gpg']);
});

test('of a machine that is only described, the facts have the list of mirrors that a source names', async () => {
  const list = keepDirectives({
    path: '/etc/apt/mirrors/debian.list',
    text: '# ours\nhttps://me:secret@own.example/debian priority:1\nrm -rf /\n',
  });
  expect(list.text).toBe('https://***@own.example/debian priority:1\n');
  const source = {
    path: '/etc/apt/sources.list',
    text: 'deb mirror+file:/etc/apt/mirrors/debian.list bullseye main\n',
  };
  const plain = { ...list, text: 'https://own.example/debian\n' };
  const described = { ...facts, repositories: [source, plain] };
  const { repositories, notes } = await collectOwnSources(
    { host: null, facts: described, target },
    mirrors,
    '/nonexistent',
  );
  expect(repositories.map(({ baseUrls }) => baseUrls)).toContainEqual(['https://own.example/debian/']);
  expect(notes.join(' ')).not.toContain('debian.list');
});

test('a machine without apt adds nothing', async () => {
  const { repositories } = await collectOwnSources({ host: null, facts, target }, mirrors, join(dir, 'nowhere'));
  expect(repositories.map(({ baseUrls }) => baseUrls[0])).toEqual(['http://own.example/debian/']);
});

test("the key path of a root's .repo file is a file of the root, never that of this machine", async () => {
  // Of this very machine, and there is no such file in the root.
  const here = join(dir, 'here.asc');
  writeFileSync(here, '');
  const repo = `[own]\nname=own\nbaseurl=http://own.example/el6/\ngpgkey=file://${here}\n`;
  const own = {
    ...declareFacts({ distro: 'centos:6.8', release: '2.6.32-642.el6.x86_64', arch: null, unameV: null }),
    repositories: [{ path: '/etc/yum.repos.d/own.repo', text: repo }],
  };
  const host = createRootHost(join(dir, 'root'));
  const centos = targetOf('centos', '6.8', '2.6.32-642.el6.x86_64');
  const { repositories } = await collectOwnSources({ host, facts: own, target: centos }, mirrors, join(dir, 'apt'));
  expect(repositories[0]?.trust.keyrings).toEqual([join(dir, 'root', here)]);
});

const inline =
  'Types: deb\nURIs: http://evil.example/debian\nSuites: bullseye\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEY\n -----END PGP PUBLIC KEY BLOCK-----\n';

test.each([
  ['written into the file', { path: '/etc/apt/sources.list.d/x.sources', text: inline }],
  [
    'a file where no keyrings are',
    {
      path: '/etc/apt/sources.list',
      text: 'deb [signed-by=/tmp/evil.gpg] http://evil.example/debian bullseye main\n',
    },
  ],
])('a source of a described machine is not asked by a key of its own: %s', async (_, source) => {
  const described = { ...facts, repositories: [source] };
  const { repositories, unbelieved } = await collectOwnSources(
    { host: null, facts: described, target },
    mirrors,
    '/nonexistent',
  );
  expect(repositories).toEqual([]);
  expect(unbelieved).toEqual(['http://evil.example/debian/']);
});

test("what a described machine has in the places of keyrings is this machine's file of that name", async () => {
  const path = '/etc/apt/keyrings/ours.gpg';
  const text = `deb [signed-by=${path}] http://own.example/debian bullseye main\n`;
  const described = { ...facts, repositories: [{ path: '/etc/apt/sources.list', text }] };
  const { repositories } = await collectOwnSources({ host: null, facts: described, target }, mirrors, '/nonexistent');
  expect(repositories[0]?.trust).toMatchObject({ keyrings: [path] });
});

test('a root that is only a pattern for one made here brings no keys, and one that is installed into does', async () => {
  mkdirSync(join(dir, 'root/etc/apt/keyrings'), { recursive: true });
  const host = createRootHost(join(dir, 'root'));
  const path = '/etc/apt/keyrings/theirs.gpg';
  const text = `deb [signed-by=${path}] http://own.example/debian bullseye main\n`;
  const open = { host, facts: { ...facts, repositories: [{ path: '/etc/apt/sources.list', text }] }, target };
  const keyringsOf = async (owner: typeof open): Promise<unknown> =>
    (await collectOwnSources(owner, mirrors, '/nonexistent')).repositories[0]?.trust.keyrings;
  expect(await keyringsOf(open)).toEqual([join(dir, 'root', path)]);
  expect(await keyringsOf(asPattern(open))).toEqual([path]);
  expect(asPattern<OpenTarget>({ ...open, host: null }).keys).toBe('here');
});
