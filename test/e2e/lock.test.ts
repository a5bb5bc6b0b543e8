/** A lock: the same bundle and the same system from it every time, or a failure that says why; with a real archive behind nginx. */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli, type CliResult } from '../helpers/cli.ts';
import { DebLab } from '../helpers/deb-lab.ts';
import { serveDirectory } from '../helpers/directory-server.ts';
import { makeDpkgRunRoot } from '../helpers/dpkg-root.ts';
import { fingerprint, sha256File } from '../helpers/fingerprint.ts';
import { GpgHome, type TestKey } from '../helpers/gpg.ts';
import { faultsOf } from '../helpers/schema.ts';
import { type Nginx, serveNginx } from '../helpers/nginx.ts';
import { listPackages } from '../helpers/system-state.ts';

const RELEASE = '5.10.0-99-cloud-amd64';
const SUITE = 'bullseye';
const work = mkdtempSync(join(tmpdir(), 'e2e-lock-'));
const lock = join(work, 'kernel.lock');
const gpg = new GpgHome();
const lab = new DebLab(gpg);
const archive = join(lab.directory, 'archive');
const clis: Cli[] = [];
let key: TestKey;
let nginx: Nginx;
let packages: readonly string[];
let roots = 0;

function writeArchive(paths: readonly string[]): void {
  rmSync(archive, { recursive: true, force: true });
  const release = { Codename: SUITE, Date: 'Sat, 14 Nov 2026 00:00:00 UTC' };
  lab.writeArchive('archive', { suite: SUITE, packages: paths, key, release });
}

function freshRoot(): string {
  roots += 1;
  const root = join(work, `root-${roots}`);
  mkdirSync(root);
  makeDpkgRunRoot(root, { url: nginx.url, suite: SUITE, keyring: key.keyring });
  return root;
}

/** Each run has a home and a cache of its own: what it installs it has fetched now. */
function tapprep(...args: readonly string[]): Promise<CliResult> {
  const cli = new Cli();
  clis.push(cli);
  return cli.run([...args, '--kernel', RELEASE]);
}

function installLocked(root: string): Promise<CliResult> {
  return tapprep('install', '--root', root, '--lock', lock, '--systemtap', 'distro', '--yes');
}

/** Logs, backups and the record of when it was installed. */
const VARIES = /^var\/(log|lib\/tapprep|cache\/tapprep)\b|-old$/;

beforeAll(async () => {
  key = gpg.makeKey('archive', 'rsa2048');
  const linux = { Source: 'linux' };
  packages = [
    lab.build(`linux-headers-${RELEASE}`, '5.10.299-1', linux, 'gzip', { 'usr/src/headers': 'headers' }),
    lab.build(`linux-image-${RELEASE}-dbg`, '5.10.299-1', linux, 'gzip', { 'usr/lib/debug/vmlinux': 'dwarf' }),
    lab.build(`linux-image-${RELEASE}`, '5.10.299-1', linux, 'gzip', { [`boot/vmlinuz-${RELEASE}`]: 'no kernel' }),
    lab.build('systemtap', '4.4-2', {}, 'gzip', { 'usr/bin/no-stap': 'x' }),
    lab.build('gcc', '4:10.2.1-1'),
    lab.build('make', '4.3-4'),
  ];
  writeArchive(packages);
  nginx = await serveNginx(archive);
  const planned = await tapprep('plan', '--root', freshRoot(), '--out', lock);
  if (planned.code !== 0) throw new Error(planned.stderr);
});

afterAll(async () => {
  for (const cli of clis) cli.close();
  await nginx.close();
  lab.close();
  gpg.close();
  rmSync(work, { recursive: true, force: true });
});

test('a lock has the form that is published', () => {
  expect(faultsOf('lock', JSON.parse(readFileSync(lock, 'utf8')))).toEqual([]);
});

test('verify --in vm without a kernel and without a network says in one sentence what is missing, and the command', async () => {
  const { code, stderr } = await tapprep('verify', '--root', freshRoot(), '--in', 'vm', '--offline');
  expect(code).toBe(2);
  expect(stderr).toContain(`USAGE: the kernel ${RELEASE} itself is missing, which QEMU has to boot: `);
  expect(stderr).toMatch(/run this once with a network, without --offline\n {2}try: .*tapprep verify .*--in vm/);
  expect(stderr).not.toMatch(/try: .*--offline/);
});

test('two bundles of one lock are the same bytes', async () => {
  const root = freshRoot();
  const outs = ['a.tar', 'b.tar'].map((name) => join(work, name));
  for (const out of outs) {
    expect(await tapprep('bundle', '--root', root, '--lock', lock, '--out', out)).toMatchObject({ code: 0 });
  }
  expect(new Set(outs.map(sha256File)).size).toBe(1);
});

test('a bundle of a lock is for the target of the lock, where no other is named', async () => {
  const cli = new Cli();
  clis.push(cli);
  const out = join(work, 'own.tar');
  const { code, stdout } = await cli.run(['bundle', '--lock', lock, '--out', out, '--dry-run', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ target: { distro: 'debian', version: '11', release: RELEASE } });
});

test('a root in which no kernel is installed gets the one of the lock', async () => {
  const cli = new Cli();
  clis.push(cli);
  const args = ['install', '--root', freshRoot(), '--lock', lock, '--systemtap', 'distro', '--dry-run'];
  const { code, stdout } = await cli.run(args);
  expect([code, stdout]).toEqual([0, expect.stringContaining(`linux-headers-${RELEASE}_5.10.299-1_`)]);
});

test('a root in which no kernel is installed gets the one of the bundle', async () => {
  const cli = new Cli();
  clis.push(cli);
  const out = join(work, 'carried.tar');
  expect(await tapprep('bundle', '--root', freshRoot(), '--lock', lock, '--out', out)).toMatchObject({ code: 0 });
  const args = ['install', '--root', freshRoot(), '--bundle', out, '--systemtap', 'distro', '--dry-run'];
  const { code, stdout } = await cli.run(args);
  expect([code, stdout]).toEqual([0, expect.stringContaining(`linux-headers-${RELEASE}_5.10.299-1_`)]);
});

test('a root with another kernel alone is not taken for that of the lock', async () => {
  const cli = new Cli();
  clis.push(cli);
  const root = freshRoot();
  mkdirSync(join(root, 'lib/modules/5.10.0-98-cloud-amd64'), { recursive: true });
  const { code, stderr } = await cli.run(['install', '--root', root, '--lock', lock, '--dry-run']);
  expect(code).toBe(2);
  expect(stderr).toContain(`is for release ${RELEASE} but the target has release 5.10.0-98-cloud-amd64`);
  mkdirSync(join(root, 'lib/modules/5.10.0-97-cloud-amd64'));
  expect(
    await cli.run(['install', '--root', root, '--lock', lock, '--systemtap', 'distro', '--dry-run']),
  ).toMatchObject({
    code: 0,
  });
});

function isPackage(request: string): boolean {
  return request.endsWith('.deb');
}

test('packages that lay where fetch puts its own are named, as whoever installs all files takes them too', async () => {
  const dest = join(work, 'mixed');
  mkdirSync(dest);
  for (const name of ['a_1_arm64.deb', 'b_1_arm64.deb', 'readme.txt']) writeFileSync(join(dest, name), '');
  const line = ['fetch', '--root', freshRoot(), '--kernel', RELEASE, '--systemtap', 'distro', '--dest', dest] as const;
  const { code, stderr } = await tapprep(...line);
  expect(code).toBe(0);
  expect(stderr).toContain('holds packages that are not of this plan');
  expect(stderr).toContain('a_1_arm64.deb and 1 more');
  for (const name of ['a_1_arm64.deb', 'b_1_arm64.deb']) rmSync(join(dest, name));
  expect((await tapprep(...line)).stderr).not.toContain('not of this plan');
});

test('Ctrl-C in a fetch leaves no directory that it made, and what it found stays', async () => {
  const server = await serveDirectory(archive);
  for (const path of globSync('**/*.deb', { cwd: archive })) server.override(`/${path}`, () => undefined);
  const root = join(work, 'root-held');
  mkdirSync(root);
  makeDpkgRunRoot(root, { url: server.url, suite: SUITE, keyring: key.keyring });
  const found = join(work, 'found');
  mkdirSync(found);
  for (const dest of [join(work, 'made/by/fetch'), found]) {
    server.requests.length = 0;
    const cli = new Cli();
    clis.push(cli);
    const options = ['--root', root, '--kernel', RELEASE, '--systemtap', 'distro', '--dest', dest];
    const { child, done } = cli.start(['fetch', ...options]);
    while (!server.requests.some(isPackage)) await sleep(20);
    expect(existsSync(dest)).toBe(true);
    child.kill('SIGINT');
    expect(await done).toMatchObject({ code: 130 });
  }
  await server.close();
  expect(existsSync(join(work, 'made'))).toBe(false);
  expect(existsSync(found)).toBe(true);
});

test.each([
  ['version', '20.04', '11'],
  ['packageArch', 'arm64', 'amd64'],
])(
  'a lock for another %s is refused: exit 2, both are named, and nothing is installed',
  async (key, locked, wanted) => {
    const plan = JSON.parse(readFileSync(lock, 'utf8')) as { target: object };
    const other = join(work, 'other.lock');
    writeFileSync(other, JSON.stringify({ ...plan, target: { ...plan.target, [key]: locked } }));
    const root = freshRoot();
    const { code, stderr } = await tapprep('install', '--root', root, '--lock', other, '--yes');
    expect(code).toBe(2);
    expect(stderr).toContain(`BAD_LOCK: ${other} is for ${key} ${locked} but the target has ${key} ${wanted}`);
    expect(listPackages(root)).toBe('');
  },
);

test('two systems from one lock have the same packages and the same files', async () => {
  const [first, second] = [freshRoot(), freshRoot()];
  // Empty packages prove nothing: installed, not ready.
  for (const root of [first, second]) expect(await installLocked(root)).toMatchObject({ code: 1 });
  expect(fingerprint(first, VARIES)).toEqual(fingerprint(second, VARIES));
  expect(fingerprint(first, VARIES).join('\n')).toContain(' usr/lib/debug/vmlinux');
  expect(listPackages(first)).toContain('gcc 4:10.2.1-1');
});

test('newer packages in the repository: those of the lock all the same', async () => {
  const newer = lab.build('gcc', '4:10.2.1-7', {}, 'gzip', { 'usr/bin/gcc': 'newer' });
  writeArchive([...packages, newer]);
  try {
    const root = freshRoot();
    expect(await installLocked(root)).toMatchObject({ code: 1 });
    expect(listPackages(root)).toContain('gcc 4:10.2.1-1');
  } finally {
    writeArchive(packages);
  }
});

test('a package that the repository has no more: exit 4, and nothing is installed', async () => {
  const newer = lab.build('gcc', '4:10.2.1-7');
  writeArchive([...packages.filter((path) => !path.includes('/gcc_')), newer]);
  try {
    const root = freshRoot();
    const result = await installLocked(root);
    expect(result.stderr).toMatch(/LOCK_STALE: the lock can no longer be followed: .*gcc_10\.2\.1-1_amd64\.deb/);
    expect(result.code).toBe(4);
    expect(listPackages(root)).toBe('');
  } finally {
    writeArchive(packages);
  }
});

test('other bytes under the name that the lock has: exit 4, and nothing is installed', async () => {
  const path = packages.find((candidate) => candidate.includes('/gcc_')) ?? '';
  const bytes = readFileSync(path);
  // Signed by the archive's own key: a rebuild, and no attack.
  lab.build('gcc', '4:10.2.1-1', {}, 'gzip', { 'usr/bin/gcc': 'rebuilt' });
  writeArchive(packages);
  try {
    const root = freshRoot();
    const result = await installLocked(root);
    expect(result.stderr).toMatch(/(DIGEST|SIZE)_MISMATCH/);
    expect(result.code).toBe(4);
    expect(listPackages(root)).toBe('');
  } finally {
    writeFileSync(path, bytes);
    writeArchive(packages);
  }
});

test('a lock from another machine replaces nothing unasked: what is newer and only needed stays, the rest is refused', async () => {
  const root = freshRoot();
  const tree = join(work, 'newer-gcc');
  mkdirSync(join(tree, 'usr/bin'), { recursive: true });
  writeFileSync(join(tree, 'usr/bin/gcc'), '#!/bin/sh\necho "gcc (Debian 12.2.0-3) 12.2.0"\n', { mode: 0o755 });
  // What every Debian has, and by which it is known for one.
  const there = [lab.build('base-files', '11.1'), lab.build('gcc', '4:12.2.0-3', {}, 'gzip', { tree })];
  execFileSync('dpkg', ['--root', root, '--install', ...there], { stdio: 'pipe' });
  const dry = await tapprep('install', '--root', root, '--lock', lock, '--systemtap', 'distro', '--dry-run');
  expect(dry.stderr).toContain('plan: 4 packages');
  expect(dry.stdout).not.toContain('/gcc_');
  expect((await installLocked(root)).stderr).not.toContain('INSTALL_FAILED');
  expect(listPackages(root)).toContain('gcc 4:12.2.0-3 installed');

  const other = freshRoot();
  execFileSync('dpkg', ['--root', other, '--install', lab.build('systemtap', '5.2-1')], { stdio: 'pipe' });
  const refused = await installLocked(other);
  expect([refused.code, refused.stderr]).toEqual([5, expect.stringContaining('systemtap 5.2-1 -> 4.4-2')]);
  expect(listPackages(other)).toBe('systemtap 5.2-1 installed\n');
});
