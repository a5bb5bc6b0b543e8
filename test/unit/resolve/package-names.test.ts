import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEB_FAMILIES, RPM_FAMILIES } from '../../../src/detect/kernel-families.ts';
import { declareTarget } from '../../../src/detect/target.ts';
import { namePackages } from '../../../src/resolve/package-names.ts';
import type { PackageName, Role } from '../../../src/types.ts';
import { DEB_SAMPLES, RPM_SAMPLES } from '../../helpers/kernel-samples.ts';

/** kernel-devel V-R.ARCH, as the file is called without ".rpm". */
function rpmFile({ name, version, arch, match, suffix = '' }: PackageName): string {
  return `${name}-${version}${match === 'prefix' ? '.*' : ''}${suffix}.${arch}`;
}

function debFile({ name, version, arch, match }: PackageName): string {
  // Nobody has seen that Proxmox publishes debug packages.
  expect(match).toBe(version === null || name.endsWith('-pve-dbgsym') ? 'index' : 'exact');
  return `${name}_${version ?? '?'}_${arch}`;
}

/** What `tapprep names` answers. */
function named(distro: string, kernel: string, arch = 'x86_64', unameV: string | null = null): readonly PackageName[] {
  return namePackages(declareTarget({ distro, version: null, kernel, arch, unameV }, 'named'));
}

function roleByName(name: string): Role {
  if (name.includes('-debuginfo-common')) return 'debuginfo-common';
  if (name.endsWith('-debugsource')) return 'debugsource';
  return name.endsWith('-debuginfo') ? 'debuginfo' : 'devel';
}

describe.each(RPM_SAMPLES)('%s %s', (distro, kernel, arch, versionArch, names) => {
  const target = declareTarget({ distro, version: null, kernel, arch, unameV: null });
  const packages = namePackages(target);

  test('has the published packages', () => {
    const noarch = versionArch.replace(/\.[^.]*$/, '.noarch');
    expect(packages.map(rpmFile)).toEqual(
      names
        .split(' ')
        .map((name) => (name.endsWith('.noarch') ? `${name.slice(0, -7)}-${noarch}` : `${name}-${versionArch}`)),
    );
  });

  test('keeps the release, whose packages name the same release again', () => {
    expect(target.release).toBe(kernel);
    const { release, arch: machine } = target;
    expect(declareTarget({ distro, version: null, kernel: release, arch: machine, unameV: null })).toEqual(target);
  });

  test('gives each package a role and names none twice', () => {
    const roles = packages.map(({ name, role }) => `${role} ${name}`);
    expect(new Set(roles).size).toBe(packages.length);
    expect(packages.map(({ role }) => role)).toEqual(packages.map(({ name }) => roleByName(name)));
  });
});

test.each(DEB_SAMPLES)('%s %s on %s', (distro, kernel, arch, unameV, versionArch, names) => {
  const target = declareTarget({ distro, version: null, kernel, arch, unameV });
  expect(namePackages(target).map(debFile)).toEqual(names.split(' ').map((name) => `${name}_${versionArch}`));
});

test('every row of both tables has a sample', () => {
  const found = new Set<string>();
  for (const [distro, kernel, arch] of RPM_SAMPLES) {
    found.add(declareTarget({ distro, version: null, kernel, arch, unameV: null }).kernelFamily);
  }
  for (const [distro, kernel, arch, unameV] of DEB_SAMPLES) {
    found.add(declareTarget({ distro, version: null, kernel, arch, unameV }).kernelFamily);
  }
  expect([...found].sort()).toEqual([...Object.keys(RPM_FAMILIES), ...Object.keys(DEB_FAMILIES)].sort());
});

test('alternatives share a number, the likelier first', () => {
  const ubuntu = declareTarget({
    distro: 'ubuntu',
    version: '22.04',
    kernel: '5.15.0-67-generic',
    arch: 'x86_64',
    unameV: null,
  });
  expect(namePackages(ubuntu).map(({ name, alternative }) => [name, alternative])).toEqual([
    ['linux-headers-5.15.0-67-generic', undefined],
    ['linux-image-unsigned-5.15.0-67-generic-dbgsym', 1],
    ['linux-image-5.15.0-67-generic-dbgsym', 1],
  ]);
});

test('of kernels that share a release none is certain, where of two sisters one alone exists', () => {
  expect(named('mariner', '5.15.182.1-1.cm2').map(({ match, alternative }) => `${match} ${alternative}`)).toEqual([
    'index 1',
    'index 1',
    'index 1',
    'index 2',
    'index 2',
    'index 2',
  ]);
  expect(named('mariner', '5.15.55.1-rt48-3.cm2').map(({ match }) => match)).toEqual(['exact', 'exact']);
  expect(new Set(named('mariner', '5.15.157.mshv1-1.cm2').map(({ match }) => match))).toEqual(new Set(['exact']));
});

test.each([
  // OpenVAS's list of SLES 16.0.0
  ['6.12.0-160000.9-azure', 'kernel-devel'],
  ['6.12.0-160000.26-kvmsmall', 'kernel-devel'],
  ['6.12.0-160000.7-rt', 'kernel-devel kernel-devel-rt'],
  ['6.4.0-150700.20.18-azure', 'kernel-devel-azure'],
  ['6.4.0-150700.7.16-rt', 'kernel-devel-rt'],
  ['6.4.0-10-rt', 'kernel-devel-rt'],
])('SUSE’s %s is compiled from %s', (kernel, trees) => {
  const sources = named('sles', kernel).filter(({ arch }) => arch === 'noarch');
  expect(sources.map(({ name }) => name)).toEqual(trees.split(' '));
  expect(new Set(sources.map(({ match, alternative }) => `${match} ${alternative}`)).size).toBe(1);
});

test('a release candidate of openSUSE is written in two ways, with the rebuild counter before the commit', () => {
  const [first, second, tree] = named('opensuse-tumbleweed', '6.14.0-rc3-1.gb2a5fe1-default');
  expect([first, second].map((name) => name && [rpmFile(name), name.alternative])).toEqual([
    ['kernel-default-devel-6.14~rc3-1.*.gb2a5fe1.x86_64', 1],
    ['kernel-default-devel-6.14.rc3-1.*.gb2a5fe1.x86_64', 1],
  ]);
  expect(tree).toMatchObject({ name: 'kernel-devel', arch: 'noarch', alternative: 2 });
});

test.each([
  ['kylin', '4.19.90-24.4.v2101.ky10.x86_64'],
  ['uos', '4.19.90-2109.1.0.0108.up2.uel20.x86_64'],
  ['uos', '4.19.0-91.82.152.uelc20.x86_64'],
  ['euleros', '5.10.0-136.12.0.86.x86_64'],
  ['euleros', '3.10.0-514.44.5.10.h179.x86_64'],
  ['hce', '5.10.0-60.18.0.50.r509_2.hce2.x86_64'],
  ['opensuse', '2.6.25.16-0.1-default'],
  ['ol', '5.15.0-306.177.4.1.el9uek.aarch64.64k', 'aarch64'],
])('debug packages of %s %s, which nobody has seen, are a guess', (distro, kernel, arch = 'x86_64') => {
  const packages = named(distro, kernel, arch);
  const matches = (isDevel: boolean): readonly string[] =>
    packages.filter(({ name }) => (roleByName(name) === 'devel') === isDevel).map(({ match }) => match);
  expect(new Set(matches(true))).toEqual(new Set(['exact']));
  expect(new Set(matches(false))).toEqual(new Set(['index']));
});

test('names of an architecture that nobody has seen packages of are a guess', () => {
  expect(named('mageia', '6.6.88-desktop586-3.mga9', 'i686').map(({ match }) => match)).toEqual(['index']);
  expect(named('sles', '2.6.16.60-0.85.1-ppc64', 'ppc64').map(({ match }) => match)).not.toContain('exact');
  expect(named('sles', '2.6.16.60-0.21-smp')[0]?.match).toBe('exact');
  expect(named('mageia', '6.6.65-server-2.mga9').map(({ match }) => match)).toEqual(['exact']);
  expect(named('mageia', '5.15.41-desktop586-1.mga8', 'i686').map(({ match }) => match)).toEqual(['exact']);
});

test.each([
  // dl.lamp.sh, kwizart's COPR
  ['centos', '6.9.10-1.el7.x86_64'],
  ['centos', '5.15.124-200.el9.x86_64'],
  ['rocky', '6.6.20-1.el9.x86_64'],
  ['rhel', '6.12.0-55.el9.x86_64'],
  ['centos', '5.14.0-70.el7.x86_64'],
  ['centos', '4.9.33-1.el7.x86_64'],
  ['centos', '5.11.12-300.el7.aarch64', 'aarch64'],
  ['centos', '2.6.32-5.el5'],
  ['fedora', '6.12.59-200.fc42.x86_64'],
  ['fedora', '5.15.124-200.fc38.x86_64'],
])(
  'a kernel of %s under the tag of a release and not of its Linux, %s, is anybody’s',
  (distro, kernel, arch = 'x86_64') => {
    expect(new Set(named(distro, kernel, arch).map(({ match }) => match))).toEqual(new Set(['index']));
  },
);

test.each([
  ['centos', '4.9.241-37.el7.x86_64'],
  ['centos', '3.18.44-20.el6.x86_64'],
  // vault.centos.org/altarch/7.8.2003/kernel/x86_64, 7.6.1810, 7
  ['centos', '4.19.113-300.el7.x86_64'],
  ['centos', '4.14.119-200.el7.x86_64'],
  ['centos', '5.4.225-200.el7.x86_64'],
  ['centos', '4.2.0-0.26.el7.1.aarch64', 'aarch64'],
  ['centos', '4.18.0-348.20.1.el7.aarch64', 'aarch64'],
  ['centos', '5.4.72-200.el7.armv7hl', 'armv7l'],
  ['centos', '5.13.0-0.rc3.25.el9.x86_64'],
  ['fedora', '3.14.27-100.fc19.x86_64'],
  ['fedora', '2.6.34.9-69.fc13.x86_64'],
  ['centos', '6.11.0-0.rc5.23.el10.x86_64'],
  ['rhel', '3.10.0-693.46.1.rt56.639.el6.x86_64.trace'],
  ['rhel', '2.6.33.9-rt31.79.el6rt.x86_64.vanilla'],
  ['rhel', '4.11.0-44.6.1.el7a.aarch64', 'aarch64'],
])('a kernel of %s that is published beside that of its release, %s, is exact', (distro, kernel, arch = 'x86_64') => {
  expect(new Set(named(distro, kernel, arch).map(({ match }) => match))).toEqual(new Set(['exact']));
});

test.each([
  ['debian', '6.1.0-21-amd64', '#1 SMP PREEMPT_DYNAMIC Debian 6.1.90-1a~test (2024-05-05)', '6.1.90-1a~test'],
  ['debian', '4.19.0-11-amd64', '#1 SMP Debian 4.19.146-1a~test (2020-10-15)', '4.19.146-1a~test'],
  ['ubuntu', '3.2.0-23-realtime', '#36~ppa1-Ubuntu SMP PREEMPT RT', '3.2.0-23.36~ppa1'],
  ['ubuntu', '4.4.0-1057-aws', '#61+hf245703v20191104b1-Ubuntu SMP', '4.4.0-1057.61+hf245703v20191104b1'],
])('a build of %s %s that no archive has, %s, is a guess', (distro, kernel, unameV, version) => {
  const [headers] = named(distro, kernel, 'x86_64', unameV);
  expect(headers).toMatchObject({ version, match: 'index' });
});

test.each([
  ['6.5.0-15-lowlatency-64k', '#15.1.1~22.04.1-Ubuntu SMP'],
  ['5.15.0-1070-azure-fde', '#79~20.04.1.1-Ubuntu SMP'],
  ['5.4.0-1085-azure-fde', '#90+cvm1.1-Ubuntu SMP'],
  ['5.15.0-73-fips', '#80+fips1-Ubuntu SMP'],
  ['5.15.0-173-fips', '#183+fips10-Ubuntu SMP'],
  ['3.5.0-54-generic', '#81~precise1-Ubuntu SMP'],
  ['2.6.35-32-generic', '#67~lucid1-Ubuntu SMP'],
  ['6.8.0-100-lowlatency', '#100.1-Ubuntu SMP'],
])('what the archive of Ubuntu has, %s %s, is exact', (kernel, unameV) => {
  expect(new Set(named('ubuntu', kernel, 'x86_64', unameV).map(({ match }) => match))).toEqual(new Set(['exact']));
});

test('the debug packages of a kernel of no row are named as those of all rows of its distribution', () => {
  // rpmbuild without a tag
  expect(named('openEuler', '5.10.0-136.12.0.86.x86_64').map(({ name }) => name)).toEqual([
    'kernel-devel',
    'kernel-debuginfo',
    'kernel-debugsource',
  ]);
  expect(named('rhel', '5.14.0-570.lustre.el9.x86_64').at(-1)?.name).toBe('kernel-debuginfo-common-x86_64');
});

test('only behind an architecture or a tag a word after a plus is a variant', () => {
  expect(() => named('fedora', '6.18.20-intel+260417t093242z')).toThrow(/form that tapprep does not know/);
  expect(named('centos', '6.12.0-270.el10iv.x86_64+debug')[0]?.name).toBe('kernel-automotive-debug-devel');
  expect(named('centos', '6.12.0-270.el10iv+debug')[0]?.name).toBe('kernel-automotive-debug-devel');
});

test('an epoch is in the version of the kernel but in no file name', () => {
  const target = declareTarget({
    distro: 'debian',
    version: '12',
    kernel: '6.6.31-amd64',
    arch: 'x86_64',
    unameV: '#1 SMP Debian 1:6.6.31-1 (2024-05-29)',
  });
  expect(target).toMatchObject({ packageVersion: '1:6.6.31-1' });
  expect(namePackages(target)[0]?.version).toBe('6.6.31-1');
});

test.each([
  ['4.4.40-040440-generic', '#201701060808 SMP Fri Jan 6 13:10:00 UTC 2017', '4.4.40-040440.201701060808'],
  [
    '6.12.111-0612111-generic',
    '#202609211340 SMP PREEMPT_DYNAMIC Mon Sep 21 13:45:12 UTC',
    '6.12.111-0612111.202609211340',
  ],
  [
    '5.4.207-0504207-lowlatency',
    '#202207211701 SMP PREEMPT Thu Jul 21 17:10:01 UTC 2022',
    '5.4.207-0504207.202207211701',
  ],
  ['5.7.0-999-generic', '#202005060358 SMP Wed May 6 04:00:33 UTC 2020', '5.7.0-999.202005060358'],
])(
  "the Ubuntu mainline archive's uname -v of %s tells the version, and it has no debug packages",
  (kernel, unameV, version) => {
    expect(named('ubuntu', kernel, 'x86_64', unameV)).toEqual([
      { role: 'headers', name: `linux-headers-${kernel}`, arch: 'amd64', version, match: 'index' },
    ]);
  },
);

test.each([
  [
    '6.5.8-x64v3-xanmod1',
    '#0~20231020.ga323bd9 SMP PREEMPT_DYNAMIC Fri Oct 20',
    '6.5.8-x64v3-xanmod1-0~20231020.ga323bd9',
  ],
  ['5.11.10-xanmod1', '#0~git20210325.15c144f SMP PREEMPT Thu Mar 25', '5.11.10-xanmod1-0~git20210325.15c144f'],
  ['6.12.62-rt-x64v2-xanmod1', '#0~20251213.g168fc65 SMP PREEMPT_RT', '6.12.62-rt-x64v2-xanmod1-0~20251213.g168fc65'],
  ['6.5.8-x64v3-xanmod1', '#1 SMP PREEMPT_DYNAMIC Fri Oct 20', null],
])('XanMod’s version of %s follows from its uname -v, %s', (kernel, unameV, version) => {
  for (const distro of ['debian', 'ubuntu']) {
    expect(named(distro, kernel, 'x86_64', unameV)).toEqual([
      { role: 'headers', name: `linux-headers-${kernel}`, arch: 'amd64', version, match: 'index' },
    ]);
  }
});

test.each([
  // Flavours that Debian has, too
  ['2.6.15-26-686', 'i686', 'i386'],
  ['2.6.24-25-powerpc', 'ppc', 'powerpc'],
  ['2.6.24-25-sparc64-smp', 'sparc64', 'sparc'],
  ['2.6.28-15-ixp4xx', 'armv5tel', 'armel'],
  ['3.0.0-12-omap', 'armv7l', 'armel'],
  ['3.2.0-23-omap', 'armv7l', 'armhf'],
  // Architectures that it had, and had not
  ['2.6.31-112-imx51', 'armv7l', 'armel'],
  ['2.6.24-25-cell', 'ppc64', 'powerpc'],
  ['2.6.24-24-lpia', 'i686', 'lpia'],
  ['4.15.0-20-generic', 'ppc64le', 'ppc64el'],
])('Ubuntu’s headers of %s on %s are of %s', (kernel, machine, arch) => {
  expect(named('ubuntu', kernel, machine)[0]).toMatchObject({ name: `linux-headers-${kernel}`, arch });
});

test.each([
  ['2.6.35-903-omap4', '#32-Ubuntu SMP PREEMPT Thu Jun 6', '2.6.35-903.32'],
  ['3.0.0-1206-omap4', '#14-Ubuntu SMP PREEMPT', '3.0.0-1206.14'],
])('to 11.10 the 32-bit ARM of Ubuntu, %s, is armel', (kernel, unameV, version) => {
  const names = named('ubuntu', kernel, 'armv7l', unameV);
  expect(names[0]).toMatchObject({ version, arch: 'armel', match: 'exact' });
  // No image was signed yet.
  expect(names[1]).toMatchObject({ name: `linux-image-${kernel}-dbgsym` });
});

const numbers = fc.array(fc.nat({ max: 9999 }), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'));
/** Numbers alone tell the first UEK from its RHEL, CentOS's Xen and when rt became a variant, and these packages write V-R another way. */
const FREE_SAMPLES = RPM_SAMPLES.filter(
  ([, release]) => !/^2\.6\.32-100\.|^4\.9\.|\+rt|-r[tc]\d+-|tlinux|mga|alt\d/.test(release),
);

test('with other numbers in it a release belongs to the same row, and its names make the release again', () => {
  fc.assert(
    fc.property(fc.constantFrom(...FREE_SAMPLES), numbers, ([distro, sample, arch], fresh) => {
      const kernel = sample.replace(/-((?:lp\d+\.)?)\d+(?:\.\d+)*/, `-$1${fresh}`);
      fc.pre(kernel.length <= 64 && !kernel.startsWith('2.6.32-100.'));
      const [before, after] = [sample, kernel].map((release) =>
        namePackages(declareTarget({ distro, version: null, kernel: release, arch, unameV: null })),
      );
      expect(after?.map(({ name, arch, match }) => [name, arch, match])).toEqual(
        before?.map(({ name, arch, match }) => [name, arch, match]),
      );
      for (const [index, { version }] of (after ?? []).entries()) {
        expect(version + sample.slice(before?.[index]?.version?.length)).toBe(kernel);
      }
    }),
  );
});
