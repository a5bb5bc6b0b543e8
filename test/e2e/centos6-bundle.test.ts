/** A bundle for CentOS 6.8, made without that system: exactly what dnf would install, installed by install.sh and undone. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BundleManifest } from '../../src/bundle/manifest.ts';
import { Cli, type CliResult } from '../helpers/cli.ts';
import { judgeByDnf } from '../helpers/closure-judge.ts';
import { makeRpmRunRoot } from '../helpers/dpkg-root.ts';
import { GpgHome, type TestKey } from '../helpers/gpg.ts';
import { type Nginx, serveNginx } from '../helpers/nginx.ts';
import { type LabPackage, openRpmLab } from '../helpers/rpm-lab.ts';
import { listRefused, type OldSystem, playOldPrograms } from '../helpers/old-programs.ts';
import { runLocally } from '../helpers/run.ts';

const VR = '2.6.32-642.el6';
const RELEASE = `${VR}.x86_64`;
const TREE = `/usr/src/kernels/${RELEASE}`;
const SCRIPT = `/carried/tapprep-${RELEASE}/install.sh`;
const PROGRAM = '#!/bin/sh\n';

function files(...paths: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(paths.map((path) => [path, PROGRAM]));
}

function provider(name: string, version: string, ...provides: readonly string[]): LabPackage {
  return { name, version, provides };
}

/** Names, versions and requirements of CentOS 6.8, by sonames, paths and versions; its programs only end with 0. */
const PACKAGES: readonly LabPackage[] = [
  {
    name: 'kernel-devel',
    requires: ['/usr/bin/find', 'perl'],
    provides: [`kernel-devel-uname-r = ${RELEASE}`],
    files: files(`${TREE}/Makefile`, `${TREE}/.config`, `${TREE}/Module.symvers`),
  },
  { name: 'kernel-headers' },
  { name: 'kernel-debuginfo', requires: [`kernel-debuginfo-common-x86_64 = ${VR}`] },
  { name: 'kernel-debuginfo-common-x86_64' },
  {
    name: 'systemtap',
    version: '2.9-4.el6',
    requires: ['systemtap-client = 2.9-4.el6', 'systemtap-devel = 2.9-4.el6'],
  },
  {
    name: 'systemtap-client',
    version: '2.9-4.el6',
    requires: ['systemtap-runtime = 2.9-4.el6', 'coreutils', 'libdw.so.1(ELFUTILS_0.142)(64bit)'],
    files: files('/usr/bin/stap'),
  },
  {
    name: 'systemtap-devel',
    version: '2.9-4.el6',
    requires: ['systemtap-runtime = 2.9-4.el6', 'gcc', 'make', 'kernel-devel'],
  },
  {
    name: 'systemtap-runtime',
    version: '2.9-4.el6',
    requires: ['/usr/bin/perl', 'shadow-utils'],
    files: files('/usr/bin/staprun'),
  },
  {
    name: 'gcc',
    version: '4.4.7-17.el6',
    requires: ['cpp = 4.4.7-17.el6', 'glibc-devel >= 2.2.90-12', 'cloog-ppl >= 0.15'],
    files: files('/usr/bin/gcc'),
  },
  { name: 'cpp', version: '4.4.7-17.el6', requires: ['libmpfr.so.1()(64bit)'] },
  provider('mpfr', '2.4.1-6.el6', 'libmpfr.so.1()(64bit)'),
  { name: 'cloog-ppl', version: '0.15.7-1.2.el6' },
  { name: 'glibc-devel', version: '2.12-1.192.el6', requires: ['glibc-headers = 2.12-1.192.el6', 'libgcc'] },
  { name: 'glibc-headers', version: '2.12-1.192.el6', requires: ['kernel-headers >= 2.2.1'] },
  { name: 'libgcc', version: '4.4.7-17.el6' },
  { name: 'make', version: '1:3.81-23.el6', files: files('/usr/bin/make') },
  { name: 'findutils', version: '1:4.4.2-9.el6', files: files('/usr/bin/find') },
  { name: 'perl', version: '4:5.10.1-141.el6', files: files('/usr/bin/perl') },
  provider('elfutils-libs', '0.164-2.el6', 'libdw.so.1(ELFUTILS_0.142)(64bit)'),
  { name: 'coreutils', version: '8.4-43.el6' },
  { name: 'shadow-utils', version: '2:4.1.5.1-5.el6' },
  { name: 'unrelated', version: '1-1.el6' },
];

const work = mkdtempSync(join(tmpdir(), 'e2e-centos6-bundle-'));
const lab = openRpmLab();
const gpg = new GpgHome();
const cli = new Cli();
let key: TestKey;
let paths: Readonly<Record<string, string>>;
let nginx: Nginx;
let out: string;

beforeAll(async () => {
  key = gpg.makeKey('CentOS 6 of the lab', 'rsa2048');
  const build = { source: 'kernel', version: '2.6.32', release: '642.el6' };
  paths = lab.build({ ...build, packages: PACKAGES });
  for (const path of Object.values(paths)) lab.sign(path, gpg, key);
  mkdirSync(join(work, 'served'));
  publish('whole', Object.values(paths));
  publish(
    'lacking',
    Object.values(paths).filter((path) => path !== paths['mpfr']),
  );
  nginx = await serveNginx(join(work, 'served'));
  out = join(work, 'centos.tar');
});
afterAll(async () => {
  await nginx.close();
  lab.close();
  gpg.close();
  cli.close();
  rmSync(work, { recursive: true });
});

/** With SHA-1 over everything, as repositories had it then. */
function publish(name: string, packages: readonly string[]): void {
  symlinkSync(lab.makeRepository(name, packages, ['--checksum=sha']), join(work, 'served', name));
}

function tapprep(command: string, name: string, ...more: readonly string[]): Promise<CliResult> {
  const target = ['--distro', 'centos:6.8', '--kernel', RELEASE];
  return cli.run([command, ...target, ...mirrorsOf(name), ...more]);
}

function mirrorsOf(name: string): readonly string[] {
  const trust = { metadata: 'unsigned', packages: 'signed', keys: ['lab-key'], keyrings: [key.armored] };
  const entry = {
    id: name,
    versions: ['6.*'],
    kind: 'rpm-md',
    urls: [`${nginx.url}${name}/`],
    content: ['devel', 'debuginfo', 'systemtap', 'toolchain'],
    state: { status: 'archive', since: null },
    verified: null,
    reason: 'made for a test',
  };
  const keys = { 'lab-key': { fingerprint: key.fingerprint, name: 'lab', expires: null, verified: null } };
  const groups = [{ title: 'Lab', distros: ['centos'], vendor: 'CentOS', trust, entries: [entry] }];
  const mirrors = join(work, `${name}.json`);
  writeFileSync(mirrors, JSON.stringify({ format: 'tapprep-mirrors/1', keys, groups }));
  return ['--mirrors', mirrors];
}

function bundle(name: string, to: string): Promise<CliResult> {
  return tapprep('bundle', name, '--yes', '--out', to);
}

function manifestOf(tar: string): BundleManifest {
  const text = execFileSync('tar', ['-xOf', tar, `tapprep-${RELEASE}/manifest.json`], { encoding: 'utf8' });
  return JSON.parse(text) as BundleManifest;
}

/** A system with sh, rpm and `base`, into which the bundle was carried. */
function makeRoot(name: string, base: readonly string[], system: OldSystem = 'EL6'): string {
  const root = join(work, name);
  mkdirSync(root);
  makeRpmRunRoot(root, nginx.url, base);
  writeFileSync(join(root, 'etc/os-release'), '');
  writeFileSync(join(root, 'etc/redhat-release'), 'CentOS release 6.8 (Final)\n');
  mkdirSync(join(root, 'carried'));
  execFileSync('tar', ['-C', join(root, 'carried'), '-xf', out]);
  playOldPrograms(root, system);
  return root;
}

async function install(root: string, ...args: readonly string[]): Promise<{ code: number | null; said: string }> {
  const { exitCode, stderr } = await runLocally(['chroot', root, 'sh', SCRIPT, ...args]);
  return { code: exitCode, said: stderr };
}

function listRpms(root: string): readonly string[] {
  const format = '%{NAME}-%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}.%{ARCH}\n';
  const text = execFileSync('chroot', [root, 'rpm', '-qa', '--qf', format], { encoding: 'utf8' });
  return text
    .split('\n')
    .filter((line) => line !== '')
    .toSorted();
}

test('the bundle carries what dnf would install into an empty root, and install.sh installs it there', async () => {
  const made = await bundle('whole', out);
  expect([made.code, made.code === 0 ? '' : made.stderr]).toEqual([0, '']);
  // Why each is there is told to whoever plans, and carried along.
  const because = manifestOf(out).packages.find(({ name }) => name === 'mpfr')?.because;
  expect(because).toEqual({ needs: 'libmpfr.so.1()(64bit)', by: 'cpp' });
  const plan = await tapprep('plan', 'whole', '--verbose');
  expect(plan.stdout).toMatch(/^dependency +mpfr .* libmpfr\.so\.1\(\)\(64bit\) of cpp /m);

  const wanted = [['kernel-devel', 'kernel-debuginfo', 'systemtap']];
  const [judged] = judgeByDnf(join(work, 'served/whole'), wanted);
  expect(judged).toHaveLength(PACKAGES.length - 1);

  const root = makeRoot('empty', []);
  // What stands in for stap ends with 0 and makes no module: that is no proof.
  const { code, said } = await install(root, '--not-running', '--keep');
  expect([code, said]).toEqual([1, expect.stringContaining('made no module, tapprep_hello.ko')]);
  expect(listRpms(root)).toEqual(judged?.toSorted());
  expect(await install(root, '--undo')).toMatchObject({ code: 0 });
  expect(listRpms(root)).toEqual([]);

  expect((await install(root, '--not-running')).code).toBe(1);
  expect(listRpms(root)).toEqual([]);
});

test.each(['EL5', 'EL6', 'EL7'] as const)(
  'install.sh and --undo ask nothing of %s that its programs refuse',
  async (system) => {
    const root = makeRoot(`old-${system}`, [], system);
    expect((await install(root, '--check', '--not-running')).said).not.toMatch(/unrecognized|--hash/);
    const { said } = await install(root, '--not-running', '--keep');
    expect(said).not.toMatch(/unrecognized|--hash/);
    expect(listRpms(root)).toHaveLength(PACKAGES.length - 1);
    const undone = await install(root, '--undo');
    expect([undone.code, undone.said]).toEqual([0, expect.not.stringMatching(/unrecognized|--hash/)]);
    expect(listRpms(root)).toEqual([]);
  },
);

test.each(['EL5', 'EL6'] as const)('tapprep itself asks nothing of %s that its programs refuse', async (system) => {
  const root = makeRoot(`own-${system}`, [paths['shadow-utils'] ?? ''], system);
  // What would be booted is there; nothing is, because the ladder ends before.
  mkdirSync(join(root, 'boot'));
  writeFileSync(join(root, `boot/vmlinuz-${RELEASE}`), '');
  const before = listRpms(root);
  const target = ['--root', root, '--kernel', RELEASE];
  const options = ['--systemtap', 'distro', '--yes', '--verbose'];
  const installed = await cli.run(['install', ...target, ...mirrorsOf('whole'), ...options]);
  expect([installed.code, listRefused(root)]).toEqual([1, []]);
  expect(listRpms(root)).toHaveLength(PACKAGES.length - 1);
  const removed = await cli.run(['remove', '--root', root, '--yes', '--verbose']);
  expect([removed.code, listRefused(root)]).toEqual([0, []]);
  expect(listRpms(root)).toEqual(before);
});

test('the programs of EL6 refuse what they refused', () => {
  const root = makeRoot('refusing', []);
  const ask = (...argv: readonly string[]): string => {
    const { stderr } = spawnSync('chroot', [root, ...argv], { encoding: 'utf8' });
    return stderr.trim();
  };
  expect(ask('rpm', '-evh', 'tool')).toBe('rpm: --hash (-h) may only be specified during package installation');
  expect(ask('ls', '--zero')).toBe("ls: unrecognized option `--zero'");
  expect(ask('rpm', '-ev', 'tool')).toContain('error: package tool is not installed');
});

test('in a minimal system what is there stays as it is, in another version too', async () => {
  const older = lab.build({
    source: 'base',
    version: '8.4',
    release: '37.el6',
    packages: [{ name: 'coreutils' }, { name: 'findutils', version: '1:4.4.2-6.el6', files: files('/usr/bin/find') }],
  });
  const root = makeRoot('minimal', [...Object.values(older), paths['shadow-utils'] ?? '']);
  const before = listRpms(root);
  expect(before).toHaveLength(3);
  const { said } = await install(root, '--not-running', '--keep');
  expect(said).toContain('coreutils 8.4-37.el6 is there already and not 8.4-43.el6: left as it is');
  expect(listRpms(root)).toHaveLength(PACKAGES.length - 1);
  expect(listRpms(root)).toEqual(expect.arrayContaining([...before]));
  expect(await install(root, '--undo')).toMatchObject({ code: 0 });
  expect(listRpms(root)).toEqual(before);
});

test('a version that does not do is refused by rpm, and nothing is changed', async () => {
  const old = lab.build({
    source: 'old',
    version: '0.10',
    release: '1.el6',
    packages: [{ name: 'cloog-ppl' }],
  });
  const root = makeRoot('too-old', Object.values(old));
  const before = listRpms(root);
  const { code, said } = await install(root, '--not-running');
  expect([code, said]).toEqual([5, expect.stringContaining('cloog-ppl >= 0.15 is needed by gcc-4.4.7-17.el6')]);
  expect(listRpms(root)).toEqual(before);
});

test('with one package missing from the repository the bundle is refused, naming who needs it', async () => {
  const to = join(work, 'lacking.tar');
  const { code, stderr } = await bundle('lacking', to);
  expect(code).not.toBe(0);
  expect(stderr).toContain('UNSATISFIED_DEPENDENCY');
  expect(stderr).toContain('libmpfr.so.1()(64bit)');
  expect(() => readFileSync(to)).toThrow(basename(to));
});
