/** install.sh on an rpm system: what is replaced there, and what is not. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import type { Role, RpmTarget } from '../../../src/types.ts';
import { makeRpmRunRoot } from '../../helpers/dpkg-root.ts';
import { GpgHome } from '../../helpers/gpg.ts';
import { openRpmLab } from '../../helpers/rpm-lab.ts';
import { type RealPackage, writeRealBundle } from '../../helpers/sample-bundle.ts';

const VR = '4.18.0-553.el8_10';
const TARGET: RpmTarget = {
  family: 'rpm',
  kernelFamily: 'el',
  distro: 'almalinux',
  version: '8.10',
  codename: null,
  arch: 'x86_64',
  release: `${VR}.x86_64`,
  unameV: null,
  buildId: null,
  packageArch: 'x86_64',
  stem: 'kernel',
  variant: null,
  versionRelease: VR,
};
const lab = openRpmLab();
const gpg = new GpgHome();
const key = gpg.makeKey('mine', 'rsa2048');
let root = '';
afterEach(() => rmSync(root, { recursive: true, force: true }));
afterAll(() => {
  gpg.close();
  lab.close();
});

function build(name: string, version: string, requires: readonly string[] = []): string {
  const [number = '', release = ''] = version.split('-');
  const source = `source-${name}-${version}`;
  return lab.build({ source, version: number, release, packages: [{ name, requires }] })[name] ?? '';
}

function describePackage(role: Role, name: string, version: string, file: string): RealPackage {
  return { file, name, version, arch: 'x86_64', role };
}

async function carry(installed: readonly string[], packages: readonly RealPackage[]): Promise<void> {
  root = mkdtempSync(join(tmpdir(), 'install-sh-rpm-'));
  makeRpmRunRoot(root, 'http://127.0.0.1:9/', installed);
  const tar = join(lab.directory, 'bundle.tar');
  await writeRealBundle(tar, packages, { target: TARGET });
  mkdirSync(join(root, 'carried'));
  execFileSync('tar', ['-C', join(root, 'carried'), '-xf', tar]);
}

function install(...args: readonly string[]): string {
  const script = `/carried/tapprep-${VR}.x86_64/install.sh`;
  return spawnSync('chroot', [root, 'sh', script, '--not-running', '--keep', ...args], { encoding: 'utf8' }).stderr;
}

function list(): readonly string[] {
  const argv = [root, 'rpm', '-qa', '--qf', '%{NAME} %{VERSION}-%{RELEASE}\n'];
  return execFileSync('chroot', argv, { encoding: 'utf8' }).trim().split('\n').toSorted();
}

test('--allow-upgrade leaves a dependency and a compiler as they are, and replaces what the bundle is for', async () => {
  const glibc = build('glibc', '2.28-251.el8');
  const gcc = build('gcc', '8.5.0-22.el8');
  const packages = [
    describePackage('dependency', 'glibc', '2.28-236.el8', build('glibc', '2.28-236.el8')),
    describePackage('toolchain', 'gcc', '8.5.0-20.el8', build('gcc', '8.5.0-20.el8')),
    describePackage('systemtap', 'systemtap', '5.0-1.el8', build('systemtap', '5.0-1.el8', ['glibc >= 2.28'])),
  ];
  lab.signAll(
    packages.map(({ file }) => file),
    gpg,
    key,
  );
  await carry([glibc, gcc, build('systemtap', '4.9-1.el8')], packages);
  const stderr = install('--allow-upgrade');
  expect(list()).toEqual(['gcc 8.5.0-22.el8', 'glibc 2.28-251.el8', 'systemtap 5.0-1.el8']);
  expect(stderr).toContain('glibc 2.28-251.el8 is there already and not 2.28-236.el8: left as it is');
});

test('what nobody signed takes the place of the old version, and a kernel package comes beside another', async () => {
  const before = [build('systemtap', '4.9-1.el8'), build('kernel-devel', '4.18.0-1.el8')];
  await carry(before, [
    describePackage('systemtap', 'systemtap', '5.0-1.el8', build('systemtap', '5.0-1.el8')),
    describePackage('devel', 'kernel-devel', VR, build('kernel-devel', VR)),
  ]);
  install('--allow-upgrade', '--allow-unsigned-packages');
  expect(list()).toEqual(['kernel-devel 4.18.0-1.el8', `kernel-devel ${VR}`, 'systemtap 5.0-1.el8']);
});

test('undo leaves what something else needs, by what provides it, and takes the rest away', async () => {
  const tools = lab.build({
    source: 'tools',
    version: '1',
    release: '1',
    packages: [
      { name: 'gcc', provides: ['compiler = 12'] },
      { name: 'stap-prep', files: { '/usr/bin/stap-prep': '#!/bin/sh\n' } },
      { name: 'systemtap' },
      { name: 'dkms', requires: ['(compiler or clang)', '/usr/bin/stap-prep'] },
    ],
  });
  const { dkms = '', ...ours } = tools;
  await carry(
    [],
    Object.entries(ours).map(([name, file]) => describePackage('systemtap', name, '1-1', file)),
  );
  install('--allow-unsigned-packages');
  copyFileSync(dkms, join(root, 'dkms.rpm'));
  execFileSync('chroot', [root, 'rpm', '-i', '--nosignature', '/dkms.rpm'], { stdio: 'ignore' });
  const stderr = install('--undo');
  expect(stderr).toMatch(/left in place: gcc 1-1, needed by dkms-1-1/);
  expect(stderr).toMatch(/left in place: stap-prep 1-1, needed by dkms-1-1/);
  expect(list()).toEqual(['dkms 1-1', 'gcc 1-1', 'stap-prep 1-1']);
  execFileSync('chroot', [root, 'rpm', '-e', 'dkms'], { stdio: 'ignore' });
  install('--undo');
  expect(list()).toEqual(['']);
});
