/**
 * A small rpm distribution of real programs, EL 9 in its names: base system, rehearsal in its own kernel, and the way back, all
 * from its own signed repositories on loopback. Its current kernel is the RPM lab's under a name of EL 9; the others have
 * packages and nothing in them.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RehearseReport } from '../../src/pipeline/rehearse.ts';
import { Cli } from '../helpers/cli.ts';
import { judgeByDnf } from '../helpers/closure-judge.ts';
import { GpgHome, type TestKey } from '../helpers/gpg.ts';
import { type Nginx, serveNginx } from '../helpers/nginx.ts';
import { prepareDistribution, signCopies, writeMirrorList } from '../helpers/rpm-distribution.ts';
import { type LabBuild, openRpmLab } from '../helpers/rpm-lab.ts';
import { listRpms, prepareEl9Kernel, RPM_LAB } from '../helpers/rpm-root.ts';

const [CURRENT, OLDER] = ['427.13.1.el9_4', '427.9.1.el9_4'] as const;
/** What the lab's kernel is built from. */
let version: string;
let current: string;
const cli = new Cli();
const lab = openRpmLab();
const gpg = new GpgHome();
let work: string;
let key: TestKey;
let nginx: Nginx;

/** The packages of a kernel as EL 9 cuts them; the build tree names its kernel and no more. */
function kernelOf(release: string, vendor = 'Lab Linux'): LabBuild {
  const uname = `${version}-${release}.x86_64`;
  const tree = `/usr/src/kernels/${uname}`;
  const needs = ['gcc', 'make', 'perl-interpreter', 'findutils', 'elfutils-libelf-devel'];
  return {
    source: 'kernel',
    version,
    release,
    vendor,
    packages: [
      {
        name: 'kernel-core',
        provides: [`kernel-uname-r = ${uname}`, 'installonlypkg(kernel)'],
        files: { [`/lib/modules/${uname}/vmlinuz`]: 'no kernel\n' },
      },
      {
        name: 'kernel-devel',
        provides: [`kernel-devel-uname-r = ${uname}`, 'installonlypkg(kernel)'],
        requires: needs,
        files: Object.fromEntries(['Makefile', '.config', 'Module.symvers'].map((name) => [`${tree}/${name}`, '#\n'])),
      },
      { name: 'kernel-debuginfo', requires: [`kernel-debuginfo-common-x86_64 = ${version}-${release}`] },
      { name: 'kernel-debuginfo-common-x86_64' },
    ],
  };
}

function isDebug(path: string): boolean {
  return path.includes('-debuginfo');
}

beforeAll(async () => {
  mkdirSync(RPM_LAB, { recursive: true });
  work = mkdtempSync(join(RPM_LAB, 'work-'));
  key = gpg.makeKey('Lab Linux', 'rsa3072');
  const distribution = prepareDistribution();
  const kernel = prepareEl9Kernel(CURRENT);
  current = kernel.release;
  version = current.slice(0, current.indexOf('-'));
  const [older, other] = [kernelOf(OLDER), kernelOf(CURRENT, 'Other Linux')].map((build) => lab.build(build));
  const publish = (name: string, paths: readonly string[]): void => {
    const copies = signCopies(paths, join(work, 'signed', name), { lab, gpg, key });
    symlinkSync(lab.makeRepository(name, copies), join(work, 'served', name));
  };
  mkdirSync(join(work, 'served'));
  publish('other', Object.values(other ?? {}));
  publish('os', [...distribution, ...kernel.packages.filter((path) => !isDebug(path))]);
  publish('debug', kernel.packages.filter(isDebug));
  publish('vault', Object.values(older ?? {}));
  nginx = await serveNginx(join(work, 'served'));
  const programs = ['devel', 'image', 'systemtap', 'toolchain'];
  writeMirrorList(join(work, 'mirrors.json'), key, nginx.url, [
    { id: 'os', status: 'live', content: programs },
    { id: 'debug', status: 'live', content: ['debuginfo'] },
    { id: 'vault', status: 'vault', content: ['devel', 'image', 'debuginfo'] },
    { id: 'other', status: 'archive', content: ['devel', 'image', 'debuginfo'] },
  ]);
}, 1_800_000);
afterAll(async () => {
  await nginx.close();
  lab.close();
  gpg.close();
  cli.close();
  rmSync(work, { recursive: true, force: true });
});

function own(): readonly string[] {
  return ['--mirrors', join(work, 'mirrors.json'), '--cache-dir', join(work, 'cache')];
}

async function rehearse(...more: readonly string[]): Promise<RehearseReport> {
  const { stdout, stderr } = await cli.run(['rehearse', '--distro', 'rocky:9.4', ...own(), '--yes', '--json', ...more]);
  expect(stderr).not.toMatch(/tapprep: [A-Z_]+:/);
  return JSON.parse(stdout) as RehearseReport;
}

/** Every package of a root with the digest of its header and when it came: what its rpm database says of it. */
function readDatabase(root: string): readonly string[] {
  const format = '%{NEVRA} %{SHA256HEADER} %{SIGMD5} %{INSTALLTIME} %{INSTALLTID}\\n';
  const out = execFileSync('chroot', [root, 'rpm', '-qa', '--qf', format], { encoding: 'utf8' });
  return out.trim().split('\n').toSorted();
}

test('without a kernel it is the current one: Hello, World and kernel.function in it, and back to the base system of dnf', async () => {
  const started = performance.now();
  const { root, plan, reusedRoot, verify } = await rehearse('--level', 'probe');
  const cold = performance.now();
  expect([plan.target.release, reusedRoot]).toEqual([current, false]);
  expect(verify).toMatchObject({ ready: true, ranIn: 'vm' });
  expect(verify.steps.map(({ step, status }) => `${step} ${status}`)).toEqual(
    expect.arrayContaining(['tools pass', 'build-tree pass', 'build-id pass', 'hello pass', 'kernel.function pass']),
  );
  expect(verify.steps.find(({ step }) => step === 'hello')?.output).toContain('Hello, World');
  const whole = listRpms(root);
  expect(whole).toEqual(expect.arrayContaining([`kernel-devel-${current}`]));

  const warm = performance.now();
  const again = await rehearse('--level', 'probe');
  const [first, second] = [cold - started, performance.now() - warm].map((ms) => (ms / 1000).toFixed(0));
  process.stdout.write(`rehearsal: ${first} s cold, ${second} s again\n`);
  expect([again.root, again.reusedRoot, again.verify.ready]).toEqual([root, true, true]);
  expect(listRpms(root)).toEqual(whole);

  expect((await cli.run(['remove', '--root', root, '--yes'])).code).toBe(0);
  const base = listRpms(root);
  expect(whole.length - base.length).toBe(plan.items.filter((item) => item.kind === 'package').length);
  expect(execFileSync('chroot', [root, 'rpm', '-Va'], { encoding: 'utf8' })).toBe('');
  const names = [
    'bash',
    'coreutils',
    'rpm',
    'rocky-release',
    'filesystem',
    'sed',
    'grep',
    'gawk',
    'findutils',
    'diffutils',
    'tar',
    'gzip',
    'xz',
    'cpio',
    'kmod',
    'util-linux',
  ];
  expect(base).toEqual(judgeByDnf(join(work, 'served/os'), [names])[0]);

  const target = ['--root', root, '--kernel', current];
  const before = readDatabase(root);
  const installed = await cli.run(['install', ...target, ...own(), '--level', 'probe', '--yes', '--json']);
  expect(installed.stderr).not.toMatch(/tapprep: [A-Z_]+:/);
  expect(JSON.parse(installed.stdout)).toMatchObject({ verify: { ready: true, ranIn: 'vm' } });
  expect(listRpms(root)).toEqual(whole);
  const verified = await cli.run(['verify', ...target, ...own(), '--in', 'vm', '--json']);
  expect(verified.stderr).not.toMatch(/tapprep: [A-Z_]+:/);
  expect([verified.code, (JSON.parse(verified.stdout) as { ready: boolean }).ready]).toEqual([0, true]);
  expect((await cli.run(['remove', '--root', root, '--yes'])).code).toBe(0);
  expect(readDatabase(root)).toEqual(before);
}, 1_800_000);

test('another kernel, out of the vault, stands on the same base system', async () => {
  const { root, plan } = await rehearse('--kernel', `${version}-${OLDER}.x86_64`, '--systemtap', 'distro');
  expect(plan.items.find(({ role }) => role === 'devel')).toMatchObject({ repository: 'lab-vault' });
  expect(listRpms(root)).toEqual(expect.arrayContaining([`kernel-debuginfo-${version}-${OLDER}.x86_64`]));
  const bases = readdirSync(join(work, 'cache/roots')).filter((name) => name.startsWith('base-'));
  expect(bases).toHaveLength(1);
}, 900_000);
