import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findDistribution, packageFamilyOf } from '../../../src/detect/distributions.ts';
import { DEB_FAMILIES, RPM_FAMILIES } from '../../../src/detect/kernel-families.ts';
import { parseDebVersion, parseKernelRelease } from '../../../src/detect/kernel-release.ts';
import type { DebRelease, KernelRelease } from '../../../src/detect/kernel-release.ts';
import { isTapprepError } from '../../../src/errors.ts';
import type { ErrorCode, TapprepError } from '../../../src/errors.ts';
import { DEB_SAMPLES, RPM_SAMPLES } from '../../helpers/kernel-samples.ts';
import { cpuMilliseconds } from '../../helpers/cpu-time.ts';
import { ANY_CHARACTER } from '../../helpers/any-character.ts';

function parse(distro: string | null, release: string, unameV: string | null = null): KernelRelease {
  return parseKernelRelease(release, { distro, version: null, idLike: [], unameV });
}

function refusal(distro: string | null, release: string, unameV: string | null = null): TapprepError {
  try {
    parse(distro, release, unameV);
  } catch (error) {
    if (isTapprepError(error)) return error;
    throw error;
  }
  throw new Error(`${release} was taken for a kernel of ${distro}`);
}

const ALL_IDS = [...new Set([...Object.values(RPM_FAMILIES), ...Object.values(DEB_FAMILIES)].flatMap(({ on }) => on))];
/** What is built from others may hold another form than the table has of it. */
const STRICT_IDS = ALL_IDS.filter((id) => findDistribution(id) === null);
const SAMPLES = [
  ...RPM_SAMPLES.map(([distro, release]) => [distro, release, null] as const),
  ...DEB_SAMPLES.map(([distro, release, , unameV]) => [distro, release, unameV] as const),
];

describe('a release on another distribution than its own', () => {
  test.each(SAMPLES)('%s %s is refused with both sides', (distro, release, unameV) => {
    const { on, kernelFamily } = parse(distro, release, unameV);
    for (const id of STRICT_IDS.filter((other) => !on.includes(other))) {
      const { code, message } = refusal(id, release, unameV);
      // EulerOS has releases without a tag: another system of rpm cannot tell whose they are.
      const isTold =
        !kernelFamily.startsWith('euleros') || release.includes('eulerosv') || packageFamilyOf(id, []) === 'deb';
      expect(code).toBe(isTold ? 'WRONG_DISTRIBUTION' : 'UNKNOWN_RELEASE');
      expect(message).toContain(release);
      expect(message).toContain(id);
    }
  });
});

const REFUSED: readonly (readonly [string, string, ErrorCode])[] = [
  // A tag inside another vendor's release, or with something before or behind it that the family does not have.
  ['centos', '3.10.0-693.21.1.el7.cgslv5_4.8.261.x86_64', 'WRONG_DISTRIBUTION'],
  ['centos', '3.10.0-962.3.2.lve1.5.24.8.el7.x86_64', 'WRONG_DISTRIBUTION'],
  ['rocky', '3.10.0-957.12.2.vz7.86.2', 'WRONG_DISTRIBUTION'],
  ['rocky', '6.16.4-200.nobara.fc42.x86_64', 'WRONG_DISTRIBUTION'],
  ['centos', '2.6.18-308.el5.028stab099.3huge', 'UNKNOWN_RELEASE'],
  ['centos', '2.6.32-042stab129.1PAE', 'UNKNOWN_RELEASE'],
  // In a container the kernel is of a host whose packages hold no release in their names.
  ['debian', '6.12.4-arch1-1', 'UNKNOWN_RELEASE'],
  ['debian', '6.12.31_1', 'UNKNOWN_RELEASE'],
  ['rhel', '4.18.0-305.el8.bz1234567.x86_64', 'UNKNOWN_RELEASE'],
  ['rhel', '5.14.0-284.30.1.el9_2.ciqfips.0.8.1.x86_64', 'UNKNOWN_RELEASE'],
  ['rhel', '3.10.0-1160.el77.x86_64', 'UNKNOWN_RELEASE'],
  ['centos', '3.10.0-1160.al7.1.x86_64', 'WRONG_DISTRIBUTION'],
  ['centos', '4.14.35-2047.528.2.1.el7uek.x86_64', 'WRONG_DISTRIBUTION'],
  ['rhel', '3.10.0-1160.el7.centos.plus.x86_64', 'WRONG_DISTRIBUTION'],
  ['rhel', '2.6.32-100.28.5.el6.x86_64', 'WRONG_DISTRIBUTION'],
  ['amzn', '3.10.0-1160.el7.x86_64', 'WRONG_DISTRIBUTION'],
  ['debian', '5.15.0-67-generic', 'WRONG_DISTRIBUTION'],
  ['ubuntu', '6.1.0-13-amd64', 'WRONG_DISTRIBUTION'],
  ['ubuntu', '5.14.21-150500.55.31-default', 'WRONG_DISTRIBUTION'],
  // A variant, flavour, architecture or part that does not exist.
  ['rhel', '5.14.0-427.24.1.el9_4.x86_64+turbo', 'UNKNOWN_RELEASE'],
  ['rhel', '5.14.0-427.24.1.el9_4.vax', 'UNKNOWN_RELEASE'],
  ['rhel', '5.14.0-427.24.1.el9_4.x86_64+64k', 'UNKNOWN_RELEASE'],
  ['rhel', '4.18.0-553.el8_10.x86_64+zfcpdump', 'UNKNOWN_RELEASE'],
  ['rhel', '4.18.0-553.el8_10.aarch64+64k', 'UNKNOWN_RELEASE'],
  ['rhel', '4.18.0-553.el8_10.x86_64+rt', 'UNKNOWN_RELEASE'],
  ['rhel', '5.14.0-162.6.1.el9_1.x86_64+rt', 'UNKNOWN_RELEASE'],
  ['rhel', '5.14.0-70.el9_0.x86_64+rt-debug', 'UNKNOWN_RELEASE'],
  ['amzn', '6.1.61-85.141.amzn2023.x86_64+debug', 'UNKNOWN_RELEASE'],
  ['amzn', '6.12.46-66.121.amzn2023.x86_64+debug', 'UNKNOWN_RELEASE'],
  ['centos', '2.6.18-308.el5hugemem', 'UNKNOWN_RELEASE'],
  ['photon', '6.1.111-3.ph5-turbo', 'UNKNOWN_RELEASE'],
  ['sles', '5.14.21-150500.55.31-turbo', 'UNKNOWN_RELEASE'],
  ['sles', '6.5.9-1.gb4a6f7c-default', 'WRONG_DISTRIBUTION'],
  ['debian', '6.1.0-13-vax', 'UNKNOWN_RELEASE'],
  ['ubuntu', '5.15.0-67-mine', 'UNKNOWN_RELEASE'],
  ['fedora', '6.3.0-0.rc7.59.vanilla.fc38.x86_64', 'UNKNOWN_RELEASE'],
  // No release at all.
  ['centos', '', 'UNKNOWN_RELEASE'],
  ['centos', 'el7', 'UNKNOWN_RELEASE'],
  ['centos', '3.10.0-1160.el7.x86_64\n', 'UNKNOWN_RELEASE'],
  ['centos', '3.10.0-1160.el7.x86_64 ', 'UNKNOWN_RELEASE'],
  ['centos', '../../3.10.0-1160.el7.x86_64', 'UNKNOWN_RELEASE'],
  ['centos', `3.10.0-${'1.'.repeat(40)}el7.x86_64`, 'UNKNOWN_RELEASE'],
  // Kernels that nobody packages, or whose packages no release names.
  ['raspbian', '5.10.63-v7+', 'UNKNOWN_RELEASE'],
  ['raspbian', '6.1.21+', 'UNKNOWN_RELEASE'],
  // Of two architectures since Linux 4; kernels for a dump are for these alone.
  ['rhel', '3.10.0-1160.el7.x86_64.kdump', 'UNKNOWN_RELEASE'],
  ['debian', '6.1.56-current-rockchip64', 'UNKNOWN_RELEASE'],
  ['debian', '4.19.13-sunxi', 'UNKNOWN_RELEASE'],
  ['ubuntu', '5.15.90.1-microsoft-standard-WSL2', 'CUSTOM_KERNEL_NO_PACKAGE'],
  ['debian', '4.4.0-19041-Microsoft', 'CUSTOM_KERNEL_NO_PACKAGE'],
  ['debian', '6.10.14-linuxkit', 'CUSTOM_KERNEL_NO_PACKAGE'],
  ['debian', '6.18.5-fc', 'CUSTOM_KERNEL_NO_PACKAGE'],
  ['debian', '6.18.44-fc-v657', 'CUSTOM_KERNEL_NO_PACKAGE'],
  ['ubuntu', '5.15.0-051500-generic', 'UNKNOWN_RELEASE'],
  ['debian', '5.15.133+', 'UNKNOWN_RELEASE'],
  ['fedora', '6.5.0-rc3', 'UNKNOWN_RELEASE'],
  ['centos', '6.1.55', 'UNKNOWN_RELEASE'],
  ['ubuntu', '6.6.58-flatcar', 'CUSTOM_KERNEL_NO_PACKAGE'],
  ['ubuntu', '5.15.148-tegra', 'UNKNOWN_RELEASE'],
  ['debian', '6.1.21-v8+', 'UNKNOWN_RELEASE'],
  ['debian', '6.9.3-x86_64-linode164', 'UNKNOWN_RELEASE'],
  ['debian', '6.5.0-00123-gdeadbeefcafe-dirty', 'UNKNOWN_RELEASE'],
  ['debian', '6.6.44-production+truenas', 'UNKNOWN_RELEASE'],
  ['alinux', '5.10.134-013.8.3.kangaroo.al8.x86_64', 'UNKNOWN_RELEASE'],
];

const SAID: Readonly<Partial<Record<ErrorCode, RegExp>>> = {
  CUSTOM_KERNEL_NO_PACKAGE: /publishes no packages for it: https:\/\/\S+$/,
  UNKNOWN_RELEASE: /; no package source was asked for it$/,
};

test('who takes kernels from Debian alone has none that says of itself that it is of Ubuntu', () => {
  const { code } = refusal('kali', '5.15.0-91-generic', '#101-Ubuntu SMP Tue Nov 14 13:30:08 UTC 2023');
  expect(code).toBe('WRONG_DISTRIBUTION');
  expect(parse('pop', '5.15.0-91-generic', '#101-Ubuntu SMP').kernelFamily).toBe('ubuntu');
  expect(parse('kali', '6.11.2-amd64', '#1 SMP Kali 6.11.2-1kali1 (2024-10-15)').kernelFamily).toBe('debian');
});

test('that nobody publishes packages is said with the word of the builder, else that nobody was asked', () => {
  for (const [distro, release, code] of REFUSED) expect(refusal(distro, release).message).toMatch(SAID[code] ?? /./);
});

/** [target, release, whose it is, the distribution to ask for]: nothing that dpkg could install is named after them. */
const TOLD: readonly (readonly [string, string, string, string])[] = [
  ['ubuntu', '4.18.0-147.5.1.6.h1194.eulerosv2r9.x86_64', 'EulerOS', 'euleros'],
  ['debian', '6.12.37-1.red80.x86_64', 'RED OS', 'redos'],
  ['debian', '3.10.0-957.12.2.vz7.86.2', 'Virtuozzo', 'virtuozzo'],
  ['linuxmint', '4.18.0-553.40.1.lve.el8.x86_64', 'CloudLinux', 'cloudlinux'],
  ['ubuntu', '6.14.2-401.asahi.fc42.aarch64+16k', 'Fedora Asahi Remix', 'fedora-asahi-remix'],
  ['debian', '6.9.7-201.fsync.fc40.x86_64', 'Fedora', 'fedora'],
  ['debian', '5.14.0-284.30.1.el9_2.ciqfips.0.8.1.x86_64', 'Red Hat Enterprise Linux and its rebuilds', 'rhel'],
  ['ubuntu', '6.4.11-desktop-1omv2390', 'OpenMandriva', 'openmandriva'],
  ['debian', '5.10.74-generic-2rosa2021.1-x86_64', 'ROSA', 'rosa'],
  ['ubuntu', '4.15.0-desktop-45.1rosa-x86_64', 'ROSA', 'rosa'],
  ['ubuntu', '5.10.0-136.12.0.86.aarch64', 'a system of rpm', 'ID'],
];

test.each(TOLD)('%s does not take %s for a build of its own: it is of %s', (distro, release, title, id) => {
  const { code, message, remedy } = refusal(distro, release);
  expect([code, message]).toEqual([
    'WRONG_DISTRIBUTION',
    `kernel release ${release} is of ${title} but the target is ${distro}`,
  ]);
  expect(JSON.stringify(remedy)).toContain(`${id}:VERSION`);
});

test.each([
  ['redos', '6.12.37-1.red80.x86_64'],
  ['virtuozzo', '3.10.0-957.12.2.vz7.86.2'],
  ['cloudlinux', '4.18.0-553.40.1.lve.el8.x86_64'],
  ['bazzite', '6.9.7-201.fsync.fc40.x86_64'],
  ['nobara', '6.16.4-200.nobara.fc42.x86_64'],
])('%s has %s, which its tag tells elsewhere', (distro, release) => {
  expect(parse(distro, release)).toMatchObject({ family: 'rpm', kernelFamily: 'rpm', on: [distro] });
});

test("Ubuntu's kernel for Azure is no SUSE's, in a container of SUSE and in one of another", () => {
  for (const distro of ['sles', 'opensuse-leap', 'debian']) {
    expect(refusal(distro, '5.15.0-1057-azure').message).toContain('is of Ubuntu');
  }
  expect(parse('sles', '6.4.0-150600.8.52-azure').kernelFamily).toBe('suse');
});

test('what a COPR builds for Fedora is no stranger there, and no row names it', () => {
  expect(refusal('fedora', '6.14.2-401.asahi.fc42.aarch64+16k').code).toBe('UNKNOWN_RELEASE');
  expect(refusal('fedora', '6.9.7-201.fsync.fc40.x86_64').code).toBe('UNKNOWN_RELEASE');
});

test("the foundation's kernel for the first boards is known by its bare plus on Raspbian alone", () => {
  expect(refusal('raspbian', '6.1.21+').facts).toMatchObject({ namedOtherwise: true });
  expect(refusal('debian', '6.1.21+').message).toContain('modified source tree');
});

test.each(REFUSED)('%s %j is refused as %s', (distro, release, code) => {
  const error = refusal(distro, release);
  expect(error.code).toBe(code);
  expect(error.hint ?? error.remedy).not.toBeNull();
  expect(error.message).not.toMatch(/[\n\u0000-\u001f]/);
});

test('a rebuild of an older branch counts behind the tag', () => {
  expect(parse('centos', '3.10.0-123.el7.1.x86_64')).toMatchObject({
    versionRelease: '3.10.0-123.el7.1',
    arch: 'x86_64',
  });
  expect(parse('centos', '2.6.18-164.el5.1PAE')).toMatchObject({ versionRelease: '2.6.18-164.el5.1', variant: 'PAE' });
});

test('a variant is there from the release on that brought it', () => {
  expect(parse('rhel', '5.14.0-284.11.1.el9_2.x86_64+rt')).toMatchObject({ variant: 'rt' });
  expect(parse('rhel', '5.14.0-70.13.1.el9_0.aarch64+64k-debug')).toMatchObject({ variant: '64k-debug' });
  expect(parse('rhel', '6.12.0-55.el10_0.aarch64+rt-64k')).toMatchObject({ variant: 'rt-64k' });
  expect(parse('amzn', '5.10.35-31.135.amzn2.x86_64.debug')).toMatchObject({ variant: 'debug' });
  // A real-time kernel of its own source package has the others.
  expect(parse('rhel', '4.18.0-477.10.1.rt7.274.el8_8.x86_64+debug')).toMatchObject({ stem: 'kernel-rt' });
  // Flavours of SUSE and Photon are no variants.
  expect(parse('sles', '5.3.18-150300.96-rt')).toMatchObject({ variant: 'rt' });
});

test('a row without variants takes no separator at the end for one', () => {
  expect(parse('qubes', '6.6.77-1.qubes.fc37.x86_64').kernelFamily).toBe('qubes');
  expect(parse('qubes', '6.6.77-1.qubes.fc37.x86_64.').kernelFamily).toBe('rpm');
  expect(refusal('qubes', '6.6.77-1.qubes.fc37.x86_64+').message).toContain('modified source tree');
});

test('what somebody else built from Ubuntu’s sources is not Ubuntu’s', () => {
  expect(refusal('ubuntu', '6.8.0-1013-nvidia-64k', '#14lambdaguest1 SMP').code).toBe('UNKNOWN_RELEASE');
  expect(refusal('kylin', '5.4.18-85-generic', '#74-KYLINOS SMP').code).toBe('UNKNOWN_RELEASE');
  for (const said of [
    '#201701060808 SMP Fri Jan 6 13:10:00 UTC 2017',
    '#1 SMP Mon Jan 1 2024',
    '#1 SMP Debian 6.1.55-1',
  ])
    expect(refusal('ubuntu', '5.15.0-67-generic', said).code).toBe('UNKNOWN_RELEASE');
  // Before Linux 3 its own builds did not say so.
  expect(parse('ubuntu', '2.6.24-28-generic', '#1 SMP Thu Sep 16 15:40:05 UTC 2010')).toMatchObject({
    abi: '2.6.24-28',
  });
});

test('an old flavour that Ubuntu shared with Debian is Debian’s where uname -v says so, and on Debian', () => {
  expect(parse('ubuntu', '2.6.15-26-686', '#1 SMP PREEMPT Fri Jul 7 19:48:22 UTC 2006').kernelFamily).toBe('ubuntu');
  expect(refusal('ubuntu', '2.6.32-5-686', '#1 SMP Debian 2.6.32-48squeeze6').code).toBe('WRONG_DISTRIBUTION');
  expect(refusal('ubuntu', '2.6.32-5-amd64').code).toBe('WRONG_DISTRIBUTION');
  expect(refusal('ubuntu', '4.9.0-8-powerpc').code).toBe('WRONG_DISTRIBUTION');
  for (const id of ['debian', 'kali', 'linuxmint']) expect(parse(id, '2.6.18-6-686', null).kernelFamily).toBe('debian');
});

test('a version that is of another kernel is not taken from uname -v', () => {
  const kernel = parse('debian', '6.1.0-23-amd64') as DebRelease;
  expect(parseDebVersion(kernel, '#1 SMP Debian 6.1.99-1 (2024-07-15)')).toBe('6.1.99-1');
  expect(parseDebVersion(kernel, '#1 SMP Debian 5.10.70-1 (2021-09-30)')).toBeNull();
});

test('an Ubuntu flavour that is in no list is believed where uname -v is of Ubuntu, and only there', () => {
  expect(parse('ubuntu', '6.8.0-9-unheard-of', '#9-Ubuntu SMP')).toMatchObject({ flavour: 'unheard-of' });
  expect(refusal('ubuntu', '6.8.0-9-unheard-of', '#1 SMP').code).toBe('UNKNOWN_RELEASE');
});

test('a distribution that is not in the table is taken for what it says that it is like', () => {
  const hints = { distro: 'linuxmint', version: '21', idLike: ['ubuntu', 'debian'], unameV: null };
  expect(parseKernelRelease('5.15.0-67-generic', hints).kernelFamily).toBe('ubuntu');
  // One that is in the table is not, though Amazon Linux says it is like CentOS.
  const amazon = { distro: 'amzn', version: '2', idLike: ['centos', 'rhel', 'fedora'], unameV: null };
  expect(() => parseKernelRelease('3.10.0-1160.el7.x86_64', amazon)).toThrow(/Red Hat.*amzn 2/);
});

test('without a distribution, a release tells one or says which it may be', () => {
  expect(parse(null, '6.1.102-108.177.amzn2023.x86_64').on).toEqual(['amzn']);
  const error = refusal(null, '3.10.0-1160.el7.x86_64');
  expect(error.code).toBe('USAGE');
  expect(error.message).toContain('rhel, centos, rocky');
});

const DEB_VERSIONS: readonly (readonly [string, string, string | null, string | null])[] = [
  ['debian', '6.1.0-13-amd64', '#1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1 (2023-09-29)', '6.1.55-1'],
  ['debian', '4.19.0-20-amd64', '#1 SMP Debian 4.19.235-1 (2022-03-17)', '4.19.235-1'],
  ['debian', '5.17.0-2-amd64', '#1 SMP PREEMPT_DYNAMIC Debian 5.17.6-1+b1 (2022-05-14)', '5.17.6-1+b1'],
  ['debian', '4.9.0-0.bpo.11-amd64', '#1 SMP Debian 4.9.189-3+deb9u2~deb8u1', '4.9.189-3+deb9u2~deb8u1'],
  ['debian', '6.1.0-13-rt-amd64', '#1 SMP PREEMPT_RT Debian 6.1.55-1', '6.1.55-1'],
  ['debian', '2.6.32-5-amd64', '#1 SMP Fri May 10 08:43:19 UTC 2013', null],
  // Who builds as Debian does puts a word of his own in its place.
  ['debian', '6.8.12-4-pve', '#1 SMP PREEMPT_DYNAMIC PMX 6.8.12-4 (2024-11-06T15:04Z)', '6.8.12-4'],
  ['debian', '5.15.143-1-pve', '#1 SMP PVE 5.15.143-1 (2024-02-08T18:12Z)', '5.15.143-1'],
  // As it wrote the date before.
  ['debian', '5.4.128-1-pve', '#1 SMP PVE 5.4.128-2 (Wed, 18 Aug 2021 16:20:02 +0200)', '5.4.128-2'],
  ['kali', '6.18.9+kali-amd64', '#1 SMP PREEMPT_DYNAMIC Kali 6.18.9-1kali1 (2026-02-10)', '6.18.9-1kali1'],
  ['linuxmint', '6.8.0-51-generic', '#52-Ubuntu SMP PREEMPT_DYNAMIC Thu Dec  5 13:09:44 UTC 2024', '6.8.0-51.52'],
  [
    'pop',
    '6.9.3-76060903-generic',
    '#202405300957~1738770968~22.04~d5f7c84 SMP PREEMPT_DYNAMIC Wed F',
    '6.9.3-76060903.202405300957~1738770968~22.04~d5f7c84',
  ],
  // Cut within the word, or somebody's own build of it.
  ['pop', '6.9.3-76060903-generic', '#202405300957~1738770968~22.04~d5f', null],
  ['pop', '6.9.3-76060903-generic', '#1 SMP PREEMPT_DYNAMIC Wed F', null],
  ['ubuntu', '6.8.0-51-generic', '#52~22.04.1-Ubun', '6.8.0-51.52~22.04.1'],
  ['ubuntu', '6.8.0-51-generic', '#52~22.04.1-U', '6.8.0-51.52~22.04.1'],
  ['debian', '6.1.0-13-amd64', '#1 SMP PREEMPT_DYNAMIC Debian 6.1.55', null],
  ['debian', '6.1.0-13-amd64', '#1 SMP PREEMPT_DYNAMIC Debian 6.1.55-', null],
  ['debian', '6.1.0-13-amd64', '#1 SMP PREEMPT_DYNAMIC Debian 6.1.55-rc1', null],
  // Of 64 characters, so that more of the version may have followed.
  ['debian', '6.1.0-13-amd64', '#1 SMP PREEMPT_DYNAMIC some more words of it Debian 6.1.155-1~de', null],
  ['debian', '6.1.0-13-amd64', '#1 SMP PREEMPT_DYNAMIC some more words of it Debian 6.1.155-1 (2', '6.1.155-1'],
  // The release holds the whole upstream version.
  ['debian', '6.12.48+deb13-amd64', '#1 SMP PREEMPT_DYNAMIC Debian 6.12.57-1 (2025-11-05)', null],
  ['debian', '6.12.74+deb13+1-amd64', '#1 SMP PREEMPT_DYNAMIC Debian 6.12.74-2 (2026-03-08)', '6.12.74-2'],
  ['debian', '6.9.7-amd64', '#1 SMP PREEMPT_DYNAMIC Debian 6.9.8-1 (2024-07-07)', null],
  ['debian', '6.9.7-amd64', '#1 SMP PREEMPT_DYNAMIC Debian 6.9.7-1 (2024-06-27)', '6.9.7-1'],
  ['debian', '6.11.0+bpo-amd64', '#1 SMP PREEMPT_DYNAMIC Debian 6.11-1~bpo12+1 (2024-09-19)', '6.11-1~bpo12+1'],
  ['debian', '7.3-arm64', '#1 SMP PREEMPT_DYNAMIC Debian 7.3~rc7-1~exp1 (2026-11-20)', '7.3~rc7-1~exp1'],
  ['debian', '6.9-cloud-amd64', '#1 SMP PREEMPT_DYNAMIC Debian 6.9.2-1~exp1 (2024-05-26)', '6.9.2-1~exp1'],
  ['debian', '6.9-cloud-amd64', '#1 SMP PREEMPT_DYNAMIC Debian 6.10.2-1~exp1 (2024-05-26)', null],
  ['kali', '6.5.0-kali3-amd64', '#1 SMP PREEMPT_DYNAMIC Debian 6.5.6-1kali1 (2023-10-09)', '6.5.6-1kali1'],
  ['kali', '6.18.9+kali-amd64', '#1 SMP PREEMPT_DYNAMIC Kali 6.18.12-1kali1 (2026-02-10)', null],
  ['debian', '6.1.0-13-amd64', '#1 SMP Debian', null],
  ['debian', '6.1.0-13-amd64', '#74~20.04.1-Ubuntu SMP', null],
  ['debian', '6.1.0-13-amd64', null, null],
  ['ubuntu', '5.15.0-67-generic', '#74~20.04.1-Ubuntu SMP Wed Feb 22 14:52:34 UTC 2023', '5.15.0-67.74~20.04.1'],
  ['ubuntu', '5.4.0-1083-azure-cvm', '#87+cvm1-Ubuntu SMP', '5.4.0-1083.87+cvm1'],
  ['ubuntu', '5.15.0-67-generic', `#${'7'.repeat(300)}-Ubuntu`, null],
];

test.each(DEB_VERSIONS)('%s %s %j: version %s', (distro, release, unameV, version) => {
  const kernel = parse(distro, release, unameV) as DebRelease;
  expect(parseDebVersion(kernel, unameV)).toBe(version);
});

const fragment = fc.oneof(
  fc.constantFrom(
    '2.6.32',
    '3.10.0',
    '-',
    '.',
    '+',
    '_',
    '~',
    '1',
    '67a612f',
    '20200918git',
    '0',
    'rt56',
    'rc1',
    'git',
    'h1',
  ),
  fc.constantFrom(
    'el5',
    'el7',
    'el9_4',
    'el7uek',
    'elrepo',
    'centos.plus',
    'fc39',
    'amzn2',
    'ph5',
    'cm2',
    'oe2203',
    'al8',
  ),
  fc.constantFrom(
    'an8',
    'ky10',
    'uel20',
    'cgslv5_4',
    'x86_64',
    'i686',
    'debug',
    'default',
    'generic',
    'cloud-amd64',
    'bpo',
  ),
);
const anyRelease = fc.oneof(
  fc.string({ maxLength: 200, unit: ANY_CHARACTER }),
  fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join('')),
  fc.array(fragment, { maxLength: 12 }).map((parts) => `3.10.0-${parts.join('.')}`),
  fc.tuple(fragment, fc.nat({ max: 64 })).map(([part, times]) => `4.19.0-${`${part}.`.repeat(times)}`.slice(0, 64)),
);
const anyDistro = fc.option(fc.constantFrom(...ALL_IDS, 'nonsense'));

/** The code of a refusal; anything else that is thrown fails the test. */
function outcome(release: string, distro: string | null, unameV: string | null): string {
  try {
    const parsed = parse(distro, release, unameV);
    const start = parsed.family === 'rpm' ? parsed.versionRelease : parsed.abi;
    return release.startsWith(start) ? 'a kernel' : `something else: ${start}`;
  } catch (error) {
    if (isTapprepError(error)) return error.code;
    throw error;
  }
}

test('any text is a release or a coded refusal, at once', async () => {
  const runs = 3000;
  const work = (): void =>
    fc.assert(
      fc.property(anyRelease, anyDistro, fc.option(fc.string({ maxLength: 300 })), (release, distro, unameV) => {
        expect(outcome(release, distro, unameV)).toMatch(/^(?:a kernel|[A-Z_]+)$/);
      }),
      { numRuns: runs },
    );
  // A pattern that backtracks without bound would need seconds for one of these.
  expect((await cpuMilliseconds(work)) / runs).toBeLessThan(5);
});
