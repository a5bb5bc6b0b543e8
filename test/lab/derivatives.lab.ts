/**
 * Systems that are made of another one's packages, and vendors that nobody has heard of: each has its own os-release, its own
 * signed source and its own name for a kernel's packages. What is planned is what the index of that source says.
 *
 * Ten have packages with nothing in them, which are planned, fetched, verified, installed and removed by the real dpkg and
 * rpm. Two carry Debian's own kernel, repacked under their names and signed by their keys, and are proven in it.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { InstallOutcome } from '../../src/pipeline/install.ts';
import { Cli } from '../helpers/cli.ts';
import { DebLab } from '../helpers/deb-lab.ts';
import { makeDpkgRunRoot, makeRpmRunRoot } from '../helpers/dpkg-root.ts';
import { GpgHome, type TestKey } from '../helpers/gpg.ts';
import { parseReport, runInLab } from '../helpers/lab-cli.ts';
import { LAB, prepareBareRoot } from '../helpers/lab-root.ts';
import { findLabKernel } from '../helpers/lab-session.ts';
import { type Nginx, serveNginx } from '../helpers/nginx.ts';
import { type LabPackage, openRpmLab } from '../helpers/rpm-lab.ts';
import { listPackages } from '../helpers/system-state.ts';

mkdirSync(LAB, { recursive: true });
const work = mkdtempSync(join(LAB, 'derivatives-'));
const gpg = new GpgHome();
const debs = new DebLab(gpg);
const rpms = openRpmLab();
let nginx: Nginx;
let debKey: TestKey;
let rpmKey: TestKey;

beforeAll(async () => {
  debKey = gpg.makeKey('deb vendor', 'rsa2048');
  rpmKey = gpg.makeKey('rpm vendor', 'rsa3072');
  mkdirSync(join(work, 'served'));
  nginx = await serveNginx(join(work, 'served'));
});
afterAll(async () => {
  await nginx.close();
  debs.close();
  rpms.close();
  gpg.close();
  rmSync(work, { recursive: true, force: true });
});

interface DebSystem {
  readonly release: string;
  readonly osRelease: string;
  readonly suite: string;
  readonly version: string;
  /** Headers, then the debug package. */
  readonly kernel: readonly [string, string];
  /** `uname -v`, where only that tells the build. */
  readonly unameV?: string;
}

const DEBS: Readonly<Record<string, DebSystem>> = {
  'Proxmox VE': {
    release: '6.8.12-13-pve',
    osRelease: 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
    suite: 'bookworm',
    version: '6.8.12-13',
    kernel: ['proxmox-headers-6.8.12-13-pve', 'proxmox-kernel-6.8.12-13-pve-dbgsym'],
  },
  'Linux Mint': {
    release: '6.8.0-51-generic',
    osRelease:
      'ID=linuxmint\nVERSION_ID="22"\nID_LIKE="ubuntu debian"\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME=noble\n',
    suite: 'noble',
    version: '6.8.0-51.52',
    kernel: ['linux-headers-6.8.0-51-generic', 'linux-image-unsigned-6.8.0-51-generic-dbgsym'],
  },
  'Pop!_OS': {
    release: '6.9.3-76060903-generic',
    osRelease: 'ID=pop\nVERSION_ID="22.04"\nID_LIKE="ubuntu debian"\nVERSION_CODENAME=jammy\nUBUNTU_CODENAME=jammy\n',
    suite: 'jammy',
    version: '6.9.3-76060903.202405300957',
    kernel: ['linux-headers-6.9.3-76060903-generic', 'linux-image-6.9.3-76060903-generic-dbgsym'],
  },
  Devuan: {
    release: '6.1.0-28-amd64',
    osRelease: 'ID=devuan\nVERSION_ID="5"\nID_LIKE=debian\nVERSION_CODENAME=daedalus\n',
    suite: 'daedalus',
    version: '6.1.119-1',
    kernel: ['linux-headers-6.1.0-28-amd64', 'linux-image-6.1.0-28-amd64-dbg'],
  },
  Parrot: {
    release: '6.11.5-amd64',
    osRelease: 'ID=parrot\nVERSION_ID="6.2"\nID_LIKE=debian\nVERSION_CODENAME=lory\n',
    suite: 'lory',
    version: '6.11.5-1parrot1',
    kernel: ['linux-headers-6.11.5-amd64', 'linux-image-6.11.5-amd64-dbg'],
  },
};

interface RpmSystem {
  readonly release: string;
  readonly osRelease: string;
  /** Version-release of the kernel's packages. */
  readonly vr: string;
  readonly kernel: readonly [LabPackage, ...LabPackage[]];
}

const provided = (name: string, release: string): LabPackage => ({
  name,
  provides: [`kernel-devel-uname-r = ${release}`],
});

const RPMS: Readonly<Record<string, RpmSystem>> = {
  CloudLinux: {
    release: '4.18.0-553.40.1.lve.el8.x86_64',
    osRelease: 'ID="cloudlinux"\nVERSION_ID="8.10"\nID_LIKE="rhel fedora centos"\n',
    vr: '4.18.0-553.40.1.lve.el8',
    kernel: [
      provided('kernel-devel', '4.18.0-553.40.1.lve.el8.x86_64'),
      { name: 'kernel-debuginfo' },
      { name: 'kernel-debuginfo-common-x86_64' },
    ],
  },
  OpenCloudOS: {
    release: '6.6.117-45.oc9.x86_64',
    osRelease: 'ID="opencloudos"\nVERSION_ID="9.2"\nID_LIKE="opencloudos"\n',
    vr: '6.6.117-45.oc9',
    kernel: [
      provided('kernel-devel', '6.6.117-45.oc9.x86_64'),
      // Its spec takes out what the one would require of the other, and names no architecture.
      { name: 'kernel-debuginfo' },
      { name: 'kernel-debuginfo-common' },
    ],
  },
  'RED OS': {
    release: '5.15.78-2.el7.3.x86_64',
    osRelease: 'ID="redos"\nVERSION_ID="7.3"\nID_LIKE="rhel centos fedora"\n',
    vr: '5.15.78-2.el7.3',
    // Its name is nothing that the release tells.
    kernel: [
      provided('kernel-lt-devel', '5.15.78-2.el7.3.x86_64'),
      { name: 'kernel-lt-debuginfo' },
      { name: 'kernel-lt-debuginfo-common-x86_64' },
    ],
  },
  'an rpm vendor that no table has': {
    release: '6.4.7-12.fe2.x86_64',
    osRelease: 'ID="ironlinux"\nVERSION_ID="2"\n',
    vr: '6.4.7-12.fe2',
    kernel: [
      provided('kernel-edge-devel', '6.4.7-12.fe2.x86_64'),
      { name: 'kernel-edge-debuginfo' },
      { name: 'kernel-edge-debuginfo-common-x86_64' },
    ],
  },
  'a vendor whose packages provide nothing': {
    release: '6.10.3-basalt4',
    osRelease: 'ID="basaltos"\nVERSION_ID="4"\n',
    vr: '6.10.3-4',
    // Only the list of files tells whose tree it is.
    kernel: [{ name: 'kernel-rock-devel', files: { '/usr/src/kernels/6.10.3-basalt4/Makefile': '#\n' } }],
  },
};

/** Each run has a home and a cache of its own. @param expected the exit code: what has no content proves nothing */
async function tapprep<T>(args: readonly string[], expected: number): Promise<T> {
  const cli = new Cli();
  try {
    const { code, stdout, stderr } = await cli.run([...args, '--json']);
    if (code !== expected) throw new Error(`tapprep ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    const report = JSON.parse(stdout) as T & { readonly error?: { readonly message: string } };
    if (report.error !== undefined) throw new Error(report.error.message);
    return report;
  } finally {
    cli.close();
  }
}

/** Each list of packages, as the package database told it. */
interface Seen {
  readonly planned: readonly string[];
  readonly before: string;
  readonly installed: string;
  readonly after: string;
}

/** Planned by the index, verified by the vendor's key, installed; and taken away again. */
async function installAndRemove(
  root: string,
  release: string,
  list: () => string,
  more: readonly string[] = [],
): Promise<Seen> {
  // As a system that boots has; it is never booted here.
  mkdirSync(join(root, 'boot'));
  writeFileSync(join(root, 'boot', `vmlinuz-${release}`), 'no kernel\n');
  const before = list();
  const target = ['--root', root, '--kernel', release, ...more];
  const { plan, install } = await tapprep<InstallOutcome>(['install', ...target, '--systemtap', 'distro', '--yes'], 1);
  const roles = ['headers', 'devel', 'debuginfo', 'debuginfo-common'];
  const planned = plan.items.filter(({ role }) => roles.includes(role)).map(({ name }) => name);
  if (install === null) throw new Error(`nothing was installed into ${root}`);
  const installed = list();
  await tapprep(['remove', '--root', root, '--yes'], 0);
  return { planned: planned.toSorted(), before, installed, after: list() };
}

/** Every name with its version stands in a list of packages. */
function expectListed(list: string, names: readonly string[]): void {
  for (const name of names) expect(list).toContain(`${name} `);
}

describe.each(Object.entries(DEBS))('%s', (title, system) => {
  test('is planned, fetched, verified, installed and taken back', async () => {
    const name = title.replaceAll(/[^A-Za-z]/g, '').toLowerCase();
    const { release, suite, version, kernel } = system;
    const packages = [
      // A debug package of a few bytes would be taken for the stub of a signed kernel, which it is.
      ...kernel.map((one) =>
        debs.build(
          one,
          version,
          {},
          'none',
          one.endsWith('-dbgsym') ? { 'usr/lib/debug/filler': 'x'.repeat(10_000_000) } : {},
        ),
      ),
      debs.build('systemtap', '5.0-1'),
      debs.build('gcc', '4:12.2.0-3'),
      debs.build('make', '4.3-4.1'),
    ];
    const archive = debs.writeArchive(`archive-${name}`, { suite, packages, key: debKey });
    execFileSync('cp', ['-a', archive, join(work, 'served', name)]);
    const root = join(work, `root-${name}`);
    mkdirSync(root);
    makeDpkgRunRoot(root, { url: `${nginx.url}${name}/`, suite, keyring: debKey.keyring });
    writeFileSync(join(root, 'etc/os-release'), system.osRelease);
    const uname = system.unameV === undefined ? [] : ['--uname-v', system.unameV];
    const seen = await installAndRemove(root, release, () => listPackages(root), uname);
    expect(seen.planned).toEqual(kernel.toSorted());
    expectListed(seen.installed, kernel);
    expect(seen.after).toBe(seen.before);
  }, 240_000);
});

describe.each(Object.entries(RPMS))('%s', (title, system) => {
  test('is planned, fetched, verified, installed and taken back', async () => {
    const name = title.replaceAll(/[^A-Za-z]/g, '').toLowerCase();
    const [version = '', revision = ''] = system.vr.split('-');
    const build = { source: 'kernel', version, release: revision, vendor: title, packages: system.kernel };
    const tools = { ...build, source: 'tools', version: '5.0', release: '1' };
    const packages = [
      ...Object.values(rpms.build(build)),
      ...Object.values(rpms.build({ ...tools, packages: ['systemtap', 'gcc', 'make'].map((one) => ({ name: one })) })),
    ];
    for (const path of packages) rpms.sign(path, gpg, rpmKey);
    execFileSync('cp', ['-aL', rpms.makeRepository(name, packages), join(work, 'served', name)]);
    const root = join(work, `root-${name}`);
    mkdirSync(root);
    makeRpmRunRoot(root, `${nginx.url}${name}/`, []);
    writeFileSync(join(root, 'etc/os-release'), system.osRelease);
    mkdirSync(join(root, 'etc/pki/rpm-gpg'), { recursive: true });
    copyFileSync(rpmKey.armored, join(root, 'etc/pki/rpm-gpg/KEY'));
    writeFileSync(
      join(root, 'etc/yum.repos.d/test.repo'),
      `[vendor]\nname=vendor\nbaseurl=${nginx.url}${name}/\nenabled=1\ngpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/KEY\n`,
    );
    const list = (): string =>
      execFileSync('chroot', [root, 'rpm', '-qa', '--qf', '%{NAME} %{VERSION}-%{RELEASE}\\n'], { encoding: 'utf8' });
    const names = system.kernel.map((one) => one.name);
    const seen = await installAndRemove(root, system.release, list);
    expect(seen.planned).toEqual(names.toSorted());
    expectListed(seen.installed, names);
    expect(seen.after).toBe(seen.before);
  }, 240_000);
});

describe.each([
  ['Kali, under the names that its row has', 'ID=kali\nVERSION_ID="2026.3"\nID_LIKE=debian\n', 'linux'],
  ['a vendor that no table has, under its own names', 'ID=acmeos\nVERSION_ID="1"\nID_LIKE=debian\n', 'acme'],
])('%s', (_title, osRelease, prefix) => {
  test('is proven in its kernel', async () => {
    const release = await findLabKernel('debian:12');
    const fetched = join(work, `fetched-${prefix}`);
    const wanted = ['--distro', 'debian:12', '--kernel', release, '--image', '--dest', fetched];
    expect((await runInLab(['fetch', ...wanted, '--systemtap', 'distro'])).code).toBe(0);
    const packages = readdirSync(fetched, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.deb'))
      .map((path) => repack(join(fetched, path), release, prefix));
    rmSync(fetched, { recursive: true });
    const archive = debs.writeArchive(`archive-${prefix}`, { suite: 'rolling', packages, key: debKey });
    execFileSync('cp', ['-a', archive, join(work, 'served', prefix)]);
    const root = join(work, `root-${prefix}`);
    execFileSync('cp', ['-a', prepareBareRoot('bookworm'), root]);
    writeFileSync(join(root, 'etc/os-release'), osRelease);
    rmSync(join(root, 'etc/apt/sources.list'), { force: true });
    mkdirSync(join(root, 'etc/apt/keyrings'), { recursive: true });
    copyFileSync(debKey.keyring, join(root, 'etc/apt/keyrings/vendor.gpg'));
    writeFileSync(
      join(root, 'etc/apt/sources.list.d/vendor.sources'),
      `Types: deb\nURIs: ${nginx.url}${prefix}/\nSuites: rolling\nComponents: main\nSigned-By: /etc/apt/keyrings/vendor.gpg\n`,
    );
    const ran = await runInLab(['install', '--root', root, '--kernel', release, '--level', 'probe']);
    const { plan, verify } = parseReport(ran) as InstallOutcome;
    expect(plan.items.map(({ name }) => name)).toEqual(
      expect.arrayContaining([`${prefix}-headers-${release}`, `${prefix}-image-${release}-dbg`]),
    );
    expect(verify).toMatchObject({ ready: true, ranIn: 'vm' });
    for (const step of ['hello', 'kernel.function'])
      expect(verify?.steps.find((one) => one.step === step)).toMatchObject({ status: 'pass' });
    rmSync(root, { recursive: true });
  }, 1_800_000);
});

/** The same package by another vendor: the kernel's own under another prefix; of the debug package only the vmlinux. */
function repack(path: string, release: string, prefix: string): string {
  const tree = join(work, 'tree');
  rmSync(tree, { recursive: true, force: true });
  execFileSync('dpkg-deb', ['--raw-extract', path, tree]);
  const field = (name: string): string =>
    execFileSync('dpkg-deb', ['--field', path, name], { encoding: 'utf8' }).trim();
  const name = field('Package');
  if (name.endsWith('-dbg'))
    rmSync(join(tree, 'usr/lib/debug/lib/modules', release, 'kernel'), { recursive: true, force: true });
  const own = name.includes(release) ? name.replace(/^linux-/, `${prefix}-`) : name;
  const control = join(tree, 'DEBIAN/control');
  const text = execFileSync('sed', [`s/^Package: .*/Package: ${own}/`, control], { encoding: 'utf8' });
  writeFileSync(control, text);
  rmSync(join(tree, 'DEBIAN/md5sums'), { force: true });
  const made = join(
    work,
    'repacked',
    prefix,
    `${own}_${field('Version').replace(/^\d+:/, '')}_${field('Architecture')}.deb`,
  );
  mkdirSync(join(made, '..'), { recursive: true });
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '--build', tree, made], { stdio: 'ignore' });
  rmSync(tree, { recursive: true });
  return made;
}
