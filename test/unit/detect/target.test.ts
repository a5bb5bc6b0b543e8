import { describe, expect, test } from 'vitest';
import { findArchitecture } from '../../../src/detect/architectures.ts';
import { declareFacts } from '../../../src/detect/declared-facts.ts';
import { declareTarget, identifyTarget } from '../../../src/detect/target.ts';
import { namePackages } from '../../../src/resolve/package-names.ts';
import type { BuildId, HostFacts, InstalledPackage } from '../../../src/types.ts';

function installed(name: string, version: string): InstalledPackage {
  return { name, version, arch: 'amd64', vendor: null, buildTime: null, buildHost: null };
}

/** A Debian 12 machine that runs its own kernel. */
function debianFacts(more: Partial<HostFacts['kernel']> = {}, packages: readonly InstalledPackage[] = []): HostFacts {
  const facts = declareFacts({ distro: 'debian:12', release: '6.1.0-13-amd64', arch: 'x86_64', unameV: null });
  return {
    ...facts,
    source: 'host',
    os: { ...facts.os, codename: 'bookworm' },
    kernel: {
      ...facts.kernel,
      unameV: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1 (2023-09-29)',
      buildId: 'aa'.repeat(20) as BuildId,
      running: true,
      ...more,
    },
    kernelPackages: packages,
  };
}

test('a Debian machine', () => {
  expect(identifyTarget(debianFacts())).toEqual({
    family: 'deb',
    kernelFamily: 'debian',
    distro: 'debian',
    version: '12',
    codename: 'bookworm',
    arch: 'x86_64',
    release: '6.1.0-13-amd64',
    unameV: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1 (2023-09-29)',
    buildId: 'aa'.repeat(20),
    packageArch: 'amd64',
    flavour: 'amd64',
    packageVersion: '6.1.55-1',
  });
});

test('a CentOS machine that is not here', () => {
  const host = { distro: 'centos', version: '6.8', kernel: '2.6.32-642.el6.x86_64', arch: null, unameV: null };
  expect(declareTarget(host)).toEqual({
    family: 'rpm',
    kernelFamily: 'el',
    distro: 'centos',
    version: '6.8',
    codename: null,
    arch: 'x86_64',
    release: '2.6.32-642.el6.x86_64',
    unameV: null,
    buildId: null,
    packageArch: 'x86_64',
    stem: 'kernel',
    variant: null,
    versionRelease: '2.6.32-642.el6',
  });
});

test('what was observed of the running kernel does not hold for another one of that host', () => {
  expect(identifyTarget(debianFacts(), { release: '6.1.0-20-amd64' })).toMatchObject({
    release: '6.1.0-20-amd64',
    unameV: null,
    buildId: null,
    packageVersion: null,
    codename: 'bookworm',
  });
});

test('what the user says goes before what was observed', () => {
  const target = identifyTarget(debianFacts(), {
    release: '5.15.0-67-generic',
    distro: 'ubuntu',
    version: '20.04',
    arch: 'aarch64',
    unameV: '#74~20.04.1-Ubuntu SMP',
  });
  expect(target).toMatchObject({
    distro: 'ubuntu',
    version: '20.04',
    codename: null,
    arch: 'aarch64',
    packageArch: 'arm64',
    packageVersion: '5.15.0-67.74~20.04.1',
  });
});

test('in a root the installed image tells the version that no uname -v is there to tell', () => {
  const packages = [
    installed('linux-image-6.1.0-20-amd64', '6.1.85-1'),
    installed('linux-image-6.1.0-13-amd64', '6.1.55-1'),
  ];
  const facts = debianFacts({ unameV: null, buildId: null, running: false }, packages);
  expect(identifyTarget(facts)).toMatchObject({ packageVersion: '6.1.55-1' });
  expect(identifyTarget(facts, { release: '6.1.0-20-amd64' })).toMatchObject({ packageVersion: '6.1.85-1' });
});

describe('a release of several kernels', () => {
  const release = '5.15.182.1-1.cm2';
  const facts = declareFacts({ distro: 'mariner:2.0', release, arch: 'x86_64', unameV: null });
  const of = (...kernelPackages: readonly InstalledPackage[]): unknown => identifyTarget({ ...facts, kernelPackages });

  test('is of the one whose image is installed', () => {
    expect(of(installed('kernel-azure', release), installed('kernel', '5.15.180.1-1.cm2'))).toMatchObject({
      stem: 'kernel-azure',
      stemIsSeen: true,
    });
    expect(of(installed('kernel', release))).toMatchObject({ stem: 'kernel', stemIsSeen: true });
  });

  test('stays open where no image tells it, or two do', () => {
    for (const target of [of(), of(installed('kernel', release), installed('kernel-hci', release))]) {
      expect(target).toMatchObject({ stem: 'kernel' });
      expect(target).not.toHaveProperty('stemIsSeen');
    }
  });

  test('names the packages of the installed one alone', () => {
    const target = identifyTarget({ ...facts, kernelPackages: [installed('kernel-azure', release)] });
    expect(namePackages(target).map(({ name, match, alternative }) => [name, match, alternative])).toEqual([
      ['kernel-azure-devel', 'exact', undefined],
      ['kernel-azure-debuginfo', 'exact', undefined],
    ]);
  });
});

describe('a root whose kernel nobody named', () => {
  test('has the one that is installed', () => {
    expect(identifyTarget(debianFacts({ release: null, installedReleases: ['6.1.0-13-amd64'] }))).toMatchObject({
      release: '6.1.0-13-amd64',
    });
  });

  test.each([
    [[], 'no kernel'],
    [['6.1.0-13-amd64', '6.1.0-20-amd64'], '6.1.0-13-amd64, 6.1.0-20-amd64'],
  ])('is not guessed from %j', (installedReleases, words) => {
    expect(() => identifyTarget(debianFacts({ release: null, installedReleases }))).toThrow(words);
  });
});

describe('architecture', () => {
  const base = { version: null, unameV: null };

  test.each([
    // Raspbian has one of 32 bits, whatever the board; Debian's own for the same machine is another.
    ['raspbian', '6.6.74+rpt-rpi-v6', 'armv6l', 'armhf'],
    ['raspbian', '4.9.0-6-rpi', 'armv6l', 'armhf'],
    ['debian', '6.1.0-18-rpi', 'armv6l', 'armel'],
    // What Debian called sparc and powerpc ended; the ports have names of their own.
    ['debian', '3.16.0-4-powerpc64', 'ppc64', 'powerpc'],
    ['debian', '6.9.10-powerpc64', 'ppc64', 'ppc64'],
    ['debian', '3.2.0-4-sparc64-smp', 'sparc64', 'sparc'],
    ['debian', '6.9.10-sparc64-smp', 'sparc64', 'sparc64'],
    // To Debian 6 the architecture was s390 alone, which SUSE's old kernels have as a flavour.
    ['debian', '2.6.26-2-s390', 's390', 's390'],
    ['debian', '2.6.26-2-s390x', 's390x', 's390'],
    ['debian', '3.2.0-4-s390x', 's390x', 's390x'],
  ])('of dpkg on %s for %s of %s: %s', (distro, kernel, arch, packageArch) => {
    expect(declareTarget({ ...base, distro, kernel, arch }, 'named')).toMatchObject({ packageArch });
  });

  test.each([
    ['el5', 'centos', '2.6.18-308.el5', 'i386', 'i686', 'i686'],
    ['SUSE', 'opensuse', '2.6.37.6-0.11-desktop', 'i586', 'i686', 'i586'],
    ['a 32-bit process on a 64-bit kernel', 'centos', '2.6.32-642.el6.x86_64', 'i686', 'i686', 'x86_64'],
    ['rpm says it another way than uname', 'fedora', '4.0.0-1.fc23.armv7hl', 'armv7l', 'armv7l', 'armv7hl'],
    ['dpkg says it another way than uname', 'ubuntu', '5.15.0-67-generic', 'ppc64le', 'ppc64le', 'ppc64el'],
    ['given as dpkg says it', 'ubuntu', '5.15.0-67-generic', 'arm64', 'aarch64', 'arm64'],
    ['a smaller ARM', 'debian', '4.19.0-5-marvell', 'armv5tel', 'armv5tel', 'armel'],
    ['packages of 32 bits for a kernel of 64', 'debian', '3.2.0-4-powerpc64', 'ppc64', 'ppc64', 'powerpc'],
    ['Fedora for POWER7', 'fedora', '3.8.8-202.fc18.ppc64p7', 'ppc64', 'ppc64', 'ppc64p7'],
    ['AlmaLinux for older machines', 'almalinux', '6.12.0-55.43.1.el10_0.x86_64_v2', 'x86_64', 'x86_64', 'x86_64_v2'],
  ])('%s', (_, distro, kernel, arch, machine, packageArch) => {
    expect(declareTarget({ ...base, distro, kernel, arch })).toMatchObject({ arch: machine, packageArch });
  });

  test('that is left out of a release which has one is put in', () => {
    const host = { ...base, distro: 'centos', arch: 'x86_64' };
    expect(declareTarget({ ...host, kernel: '2.6.32-642.el6' }).release).toBe('2.6.32-642.el6.x86_64');
    expect(declareTarget({ ...host, kernel: '5.14.0-427.24.1.el9_4+rt' })).toMatchObject({
      release: '5.14.0-427.24.1.el9_4.x86_64+rt',
      variant: 'rt',
    });
  });

  test('that a declaration leaves open is what the release says', () => {
    for (const [release, arch] of [
      ['2.6.32-642.el6.ppc64', 'ppc64'],
      ['4.0.0-1.fc23.armv7hl', 'armv7l'],
      ['4.14.35-2047.528.2.1.el7uek.aarch64.debug', 'aarch64'],
    ] as const) {
      const distro = release.includes('uek') ? 'ol:7' : release.includes('fc') ? 'fedora:23' : 'centos:6';
      const facts = declareFacts({ distro, release, arch: null, unameV: null });
      expect(identifyTarget(facts)).toMatchObject({ arch });
      expect(() => identifyTarget(facts, { arch: 's390x' })).toThrow(/but the machine is s390x/);
    }
  });

  test.each([
    ['another than the release has', '3.10.0-1160.el7.x86_64', 'aarch64', /x86_64 but the machine is aarch64/],
    ['one that runs its programs', '2.6.32-642.el6.i686', 'x86_64', /is for i686 but the machine is x86_64/],
    ['none at all', '2.6.18-308.el5', null, /does not tell the architecture/],
    ['no known one', '2.6.18-308.el5', 'pdp11\u001b[2J', /"pdp11\\x1b\[2J" is no architecture/],
  ])('%s is refused', (_, kernel, arch, words) => {
    expect(() => declareTarget({ ...base, distro: 'centos', kernel, arch })).toThrow(words);
  });

  test.each(['x86_64', 'i686', 'aarch64', 'armv7l', 'ppc64le', 's390x', 'riscv64', 'ppc', 'sparc', 'sparc64'])(
    '%s by any of its names',
    (machine) => {
      const found = findArchitecture(machine);
      expect(findArchitecture(found?.rpm ?? '')).toBe(found);
      expect(findArchitecture(found?.deb ?? '')).toBe(found);
    },
  );
});

test('in a container the kernel is said to be that of its host', () => {
  const facts = debianFacts({ release: '5.14.0-427.24.1.el9_4.x86_64' });
  const inside = { ...facts, security: { ...facts.security, container: 'docker' } };
  expect(() => identifyTarget(facts)).toThrow(/is of Red Hat.* but the target is debian 12$/);
  expect(() => identifyTarget(inside)).toThrow(
    /the target is debian 12; the kernel is that of the host, .*docker container$/,
  );
});

describe('a misspelt word of a release', () => {
  test.each([
    ['debian', '6.1.0-57-cloud-amd46', null, '6.1.0-57-cloud-amd64'],
    ['debian', '6.1.0-57-cloud-amd46', 'x86_64', '6.1.0-57-cloud-amd64'],
    ['debian', '6.1.0-57-clod-amd64', null, '6.1.0-57-cloud-amd64'],
    ['ubuntu', '5.15.0-91-genric', 'x86_64', '5.15.0-91-generic'],
    ['centos', '3.10.0-1160.el7.x86_46', null, '3.10.0-1160.el7.x86_64'],
    ['opensuse-leap', '6.4.0-150600.23.25-defualt', 'x86_64', '6.4.0-150600.23.25-default'],
  ])('%s %s, architecture %s: %s is what was meant', (distro, kernel, arch, meant) => {
    const declare = () =>
      declareTarget({ version: null, unameV: null, distro, kernel, arch }, arch === null ? 'any' : 'listed');
    expect(declare).toThrow(
      expect.objectContaining({ facts: expect.objectContaining({ again: { option: '--kernel', value: meant } }) }),
    );
    expect(declare).toThrow(`did you mean ${meant}?`);
  });

  test.each(['6.1.0-mine', '6.6.12-rpi-v8', '5.10.0-tegra'])(
    '%s is one of somebody, and no other is meant',
    (kernel) => {
      expect(() => declareTarget({ version: null, unameV: null, distro: 'debian', kernel, arch: 'aarch64' })).toThrow(
        expect.objectContaining({ facts: expect.not.objectContaining({ again: expect.anything() }) }),
      );
    },
  );
});
