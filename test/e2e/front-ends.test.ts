/** What a front end would do beside the plan does not happen: real dnf and zypper in a system with several kernels. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli, type CliResult } from '../helpers/cli.ts';
import { type DirectoryServer, serveDirectory } from '../helpers/directory-server.ts';
import { GpgHome } from '../helpers/gpg.ts';
import { type HostRoot, makeHostRoot } from '../helpers/host-root.ts';
import { type LabBuild, openRpmLab } from '../helpers/rpm-lab.ts';

const [OLDEST, OLDER, OLD, WANTED] = ['501.el9', '502.el9', '503.el9', '500.el9'] as const;
const RELEASE = `5.14.0-${WANTED}.x86_64`;
const work = mkdtempSync(join(tmpdir(), 'e2e-front-ends-'));
const gpg = new GpgHome();
const lab = openRpmLab();
const cli = new Cli();
let served: DirectoryServer;
let key: string;
const built = new Map<string, readonly string[]>();
let count = 0;

/** As EL9 cuts them: kernel and devel are for several versions at once, the debug information is not. */
function kernel(release: string): LabBuild {
  const uname = `5.14.0-${release}.x86_64`;
  const many = 'installonlypkg(kernel)';
  return {
    source: 'kernel',
    version: '5.14.0',
    release,
    vendor: 'AlmaLinux',
    packages: [
      {
        name: 'kernel-core',
        files: { [`/lib/modules/${uname}/vmlinuz`]: 'no kernel, and never booted: the ladder ends before' },
        provides: [`kernel-uname-r = ${uname}`, `kernel = 5.14.0-${release}`, many],
      },
      {
        name: 'kernel-devel',
        provides: [`kernel-devel-uname-r = ${uname}`, many],
        requires: release === WANTED ? ['lib-of-tree'] : [],
      },
      { name: 'kernel-debuginfo', requires: [`kernel-debuginfo-common-x86_64 = 5.14.0-${release}`] },
      { name: 'kernel-debuginfo-common-x86_64' },
    ],
  };
}

beforeAll(async () => {
  const made = gpg.makeKey('distribution', 'rsa2048');
  key = readFileSync(made.armored, 'utf8');
  const sets: readonly LabBuild[] = [
    ...[OLDEST, OLDER, OLD, WANTED].map(kernel),
    {
      source: 'tools',
      version: '5',
      release: '1.el9',
      vendor: 'AlmaLinux',
      packages: [{ name: 'systemtap' }, { name: 'lib-of-tree' }],
    },
  ];
  for (const set of sets) built.set(set.release, Object.values(lab.build(set)));
  const all = [...built.values()].flat();
  for (const path of all) lab.sign(path, gpg, made);
  cpSync(lab.makeRepository('all', all), join(work, 'served'), { recursive: true });
  served = await serveDirectory(join(work, 'served'));
});

afterAll(async () => {
  await served.close();
  cli.close();
  lab.close();
  rmSync(work, { recursive: true, force: true });
});

/** A system with three kernels whole, one front end, and nothing of the fourth. */
function makeSystem(frontEnd: 'dnf' | 'zypper'): HostRoot {
  count += 1;
  const repo = `[all]\nname=all\nbaseurl=${served.url}\nenabled=1\ngpgcheck=1\nrepo_gpgcheck=0\ngpgkey=file:///etc/pki/KEY\n`;
  const system = makeHostRoot(join(work, `system-${count}`), {
    '/etc/os-release': 'ID="almalinux"\nVERSION_ID="9.6"\nID_LIKE="rhel"\nPRETTY_NAME="AlmaLinux 9.6"\n',
    '/etc/pki/KEY': key,
    '/etc/yum.repos.d/all.repo': repo,
    '/etc/zypp/repos.d/all.repo': repo,
    '/etc/dnf/dnf.conf': '[main]\ngpgcheck=1\ninstallonly_limit=3\nclean_requirements_on_remove=True\nbest=True\n',
    ...(frontEnd === 'dnf' ? { '/usr/bin/zypper': null } : { '/usr/bin/dnf': null }),
  });
  mkdirSync(join(work, `system-${count}/upper/packages`));
  const names = [OLDEST, OLDER, OLD].flatMap((release) => built.get(release) ?? []);
  for (const path of names) cpSync(path, join(work, `system-${count}/upper/packages`, path.split('/').at(-1) ?? ''));
  system.run(['rpm', '--import', '/etc/pki/KEY']);
  system.run(['sh', '-c', 'rpm -i --nodeps /packages/*.rpm']);
  return system;
}

function tapprep(system: HostRoot, ...args: readonly string[]): Promise<CliResult> {
  return cli.start([...args, '--root', system.root], {}, '', system.wrapper).done;
}

function listRpms(system: HostRoot): readonly string[] {
  return system.run(['rpm', '-qa']).trim().split('\n').toSorted();
}

const ADDED = ['kernel-debuginfo', 'kernel-debuginfo-common-x86_64', 'kernel-devel']
  .map((name) => `${name}-5.14.0-${WANTED}.x86_64`)
  .concat('lib-of-tree-5-1.el9.x86_64', 'systemtap-5-1.el9.x86_64');

interface Entry {
  readonly state: string;
  readonly packages: readonly { readonly name: string; readonly version: string; readonly arch: string }[];
  readonly replaced: readonly unknown[];
}

/** What the journal says was added, by one run that replaced nothing. */
function readJournal(system: HostRoot): readonly string[] {
  const { entries } = JSON.parse(system.run(['cat', '/var/lib/tapprep/journal.json'])) as { entries: readonly Entry[] };
  expect(entries.filter(({ state }) => state === 'done')).toMatchObject([{ replaced: [] }]);
  const added = entries.filter(({ state }) => state === 'done').flatMap(({ packages }) => packages);
  return added.map(({ name, version, arch }) => `${name}-${version}.${arch}`).toSorted();
}

test.each(['dnf', 'zypper'] as const)(
  '%s with three kernels: none of them is touched, the journal has what came, remove takes exactly that',
  async (frontEnd) => {
    const system = makeSystem(frontEnd);
    const before = listRpms(system);
    const install = await tapprep(system, 'install', '--kernel', RELEASE, '--systemtap', 'distro', '--yes', '--json');
    // The packages are empty: installed, not proven.
    expect(`${install.code} ${install.stderr}`).toMatch(/^1 /);
    // These kernels are not what zypper keeps several of: it would not do it, and is left alone.
    expect(install.stderr.includes('would do what the plan does not hold: leave out')).toBe(frontEnd === 'zypper');
    expect(listRpms(system)).toEqual([...before, ...ADDED].toSorted());
    expect(readJournal(system)).toEqual(ADDED.toSorted());
    expect(await tapprep(system, 'remove', '--yes')).toMatchObject({ code: 0 });
    expect(listRpms(system)).toEqual(before);
  },
);

test.each(['dnf', 'zypper'] as const)('a dry run leaves every file of a system with %s as it was', async (frontEnd) => {
  const system = makeSystem(frontEnd);
  const upper = join(work, `system-${count}/upper`);
  // What rpm shares between its readers, and of libzypp a lock and the cookies of servers, are beyond any option. There are no
  // devices here.
  const isBeyond = /^\/(?:dev\/null|var\/lib\/rpm\/rpmdb\.sqlite-(?:shm|wal)|run\/zypp\.pid|var\/lib\/YaST2\/cookies) /;
  const list = (): readonly string[] =>
    execFileSync('find', [upper, '-type', 'f', '-printf', '/%P %M %U:%G %s %T@ %C@\\n'], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => !isBeyond.test(line))
      .toSorted();
  const before = list();
  const dry = await tapprep(system, 'install', '--kernel', RELEASE, '--systemtap', 'distro', '--dry-run');
  expect(`${dry.code} ${dry.stdout}`).toMatch(new RegExp(`^0 [^]*${frontEnd} `));
  expect(list()).toEqual(before);
});

test('a system that changed since the lock: refused where nobody can install it, else what dnf brings beside it is told', async () => {
  const system = makeSystem('dnf');
  const [library = ''] = (built.get('1.el9') ?? []).filter((path) => path.includes('lib-of-tree'));
  cpSync(library, join(work, `system-${count}/upper/packages/lib-of-tree.rpm`));
  system.run(['rpm', '-i', '/packages/lib-of-tree.rpm']);
  const lock = join(work, 'kernel.lock');
  expect(await tapprep(system, 'plan', '--kernel', RELEASE, '--systemtap', 'distro', '--out', lock)).toMatchObject({
    code: 0,
  });
  system.run(['rpm', '-e', 'lib-of-tree']);
  const before = listRpms(system);

  const conf = '/etc/dnf/dnf.conf';
  system.run(['sh', '-c', `cp ${conf} /dnf.conf && echo exclude=lib-of-tree >>${conf}`]);
  const refused = await tapprep(
    system,
    'install',
    '--kernel',
    RELEASE,
    '--systemtap',
    'distro',
    '--lock',
    lock,
    '--yes',
  );
  expect(`${refused.code} ${refused.stderr}`).toMatch(
    /^5 [^]*FRONT_END_DIFFERS: dnf on .* and rpm alone cannot install .*lib-of-tree/,
  );
  expect(listRpms(system)).toEqual(before);

  system.run(['cp', '/dnf.conf', conf]);
  const installed = await tapprep(
    system,
    'install',
    '--kernel',
    RELEASE,
    '--systemtap',
    'distro',
    '--lock',
    lock,
    '--yes',
  );
  expect(`${installed.code} ${installed.stderr}`).toMatch(
    /^1 [^]*also brings what the plan does not hold: lib-of-tree-5-1\.el9\.x86_64/,
  );
  expect(readJournal(system)).toEqual(ADDED.toSorted());
});
