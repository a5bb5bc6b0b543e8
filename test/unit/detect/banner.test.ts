import { describe, expect, test } from 'vitest';
import { findBanner, targetOfBanner, type BannerClaims } from '../../../src/detect/banner.ts';
import { declareFacts } from '../../../src/detect/declared-facts.ts';
import { identifyTarget } from '../../../src/detect/target.ts';
import { isTapprepError } from '../../../src/errors.ts';
import { namePackages } from '../../../src/resolve/package-names.ts';

const NO_CLAIMS: BannerClaims = { kernel: null, distro: null, arch: null, unameV: null };

function told(line: string, claims: Partial<BannerClaims> = {}) {
  const banner = findBanner(line);
  if (banner === null) throw new Error(`no banner in ${line}`);
  return targetOfBanner(banner, { ...NO_CLAIMS, ...claims });
}

function refusal(line: string, claims: Partial<BannerClaims> = {}): string {
  try {
    return JSON.stringify(told(line, claims));
  } catch (error) {
    if (isTapprepError(error, 'USAGE')) return error.message;
    throw error;
  }
}

const DEBIAN12 =
  '(debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40)';
const UBUNTU =
  '(buildd@lcy02-amd64-116) (x86_64-linux-gnu-gcc-11 (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0, GNU ld (GNU Binutils for Ubuntu) 2.38)';
const RH_GCC = '(gcc (GCC) 11.4.1 20231218 (Red Hat 11.4.1-3), GNU ld version 2.35.2-43.el9)';
const EL9 = '5.14.0-427.13.1.el9_4.x86_64';
const WHEN = '#1 SMP PREEMPT_DYNAMIC Wed May 1 19:11:28 UTC 2024';
const GCC4 = '(gcc version 4.4.7 20120313 (Red Hat 4.4.7-17) (GCC) )';

// [banner, distribution (id:version), first package, its version]
const BANNERS: readonly (readonly [string, string, string, string | null])[] = [
  [
    `Linux version ${EL9} (mockbuild@x64-builder02.almalinux.org) ${RH_GCC} ${WHEN}`,
    'almalinux:9.4',
    'kernel-devel',
    '5.14.0-427.13.1.el9_4',
  ],
  [
    `Linux version ${EL9} (mockbuild@iad1-prod-build001.bld.equ.rockylinux.org) ${RH_GCC} ${WHEN}`,
    'rocky:9.4',
    'kernel-devel',
    '5.14.0-427.13.1.el9_4',
  ],
  [
    `Linux version ${EL9} (mockbuild@x86-64-02.build.eng.rdu2.redhat.com) ${RH_GCC} ${WHEN}`,
    'rhel:9.4',
    'kernel-devel',
    '5.14.0-427.13.1.el9_4',
  ],
  [
    `Linux version 5.14.0-427.el9.x86_64 (mockbuild@x86-05.stream.rdu2.redhat.com) ${RH_GCC} ${WHEN}`,
    'rhel:9',
    'kernel-devel',
    '5.14.0-427.el9',
  ],
  [
    `Linux version 3.10.0-1160.el7.x86_64 (mockbuild@kbuilder.bsys.centos.org) (gcc version 4.8.5 20150623 (Red Hat 4.8.5-44) (GCC) ) #1 SMP Mon Oct 19 16:18:59 UTC 2020`,
    'centos:7',
    'kernel-devel',
    '3.10.0-1160.el7',
  ],
  [
    `Linux version 2.6.32-642.el6.x86_64 (mockbuild@worker1.bsys.centos.org) ${GCC4} #1 SMP Tue May 10 17:27:01 UTC 2016`,
    'centos:6',
    'kernel-devel',
    '2.6.32-642.el6',
  ],
  [
    `Linux version 3.10.0-693.2.2.el7.x86_64 (mockbuild@sl7-uefisign.fnal.gov) (gcc version 4.8.5 20150623 (Red Hat 4.8.5-16) (GCC) ) #1 SMP Tue Sep 12 10:10:26 CDT 2017`,
    'scientific:7',
    'kernel-devel',
    '3.10.0-693.2.2.el7',
  ],
  [
    `Linux version 5.15.0-300.163.18.el8uek.x86_64 (mockbuild@build-ol8-x86_64.oraclevcn.com) (gcc (GCC) 11.2.1 20220127 (Red Hat 11.2.1-9.2.0.1), GNU ld version 2.36.1) #2 SMP Tue May 21 11:19:21 PDT 2024`,
    'ol:8',
    'kernel-uek-devel',
    '5.15.0-300.163.18.el8uek',
  ],
  [
    `Linux version 4.18.0-553.16.1.lve.el8.x86_64 (mockbuild@buildfarm01.cloudlinux.com) (gcc version 8.5.0 20210514 (Red Hat 8.5.0-22) (GCC)) #1 SMP Thu Aug 8 11:57:05 UTC 2024`,
    'cloudlinux:8',
    'kernel-devel',
    '4.18.0-553.16.1.lve.el8',
  ],
  [
    `Linux version 6.11.10-300.fc41.x86_64 (mockbuild@bkernel01.iad2.fedoraproject.org) (gcc (GCC) 14.2.1 20240912 (Red Hat 14.2.1-3), GNU ld version 2.43.1-2.fc41) #1 SMP PREEMPT_DYNAMIC Sat Nov 23 00:51:20 UTC 2024`,
    'fedora:41',
    'kernel-devel',
    '6.11.10-300.fc41',
  ],
  // Newer builders have names that say nothing: the form of the release tells.
  [
    `Linux version 6.17.1-300.fc43.x86_64 (mockbuild@9f2c1fd8a1f94d1d8f7a2c1b) (gcc (GCC) 15.2.1 20250808 (Red Hat 15.2.1-1), GNU ld version 2.45) #1 SMP PREEMPT_DYNAMIC Mon Oct 6 15:37:21 UTC 2025`,
    'fedora:43',
    'kernel-devel',
    '6.17.1-300.fc43',
  ],
  [
    `Linux version 6.1.102-108.177.amzn2023.x86_64 (mockbuild@ip-10-0-48-142) (gcc (GCC) 11.4.1 20230605 (Red Hat 11.4.1-2), GNU ld version 2.39-6.amzn2023.0.10) #1 SMP PREEMPT_DYNAMIC Wed Jul 31 10:18:50 UTC 2024`,
    'amzn:2023',
    'kernel-devel',
    '6.1.102-108.177.amzn2023',
  ],
  [
    `Linux version 4.14.138-89.102.amzn1.x86_64 (mockbuild@gobi-build-64011) (gcc version 7.2.1 20170915 (Red Hat 7.2.1-2) (GCC)) #1 SMP Thu Aug 15 15:29:58 UTC 2019`,
    'amzn:2018.03',
    'kernel-devel',
    '4.14.138-89.102.amzn1',
  ],
  [
    `Linux version 6.1.0-13-amd64 ${DEBIAN12} #1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1 (2023-09-29)`,
    'debian:12',
    'linux-headers-6.1.0-13-amd64',
    '6.1.55-1',
  ],
  [
    `Linux version 4.19.0-20-amd64 (debian-kernel@lists.debian.org) (gcc version 8.3.0 (Debian 8.3.0-6)) #1 SMP Debian 4.19.235-1 (2022-03-17)`,
    'debian:10',
    'linux-headers-4.19.0-20-amd64',
    '4.19.235-1',
  ],
  [
    `Linux version 5.10.0-28-cloud-amd64 (debian-kernel@lists.debian.org) (gcc-10 (Debian 10.2.1-6) 10.2.1 20210110, GNU ld (GNU Binutils for Debian) 2.35.2) #1 SMP Debian 5.10.209-2 (2024-01-31)`,
    'debian:11',
    'linux-headers-5.10.0-28-cloud-amd64',
    '5.10.209-2',
  ],
  [
    `Linux version 6.12.41+deb13-arm64 (debian-kernel@lists.debian.org) (aarch64-linux-gnu-gcc-14 (Debian 14.2.0-19) 14.2.0, GNU ld (GNU Binutils for Debian) 2.44) #1 SMP Debian 6.12.41-1 (2025-08-12)`,
    'debian:13',
    'linux-headers-6.12.41+deb13-arm64',
    '6.12.41-1',
  ],
  [
    `Linux version 5.15.0-67-generic ${UBUNTU} #74-Ubuntu SMP Wed Feb 22 14:14:39 UTC 2023 (Ubuntu 5.15.0-67.74-generic 5.15.85)`,
    'ubuntu:22.04',
    'linux-headers-5.15.0-67-generic',
    '5.15.0-67.74',
  ],
  [
    `Linux version 5.15.0-67-generic (buildd@lcy02-amd64-029) (gcc (Ubuntu 9.4.0-1ubuntu1~20.04.1) 9.4.0, GNU ld (GNU Binutils for Ubuntu) 2.34) #74~20.04.1-Ubuntu SMP Wed Feb 22 14:52:34 UTC 2023 (Ubuntu 5.15.0-67.74~20.04.1-generic 5.15.85)`,
    'ubuntu:20.04',
    'linux-headers-5.15.0-67-generic',
    '5.15.0-67.74~20.04.1',
  ],
  [
    `Linux version 6.8.0-1015-aws (buildd@lcy02-amd64-045) (x86_64-linux-gnu-gcc-13 (Ubuntu 13.2.0-23ubuntu4~24.04) 13.2.0, GNU ld (GNU Binutils for Ubuntu) 2.42) #16-Ubuntu SMP Mon Aug 19 19:38:17 UTC 2024 (Ubuntu 6.8.0-1015.16-aws 6.8.12)`,
    'ubuntu:24.04',
    'linux-headers-6.8.0-1015-aws',
    '6.8.0-1015.16',
  ],
  [
    'Linux version 6.8.12-4-pve (build@proxmox) (gcc (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC PMX 6.8.12-4 (2024-11-06T15:04Z)',
    'debian:12',
    'proxmox-headers-6.8.12-4-pve',
    '6.8.12-4',
  ],
  [
    'Linux version 6.18.9+kali-amd64 (devel@kali.org) (x86_64-linux-gnu-gcc-15 (Debian 15.2.0-12) 15.2.0, GNU ld (GNU Binutils for Debian) 2.45) #1 SMP PREEMPT_DYNAMIC Kali 6.18.9-1kali1 (2026-02-10)',
    'kali',
    'linux-headers-6.18.9+kali-amd64',
    '6.18.9-1kali1',
  ],
  [
    'Linux version 6.6.31+rpt-rpi-v8 (serge@raspberrypi.com) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT Debian 1:6.6.31-1+rpt1 (2024-05-29)',
    'raspbian',
    'linux-headers-6.6.31+rpt-rpi-v8',
    '6.6.31-1+rpt1',
  ],
  [
    'Linux version 5.14.21-150500.55.31-default (geeko@buildhost) (gcc (SUSE Linux) 7.5.0, GNU ld (GNU Binutils; SUSE Linux Enterprise 15) 2.39) #1 SMP PREEMPT_DYNAMIC Tue Oct 10 12:10:15 UTC 2023',
    'sles',
    'kernel-default-devel',
    '5.14.21-150500.55.31',
  ],
  [
    'Linux version 6.1.111-3.ph5-esx (root@photon) (gcc (GCC) 12.2.0, GNU ld (GNU Binutils) 2.39) #1-photon SMP PREEMPT_DYNAMIC Tue Oct 1 02:11:20 UTC 2024',
    'photon:5.0',
    'linux-esx-devel',
    '6.1.111-3.ph5',
  ],
  [
    'Linux version 6.6.57.1-2.azl3 (root@azurelinux) (gcc (GCC) 13.2.0, GNU ld (GNU Binutils) 2.41) #1 SMP PREEMPT_DYNAMIC Tue Oct 29 20:02:11 UTC 2024',
    'azurelinux',
    'kernel-devel',
    '6.6.57.1-2.azl3',
  ],
  [
    'Linux version 5.10.0-136.65.0.145.oe2203sp1.aarch64 (root@dc-64g.compass-ci) (gcc_old (GCC) 10.3.1, GNU ld (GNU Binutils) 2.37) #1 SMP Thu Mar 7 09:20:11 CST 2024',
    'openeuler',
    'kernel-devel',
    '5.10.0-136.65.0.145.oe2203sp1',
  ],
  [
    'Linux version 5.10.134-14.an23.x86_64 (mockbuild@anolis-build-01) (gcc (GCC) 12.3.0 (Anolis 12.3.0-8), GNU ld version 2.39) #1 SMP Thu Jul 13 16:27:46 CST 2023',
    'anolis',
    'kernel-devel',
    '5.10.134-14.an23',
  ],
  [
    `Linux version 5.14.0-427.13.1.el9_4.x86_64 (mockbuild@build01.miraclelinux.com) ${RH_GCC} ${WHEN}`,
    'miraclelinux:9.4',
    'kernel-devel',
    '5.14.0-427.13.1.el9_4',
  ],
  [
    `Linux version 4.18.0-372.9.1.el8.x86_64 (mockbuild@build8.math.princeton.edu) (gcc version 8.5.0 20210514 (Red Hat 8.5.0-10) (GCC)) #1 SMP Tue May 10 08:57:35 EDT 2022`,
    'springdale:8',
    'kernel-devel',
    '4.18.0-372.9.1.el8',
  ],
];

test('there are thirty of them', () => {
  expect(BANNERS).toHaveLength(30);
});

test.each(BANNERS)('%s', (line, distro, name, version) => {
  const log = `[    0.000000] Booting Linux\n[    0.000000] ${line}\n[    0.000000] Command line: quiet\n`;
  const found = told(log);
  expect(found.distro).toBe(distro);
  const facts = declareFacts({ ...found, arch: found.arch ?? 'x86_64' });
  const target = identifyTarget(facts, { unameV: found.unameV }, 'any');
  const [first] = namePackages(target);
  expect([first?.name, first?.version]).toEqual([name, version]);
});

describe('a banner that contradicts the rest is refused with both sides', () => {
  const alma = BANNERS[0]?.[0] ?? '';
  const debian = BANNERS[13]?.[0] ?? '';

  test.each([
    [alma, { distro: 'rocky:9.4' }, /the compile host .*almalinux.org is of almalinux, and --distro says rocky/],
    [alma, { kernel: '5.14.0-503.el9.x86_64' }, /it says 5\.14\.0-427.*, and --kernel says 5\.14\.0-503/],
    [alma, { arch: 'aarch64' }, /compiled for x86_64, and --arch says aarch64/],
    [alma.replaceAll('x86_64', 'i686'), { arch: 'x86_64' }, /compiled for i686, and --arch says x86_64/],
    [debian, { unameV: '#1 SMP Debian 6.1.52-1 (2023-09-07)' }, /and --uname-v says #1 SMP Debian 6\.1\.52-1/],
    [
      debian.replace('debian-kernel@lists.debian.org', 'mockbuild@x64-builder02.almalinux.org'),
      {},
      /almalinux.org is of almalinux, and the version .* of debian/,
    ],
    [
      `Linux version ${EL9} ${DEBIAN12} ${WHEN}`,
      {},
      /is of Red Hat Enterprise Linux and its rebuilds but the target is debian/,
    ],
  ] as const)('%s with %j', (line, claims, message) => {
    expect(refusal(line, claims)).toMatch(message);
  });

  test('what is built on it, or said more exactly, contradicts nothing', () => {
    expect(told(debian, { distro: 'devuan:5' }).distro).toBe('devuan:5');
    expect(told(alma, { kernel: EL9, arch: 'x86_64' }).distro).toBe('almalinux:9.4');
    // A userland of 32 bits on a kernel of 64.
    expect(told(alma, { arch: 'i686' }).arch).toBe('i686');
  });
});

describe('an old banner of Debian', () => {
  const squeeze =
    'Linux version 2.6.32-5-amd64 (Debian 2.6.32-48squeeze6) (jmm@debian.org) (gcc version 4.3.5 (Debian 4.3.5-4) ) #1 SMP Tue May 13 16:34:35 UTC 2014';
  const lenny =
    'Linux version 2.6.26-2-686 (Debian 2.6.26-21lenny4) (dannf@debian.org) (gcc version 4.1.3 20080704 (prerelease) (Debian 4.1.2-25)) #1 SMP Tue Mar 9 17:35:51 UTC 2010';
  const wheezy =
    'Linux version 3.2.0-4-amd64 (debian-kernel@lists.debian.org) (gcc version 4.6.3 (Debian 4.6.3-14) ) #1 SMP Debian 3.2.57';

  test.each([
    [squeeze, 'debian:6', 'x86_64'],
    [squeeze.replace('jmm@debian.org', 'ben@decadent.org.uk'), 'debian:6', 'x86_64'],
    [lenny, 'debian:5', 'i686'],
    [wheezy, 'debian:7', 'x86_64'],
  ])('%s', (line, distro, arch) => {
    expect(told(line)).toMatchObject({ distro, arch });
  });

  test('that names the package is no one else’s', () => {
    expect(refusal(squeeze, { distro: 'rocky:9' })).toMatch(/the compile host jmm@debian.org is of debian/);
    expect(refusal(squeeze.replace('jmm@debian.org', 'ben@decadent.org.uk'), { distro: 'rocky:9' })).toMatch(
      /the version Debian 2.6.32-48squeeze6 is of debian/,
    );
  });
});

test.each([
  ['4.19.0-0.bpo.19-amd64', '4.19.208-1~bpo9+1', '9'],
  ['4.19.0-0.bpo.2-amd64', '4.19.16-1+deb10u2~bpo9+1', '9'],
  ['4.9.0-0.bpo.11-amd64', '4.9.189-3+deb9u1~deb8u1', '8'],
  ['3.2.0-0.bpo.4-amd64', '3.2.57-3+deb7u2~bpo60+1', '6'],
  ['5.10.0-0.bpo.12-amd64', '5.10.103-1~bpo10+1', '10'],
  ['5.10.0-0.deb10.17-amd64', '5.10.136-1~deb10u3', '10'],
  ['4.9.0-13-amd64', '4.9.228-1+deb9u1', '9'],
])('of the marks in a version of Debian, %s %s, the last that rebuilt it counts: %s', (release, version, debian) => {
  const line = `Linux version ${release} (debian-kernel@lists.debian.org) (gcc version 20.1.0 (Debian 20.1.0-1)) #1 SMP Debian ${version} (2020-01-01)`;
  expect(told(line).distro).toBe(`debian:${debian}`);
});

test.each([
  ['6.12.41+deb13-powerpc64le', 'ppc64le'],
  ['6.12.41+deb13-powerpc64le-64k', 'ppc64le'],
  ['6.1.0-13-686-pae', 'i686'],
  ['6.1.0-13-armmp', 'armv7l'],
  ['6.12.41+deb13-cloud-arm64', 'aarch64'],
  ['2.6.32-5-s390x', 's390x'],
  ['6.1.0-13-octeon', null],
])('a release of Debian tells the machine: %s %s', (release, arch) => {
  const line = `Linux version ${release} (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0) #1 SMP Debian 1 (2025-08-12)`;
  expect(told(line).arch).toBe(arch);
});

test.each(['', 'Linux version', 'Linux version %s (%s)', `Linux version ${'x'.repeat(200)} (a@b) (gcc) #1`])(
  '%j is no banner',
  (text) => {
    expect(findBanner(text)).toBeNull();
  },
);
