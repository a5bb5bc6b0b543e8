/** A lock on an rpm system: the same packages and files every time, or a failure that says why; with the real rpm and createrepo_c. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli, type CliResult } from '../helpers/cli.ts';
import { makeRpmRunRoot } from '../helpers/dpkg-root.ts';
import { fingerprint } from '../helpers/fingerprint.ts';
import { GpgHome, type TestKey } from '../helpers/gpg.ts';
import { type Nginx, serveNginx } from '../helpers/nginx.ts';
import { kernelBuild, type LabBuild, openRpmLab } from '../helpers/rpm-lab.ts';

const RELEASE = '4.18.0-553.el8_10.x86_64';
const KERNEL = kernelBuild('4.18.0', '553.el8_10', { vendor: 'AlmaLinux' });
const TOOLS: LabBuild = {
  source: 'tools',
  version: '5.0',
  release: '1.el8',
  vendor: 'AlmaLinux',
  packages: [{ name: 'systemtap' }],
};
const work = mkdtempSync(join(tmpdir(), 'e2e-lock-rpm-'));
const lock = join(work, 'kernel.lock');
const served = join(work, 'served');
const gpg = new GpgHome();
const lab = openRpmLab();
const clis: Cli[] = [];
let key: TestKey;
let nginx: Nginx;
let base: readonly string[];
let packages: readonly string[];
let count = 0;

function build(one: LabBuild): readonly string[] {
  const paths = Object.values(lab.build(one));
  for (const path of paths) lab.sign(path, gpg, key);
  return paths;
}

function publish(paths: readonly string[]): void {
  count += 1;
  rmSync(served, { recursive: true, force: true });
  cpSync(lab.makeRepository(`state-${count}`, paths), served, { recursive: true });
}

function freshRoot(): string {
  count += 1;
  const root = join(work, `root-${count}`);
  mkdirSync(root);
  makeRpmRunRoot(root, nginx.url, base);
  const file = join(root, 'etc/yum.repos.d/test.repo');
  mkdirSync(join(root, 'etc/pki/rpm-gpg'), { recursive: true });
  cpSync(key.armored, join(root, 'etc/pki/rpm-gpg/KEY'));
  writeFileSync(file, `${readFileSync(file, 'utf8')}gpgkey=file:///etc/pki/rpm-gpg/KEY\n`);
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

function listPackages(root: string): readonly string[] {
  // The digest of a header tells two builds of one version apart.
  const out = execFileSync('chroot', [root, 'rpm', '-qa', '--qf', '%{NAME}-%{VERSION}-%{RELEASE} %{SHA256HEADER}\n']);
  return out.toString().trim().split('\n').toSorted();
}

/** The package database and records, which hold the time. */
const VARIES = /^var\/(lib\/(rpm|tapprep)|cache\/tapprep)\b/;

beforeAll(async () => {
  key = gpg.makeKey('archive', 'rsa2048');
  packages = [...build(KERNEL), ...build(TOOLS)];
  base = Object.values(
    lab.build({ source: 'base', version: '1', release: '1', packages: [{ name: 'gcc' }, { name: 'make' }] }),
  );
  publish(packages);
  nginx = await serveNginx(served);
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

test('two systems from one lock have the same packages and the same files', async () => {
  const [first, second] = [freshRoot(), freshRoot()];
  // Empty packages prove nothing: installed, not ready.
  for (const root of [first, second]) expect(await installLocked(root)).toMatchObject({ code: 1 });
  expect(listPackages(first)).toEqual(listPackages(second));
  expect(listPackages(first)).toHaveLength(base.length + 4);
  expect(fingerprint(first, VARIES)).toEqual(fingerprint(second, VARIES));
  expect(fingerprint(first, VARIES).join('\n')).toContain(' usr/share/lab/kernel-debuginfo\n');
});

test('newer packages in the repository: those of the lock all the same', async () => {
  const before = freshRoot();
  expect(await installLocked(before)).toMatchObject({ code: 1 });
  publish([...packages, ...build({ ...TOOLS, version: '5.1' })]);
  const after = freshRoot();
  expect(await installLocked(after)).toMatchObject({ code: 1 });
  expect(listPackages(after)).toEqual(listPackages(before));
});

test('a package that the repository has no more: exit 4, and nothing is installed', async () => {
  publish([...packages.filter((path) => !path.includes('/systemtap-')), ...build({ ...TOOLS, version: '5.1' })]);
  const root = freshRoot();
  const result = await installLocked(root);
  expect(result.stderr).toMatch(/LOCK_STALE: the lock can no longer be followed: .*systemtap-5\.0-1\.el8\.x86_64\.rpm/);
  expect(result.code).toBe(4);
  expect(listPackages(root)).toHaveLength(base.length);
});

test('other bytes under the name that the lock has, signed by the same key: exit 4, and nothing is installed', async () => {
  const rebuilt = build({ ...TOOLS, buildTime: 1_700_000_999 });
  publish([...packages.filter((path) => !path.includes('/systemtap-')), ...rebuilt]);
  const root = freshRoot();
  const result = await installLocked(root);
  expect(result.stderr).toMatch(/(DIGEST|SIZE)_MISMATCH/);
  expect(result.code).toBe(4);
  expect(listPackages(root)).toHaveLength(base.length);
});
