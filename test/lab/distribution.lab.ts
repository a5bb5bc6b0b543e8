/**
 * A small rpm distribution of real programs, EL 9 in its names: base system, rehearsal root and the way back, all from its
 * own signed repositories on loopback. Its kernels have packages and nothing in them, so that what is seen is the root.
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
import { listRpms, RPM_LAB } from '../helpers/rpm-root.ts';

const [CURRENT, OLDER] = ['427.13.1.el9_4', '427.9.1.el9_4'] as const;
const cli = new Cli();
const lab = openRpmLab();
const gpg = new GpgHome();
let work: string;
let key: TestKey;
let nginx: Nginx;

/** The packages of a kernel as EL 9 cuts them; the build tree names its kernel and no more. */
function kernelOf(release: string, vendor = 'Lab Linux'): LabBuild {
  const uname = `5.14.0-${release}.x86_64`;
  const tree = `/usr/src/kernels/${uname}`;
  const needs = ['gcc', 'make', 'perl-interpreter', 'findutils', 'elfutils-libelf-devel'];
  return {
    source: 'kernel',
    version: '5.14.0',
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
      { name: 'kernel-debuginfo', requires: [`kernel-debuginfo-common-x86_64 = 5.14.0-${release}`] },
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
  const [current, older, other] = [kernelOf(CURRENT), kernelOf(OLDER), kernelOf(CURRENT, 'Other Linux')].map((build) =>
    lab.build(build),
  );
  const publish = (name: string, paths: readonly string[]): void => {
    const copies = signCopies(paths, join(work, 'signed', name), { lab, gpg, key });
    symlinkSync(lab.makeRepository(name, copies), join(work, 'served', name));
  };
  mkdirSync(join(work, 'served'));
  const kernels = Object.values(current ?? {});
  publish('other', Object.values(other ?? {}));
  publish('os', [...distribution, ...kernels.filter((path) => !isDebug(path))]);
  publish('debug', kernels.filter(isDebug));
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

async function rehearse(...more: readonly string[]): Promise<RehearseReport> {
  const own = ['--distro', 'rocky:9.4', '--mirrors', join(work, 'mirrors.json'), '--cache-dir', join(work, 'cache')];
  const { stdout, stderr } = await cli.run(['rehearse', ...own, '--systemtap', 'distro', '--yes', '--json', ...more]);
  expect(stderr).not.toMatch(/tapprep: [A-Z_]+:/);
  return JSON.parse(stdout) as RehearseReport;
}

test('without a kernel it is the current one, on a base system that dnf would have chosen', async () => {
  const { root, plan, reusedRoot, verify } = await rehearse();
  expect([plan.target.release, reusedRoot]).toEqual([`5.14.0-${CURRENT}.x86_64`, false]);
  // Programs of the root run there; what is no kernel cannot be built for.
  expect(verify.steps.map(({ step, status }) => `${step} ${status}`).slice(0, 2)).toEqual([
    'tools pass',
    'build-tree fail',
  ]);
  const whole = listRpms(root);
  expect(whole).toEqual(expect.arrayContaining([`kernel-devel-5.14.0-${CURRENT}.x86_64`]));

  const again = await rehearse();
  expect([again.root, again.reusedRoot]).toEqual([root, true]);
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
}, 900_000);

test('another kernel, out of the vault, stands on the same base system', async () => {
  const { root, plan } = await rehearse('--kernel', `5.14.0-${OLDER}.x86_64`);
  expect(plan.items.find(({ role }) => role === 'devel')).toMatchObject({ repository: 'lab-vault' });
  expect(listRpms(root)).toEqual(expect.arrayContaining([`kernel-debuginfo-5.14.0-${OLDER}.x86_64`]));
  const bases = readdirSync(join(work, 'cache/roots')).filter((name) => name.startsWith('base-'));
  expect(bases).toHaveLength(1);
}, 900_000);
