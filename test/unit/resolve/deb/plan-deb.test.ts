import { describe, expect, test } from 'vitest';
import { tapprep } from '../../../../src/make-remedy.ts';
import type { DebRecord } from '../../../../src/resolve/deb/packages-index.ts';
import { wantedNames } from '../../../../src/resolve/deb/kernel-names.ts';
import { planDeb } from '../../../../src/resolve/deb/plan-deb.ts';
import type { InstalledVersion, PlanRequest } from '../../../../src/resolve/plan.ts';
import { debRecord, debRepository, debTarget, SIGNER } from '../../../helpers/deb-records.ts';

const R = '6.1.0-56-amd64';
const SECURITY = debRepository({ id: 'security', suite: 'bookworm-security' });

/** The packages of one kernel as Debian 12 has them. */
function kernel(release: string, version: string, repository = debRepository()): readonly DebRecord[] {
  const common = release.replace(/-amd64$/, '-common');
  const from = { repository, Source: 'linux' };
  return [
    debRecord(`linux-headers-${release}`, version, {
      ...from,
      Depends: `${common.replace(/^/, 'linux-headers-')} (= ${version}), linux-kbuild-6.1 (>= ${version}), gcc-12`,
    }),
    debRecord(`linux-headers-${common}`, version, { ...from, arch: 'all' }),
    debRecord('linux-kbuild-6.1', version, from),
    debRecord(`linux-image-${release}`, version, { ...from, Depends: 'kmod, initramfs-tools | linux-initramfs-tool' }),
    debRecord(`linux-image-${release}-dbg`, version, from),
  ];
}

const TOOLS: readonly DebRecord[] = [
  debRecord('systemtap', '4.8-2', { Depends: 'systemtap-runtime (= 4.8-2), make, libc6 (>= 2.36)' }),
  debRecord('systemtap-runtime', '4.8-2', { Depends: 'libc6' }),
  debRecord('gcc', '4:12.2.0-3', { Depends: 'gcc-12' }),
  debRecord('gcc-12', '12.2.0-14', { Depends: 'libc6' }),
  debRecord('make', '4.3-4.1', { Depends: 'libc6' }),
  debRecord('libc6', '2.36-9'),
  debRecord('base-files', '12', { isBase: true, Depends: 'libc6' }),
];
const ALL = [...kernel(R, '6.1.192-2'), ...TOOLS];
const BASE: readonly InstalledVersion[] = [{ name: 'libc6', version: '2.36-9', arch: 'amd64' }];

function request(over: Partial<PlanRequest['roles']> = {}, installed: PlanRequest['installed'] = BASE): PlanRequest {
  return { installed, roles: { image: false, debuginfo: true, systemtap: 'distro', ...over } };
}

const names = (plan: { items: readonly { name: string }[] }) => plan.items.map(({ name }) => name);

describe('planDeb', () => {
  test('plans headers, debug package, SystemTap, compiler and what they need, by the version of uname -v', () => {
    const plan = planDeb(debTarget(), ALL, request());
    expect(plan.items.map(({ role, name, match }) => [role, name, match])).toEqual([
      ['headers', 'linux-headers-6.1.0-56-amd64', 'version'],
      ['headers', 'linux-headers-6.1.0-56-common', 'dependency'],
      ['debuginfo', 'linux-image-6.1.0-56-amd64-dbg', 'version'],
      ['systemtap', 'systemtap', 'dependency'],
      ['systemtap', 'systemtap-runtime', 'dependency'],
      ['toolchain', 'gcc', 'dependency'],
      ['toolchain', 'gcc-12', 'dependency'],
      ['toolchain', 'make', 'dependency'],
      ['dependency', 'linux-kbuild-6.1', 'dependency'],
    ]);
    expect(plan).toMatchObject({
      schema: 'tapprep-plan/1',
      present: [],
      downloadBytes: 9000,
      installedBytes: 9 * 4096,
    });
    expect(plan.items[0]).toMatchObject({
      version: '6.1.192-2',
      arch: 'amd64',
      fileName: 'linux-headers-6.1.0-56-amd64_6.1.192-2_amd64.deb',
      urls: ['http://mirror.example/debian/pool/linux-headers-6.1.0-56-amd64_6.1.192-2_amd64.deb'],
      trust: { kind: 'signed-index', signer: SIGNER },
      repository: 'main',
      install: true,
      replaces: null,
      wave: 0,
    });
  });

  test('refuses a 64-bit kernel under a 32-bit system, whose compiler it would replace', () => {
    const installed = ['dpkg', 'libc6', 'gcc'].map((name) => ({ name, version: '1', arch: 'i386' }));
    expect(() => planDeb(debTarget(), ALL, request({}, installed))).toThrow(
      expect.objectContaining({
        code: 'MIXED_ARCHITECTURE',
        message: `kernel ${R} is of amd64, and the packages of this system are of i386`,
      }),
    );
    const both = [...BASE, { name: 'dpkg', version: '1', arch: 'amd64' }, ...installed.slice(1)];
    expect(names(planDeb(debTarget(), ALL, request({}, both.slice(0, 2))))).toContain('gcc');
  });

  test('refuses to give two architectures two versions of one package', () => {
    const installed = ['amd64', 'i386'].map((arch) => ({ name: 'libc6', version: '2.36-8', arch }));
    const newer = ALL.map((record) =>
      record.name === 'make' ? { ...record, requires: ['libc6 (>= 2.36-9)'] } : record,
    );
    expect(names(planDeb(debTarget(), newer, request({}, installed.slice(0, 1))))).toContain('libc6');
    expect(() => planDeb(debTarget(), newer, request({}, installed))).toThrow(
      expect.objectContaining({
        code: 'UNSATISFIED_DEPENDENCY',
        message:
          'libc6 2.36-9 would be installed for amd64, but 2.36-8 is installed for i386, and dpkg wants one version for both',
        remedy: expect.objectContaining({ command: "apt-get install 'libc6:amd64=2.36-9' 'libc6:i386=2.36-9'" }),
      }),
    );
  });

  test('says of a kernel that no debug package is known of that it is planned without one', () => {
    const old = '3.2.0-4-486';
    const records = [debRecord(`linux-headers-${old}`, '3.2.57-3'), ...TOOLS];
    const plan = planDeb({ ...debTarget(), release: old, packageVersion: null }, records, request());
    expect(names(plan)).toContain(`linux-headers-${old}`);
    expect(plan.notes).toContain(
      'no debug package is known to be published of this kernel, and kernel.function probes need one',
    );
    expect(planDeb(debTarget(), ALL, request()).notes).toEqual([]);
  });

  test('leaves out what is installed in the right version, and says so', () => {
    const there = ALL.map(({ name, version, arch }) => ({ name, version, arch }));
    const plan = planDeb(debTarget(), ALL, request({ image: true }, there));
    expect(plan.items).toEqual([]);
    expect(plan.present.map(({ role, name }) => `${role} ${name}`)).toEqual([
      'headers linux-headers-6.1.0-56-amd64',
      'debuginfo linux-image-6.1.0-56-amd64-dbg',
      'image linux-image-6.1.0-56-amd64',
      'systemtap systemtap',
      'toolchain gcc',
      'toolchain make',
    ]);
  });

  test('marks what replaces an installed version', () => {
    const old = [...BASE, { name: 'gcc-12', version: '12.1', arch: 'amd64' }];
    const records = ALL.map((record) =>
      record.name === 'gcc' ? { ...record, requires: ['gcc-12 (>= 12.2)'] } : record,
    );
    const plan = planDeb(debTarget(), records, request({}, old));
    expect(plan.items.filter(({ replaces }) => replaces !== null)).toMatchObject([
      { name: 'gcc-12', replaces: '12.1' },
    ]);
  });

  test('takes what is Essential as given where the installed packages are not known, and notes it', () => {
    const plan = planDeb(debTarget(), ALL, request({}, null));
    expect(names(plan)).not.toContain('libc6');
    expect(names(plan)).not.toContain('base-files');
    expect(plan.notes).toEqual([expect.stringContaining('not known')]);
  });

  test('SystemTap from elsewhere still needs compiler and make', () => {
    const plan = planDeb(debTarget(), ALL, request({ systemtap: 'none', debuginfo: false }));
    expect(names(plan)).toEqual([
      'linux-headers-6.1.0-56-amd64',
      'linux-headers-6.1.0-56-common',
      'gcc',
      'gcc-12',
      'make',
      'linux-kbuild-6.1',
    ]);
  });

  test('a foreign architecture installed is not the own one', () => {
    const foreign = [...BASE, { name: 'make', version: '4.3-4.1', arch: 'i386' }];
    expect(names(planDeb(debTarget(), ALL, request({}, foreign)))).toContain('make');
  });

  test('a binary rebuild is the same kernel', () => {
    const rebuilt = ALL.map((record) => {
      return record.name === `linux-headers-${R}` ? { ...record, version: '6.1.192-2+b1' } : record;
    });
    expect(planDeb(debTarget(), rebuilt, request()).items[0]).toMatchObject({
      version: '6.1.192-2+b1',
      match: 'version',
    });
    const other = rebuilt.map((record) =>
      record.version.endsWith('+b1') ? { ...record, version: '6.1.192-2+bpo1' } : record,
    );
    expect(() => planDeb(debTarget(), other, request())).toThrow(expect.objectContaining({ code: 'NO_EXACT_PACKAGE' }));
  });

  test('without a version in uname -v the newest of that name is taken and the build-id decides', () => {
    const two = [...ALL, ...kernel(R, '6.1.192-3', SECURITY)];
    const plan = planDeb(debTarget({ packageVersion: null, unameV: null }), two, request());
    expect(plan.items[0]).toMatchObject({ version: '6.1.192-3', match: 'abi-name', repository: 'security' });
    expect(plan.notes).toContainEqual(expect.stringContaining('6.1.192-3 (security), 6.1.192-2 (main)'));
    const exact = planDeb(debTarget(), two, request());
    expect(exact.items.filter(({ name }) => name.startsWith('linux-')).map(({ version }) => version)).toEqual(
      Array.from({ length: 4 }, () => '6.1.192-2'),
    );
  });
});

describe('the image of a rehearsal', () => {
  test('is only unpacked, without the initramfs and boot loader it depends on', () => {
    const plan = planDeb(debTarget(), ALL, request({ image: true }));
    expect(plan.items.filter(({ role }) => role === 'image')).toMatchObject([
      { name: `linux-image-${R}`, install: false, match: 'version', replaces: null },
    ]);
    expect(plan.installedBytes).toBe(9 * 4096);
    expect(plan.downloadBytes).toBe(10_000);
  });

  test('is followed through the metapackage that it is since 6.19', () => {
    const release = '7.2.13+deb14-amd64';
    const version = '7.2.13-1';
    const records = [
      ...TOOLS,
      debRecord(`linux-headers-${release}`, version, { Depends: `linux-base-${release} (= ${version}), gcc-12` }),
      debRecord(`linux-image-${release}-dbg`, version),
      debRecord(`linux-base-${release}`, version),
      debRecord(`linux-binary-${release}`, version),
      debRecord(`linux-modules-${release}`, version, { Depends: 'kmod' }),
      debRecord(`linux-image-${release}`, version, {
        Depends: `dracut | initramfs-tools, linux-base-${release} (= ${version}), linux-binary-${release} (= ${version}), linux-modules-${release} (= ${version})`,
      }),
    ];
    const target = debTarget({ release, packageVersion: version });
    const plan = planDeb(target, records, request({ image: true }));
    expect(plan.items.filter(({ role }) => role === 'image').map(({ name, install }) => [name, install])).toEqual([
      [`linux-base-${release}`, true],
      [`linux-binary-${release}`, false],
      [`linux-image-${release}`, false],
      [`linux-modules-${release}`, false],
    ]);
  });

  test('is installed where the headers depend on it, as since Debian 13', () => {
    const records = ALL.map((record) => {
      return record.name === `linux-headers-${R}`
        ? { ...record, requires: [`linux-image-${R} (= 6.1.192-2) | linux-image-${R}-unsigned (= 6.1.192-2)`] }
        : record;
    });
    const there = [
      ...BASE,
      { name: 'kmod', version: '30', arch: 'amd64' },
      { name: 'initramfs-tools', version: '1', arch: 'all' },
    ];
    const plan = planDeb(debTarget(), records, request({ image: true }, there));
    expect(plan.items.filter(({ role }) => role === 'image')).toMatchObject([
      { name: `linux-image-${R}`, install: true },
    ]);
  });

  test('may be the unsigned one', () => {
    const unsigned = ALL.map((record) => {
      return record.name === `linux-image-${R}` ? { ...record, name: `linux-image-${R}-unsigned` } : record;
    });
    expect(names(planDeb(debTarget(), unsigned, request({ image: true })))).toContain(`linux-image-${R}-unsigned`);
  });
});

const UBUNTU = '5.15.0-67-generic';
const UBUNTU_VERSION = '5.15.0-67.74~20.04.1';
const UBUNTU_TARGET = debTarget({
  kernelFamily: 'ubuntu',
  distro: 'ubuntu',
  release: UBUNTU,
  flavour: 'generic',
  packageVersion: UBUNTU_VERSION,
});
const PLAIN = `linux-image-${UBUNTU}-dbgsym`;
const UNSIGNED = `linux-image-unsigned-${UBUNTU}-dbgsym`;

function ddeb(name: string, sizeBytes: number): DebRecord {
  return debRecord(name, UBUNTU_VERSION, { sizeBytes });
}

function planUbuntu(records: readonly DebRecord[]): readonly string[] {
  const headers = debRecord(`linux-headers-${UBUNTU}`, UBUNTU_VERSION);
  return names(planDeb(UBUNTU_TARGET, [headers, ...records, ...TOOLS], request()));
}

describe('Ubuntu', () => {
  test('takes the debug package of the unsigned image, else the plain one', () => {
    expect(planUbuntu([ddeb(PLAIN, 2_000_000), ddeb(UNSIGNED, 900_000_000)])).toContain(UNSIGNED);
    expect(planUbuntu([ddeb(PLAIN, 700_000_000)])).toContain(PLAIN);
  });

  test('does not take the stub of a signed image for debug information', () => {
    expect(() => planUbuntu([ddeb(PLAIN, 2_000_000)])).toThrow(/2000000 bytes, which is the stub of a signed kernel/);
  });

  test('says where superseded kernels stay', () => {
    expect(() => planDeb(UBUNTU_TARGET, TOOLS, request())).toThrow(
      expect.objectContaining({
        code: 'NO_EXACT_PACKAGE',
        hint: `curl -fLO https://launchpad.net/ubuntu/+archive/primary/+files/linux-headers-${UBUNTU}_${UBUNTU_VERSION}_amd64.deb`,
      }),
    );
    // Without a version there is no file to name.
    const bare = { ...UBUNTU_TARGET, packageVersion: null, unameV: null };
    expect(() => planDeb(bare, TOOLS, request())).toThrow(
      expect.objectContaining({ hint: 'add --uname-v with what "uname -v" prints there' }),
    );
  });
});

function miss(records: readonly DebRecord[], target = debTarget()): unknown {
  try {
    return planDeb(target, [...records, ...TOOLS], request());
  } catch (error) {
    return error;
  }
}

describe('a miss', () => {
  test('names the versions of that name on both sides', () => {
    const records = [...kernel(R, '6.1.192-1'), ...kernel(R, '6.1.194-1', SECURITY), ...kernel(R, '6.1.190-1')];
    expect(miss(records)).toMatchObject({
      code: 'NO_EXACT_PACKAGE',
      message: expect.stringContaining('they have 6.1.192-1 (main, older) and 6.1.194-1 (security, newer)'),
      facts: {
        seen: expect.arrayContaining([{ name: `linux-headers-${R}`, version: '6.1.190-1', repository: 'main' }]),
      },
    });
  });

  test('names the nearest kernels of that flavour, not of another, nor metapackages', () => {
    const records = [
      ...kernel('6.1.0-47-amd64', '6.1.170-3'),
      ...kernel('6.1.0-50-amd64', '6.1.176-1'),
      ...kernel('6.1.0-100-amd64', '6.1.300-1', SECURITY),
      ...kernel('6.1.0-55-cloud-amd64', '6.1.191-1'),
      debRecord('linux-headers-amd64', '6.1.200-1'),
      debRecord('linux-headers-6.1-amd64', '6.1.200-1'),
      debRecord(`linux-image-${R}`, '6.1.192-2'),
    ];
    expect(miss(records)).toMatchObject({
      message: `no repository has linux-headers-${R} 6.1.192-2: the nearest are linux-headers-6.1.0-50-amd64 6.1.176-1 (main, older) and linux-headers-6.1.0-100-amd64 6.1.300-1 (security, newer); the kernel itself is still listed as linux-image-${R} 6.1.192-2 (main); superseded kernels leave the pool of Debian and stay at snapshot.debian.org (https://snapshot.debian.org/binary/linux-headers-${R}/)`,
      remedy: tapprep('plan', '--snapshot', '20261021T000000Z'),
    });
  });

  test('says so where there is no kernel of that flavour at all', () => {
    const target = debTarget({ release: '6.1.0-56-rt-amd64', flavour: 'rt-amd64', unameV: null });
    expect(miss(kernel(R, '6.1.192-2'), target)).toMatchObject({
      message: expect.stringContaining('they have no rt-amd64 kernel at all'),
      remedy: tapprep('mirrors', 'list', '--kernel', '6.1.0-56-rt-amd64'),
    });
  });

  test('names the nearest of releases that have no flavour', () => {
    const target = debTarget({ release: '6.9.3', flavour: '', unameV: null });
    expect(miss([debRecord('linux-headers-6.9.1', '6.9.1-1')], target)).toMatchObject({
      message: expect.stringContaining('the nearest is linux-headers-6.9.1 6.9.1-1 (main, older)'),
    });
    expect(miss([], target)).toMatchObject({
      message: expect.stringContaining('they have no kernel of that name at all'),
    });
  });

  test('of the debug package alone is told as such', () => {
    expect(miss(kernel(R, '6.1.192-2').filter(({ name }) => !name.endsWith('-dbg')))).toMatchObject({
      message: expect.stringContaining(`no repository has linux-image-${R}-dbg 6.1.192-2`),
    });
  });
});

test('wantedNames asks for the roots, for kernels that explain a miss, and for what is installed', () => {
  const wanted = wantedNames(debTarget(), request());
  expect(wanted.roots).toEqual([
    `linux-headers-${R}`,
    `linux-image-${R}-dbg`,
    `linux-image-${R}`,
    `linux-image-${R}-unsigned`,
    `linux-image-unsigned-${R}`,
    'gcc',
    'make',
    'systemtap',
  ]);
  expect(['linux-headers-6.1.0-1-amd64', 'libc6', 'vim'].map((name) => wanted.wantsName(name))).toEqual([
    true,
    true,
    false,
  ]);
});
