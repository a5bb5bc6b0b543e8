import { describe, expect, test } from 'vitest';
import { declareFacts } from '../../../src/detect/declared-facts.ts';
import { DISTRIBUTIONS, packageFamilyOf } from '../../../src/detect/distributions.ts';
import { identifyOs } from '../../../src/detect/os-release.ts';
import { declareTarget, identifyTarget } from '../../../src/detect/target.ts';
import { isTapprepError } from '../../../src/errors.ts';
import { namePackages } from '../../../src/resolve/package-names.ts';
import type { HostFacts } from '../../../src/types.ts';

function facts(distro: string, release: string, more: Partial<HostFacts> = {}): HostFacts {
  return { ...declareFacts({ distro, release, arch: 'x86_64', unameV: null }), ...more };
}

function codeOf(action: () => unknown): string {
  try {
    action();
    return 'taken';
  } catch (error) {
    return isTapprepError(error) ? error.code : String(error);
  }
}

const SOURCES = [{ path: '/etc/apt/sources.list', text: 'deb http://a.example/ stable main\n' }];

describe('a distribution that is built from another one', () => {
  test.each([
    ['linuxmint', '6.8.0-51-generic', 'ubuntu'],
    ['linuxmint', '6.1.0-28-amd64', 'debian'],
    ['devuan', '6.1.0-28-amd64', 'debian'],
    ['kali', '6.11.2-amd64', 'debian'],
    ['kali', '6.5.0-kali3-amd64', 'deb'],
    ['astra', '5.15.0-33-generic', 'deb'],
    ['miraclelinux', '5.14.0-427.13.1.el9_4.x86_64', 'el'],
    ['cloudlinux', '4.18.0-553.16.1.lve.el8.x86_64', 'rpm'],
    ['redos', '5.15.78-2.el7.3.x86_64', 'rpm'],
    ['bazzite', '6.11.9-201.fsync.fc40.x86_64', 'rpm'],
    ['bazzite', '6.11.10-300.fc41.x86_64', 'fedora'],
    // Of the flavours of Mageia's tmb kernels one is of theirs alone.
    ['mageia', '3.10.24-tmb-laptop-2.mga3', 'mageia'],
    ['mageia', '3.10.24-laptop-2.mga3', 'rpm'],
  ])('%s %s has the form of family %s', (distro, kernel, family) => {
    const target = declareTarget({ distro, version: null, kernel, arch: 'x86_64', unameV: null });
    expect(target).toMatchObject({ distro, kernelFamily: family, release: kernel });
  });

  test.each([
    ['virtuozzo', '3.10.0-957.12.2.vz7.86.2.debug', 'vzkernel', 'debug', '3.10.0-957.12.2.vz7.86.2'],
    ['openvz', '3.10.0-693.1.1.vz7.37.30', 'vzkernel', null, '3.10.0-693.1.1.vz7.37.30'],
    ['cloudlinux', '3.10.0-962.3.2.lve1.5.88.el7.x86_64.debug', 'kernel', 'debug', '3.10.0-962.3.2.lve1.5.88.el7'],
    ['rhel', '5.14.0-501.451.el9iv.x86_64+debug', 'kernel-automotive', 'debug', '5.14.0-501.451.el9iv'],
    ['fedora', '6.18.8-1.surface.fc43.x86_64', 'kernel-surface', null, '6.18.8-1.surface.fc43'],
    ['rocky', '5.14.0-687.42.1+2.1.el9_8_ciq.x86_64', 'kernel', null, '5.14.0-687.42.1+2.1.el9_8_ciq'],
    ['rocky', '5.14.0-427.el9.foo1.x86_64+64k', 'kernel', '64k', '5.14.0-427.el9.foo1'],
    ['fedora', '7.2.6-cachyos1.fc43.x86_64', 'kernel-cachyos', null, '7.2.6-cachyos1.fc43'],
  ])('%s %s is a build of somebody else: %s', (distro, kernel, stem, variant, versionRelease) => {
    const target = declareTarget({ distro, version: null, kernel, arch: 'x86_64', unameV: null }, 'any');
    expect(target).toMatchObject({ kernelFamily: 'rpm', stem, variant, versionRelease });
  });

  test('does not take a kernel of the other package system for its own', () => {
    const host = {
      distro: 'linuxmint',
      version: '22',
      kernel: '5.14.0-503.11.1.el9_5.x86_64',
      arch: null,
      unameV: null,
    };
    expect(codeOf(() => declareTarget(host, 'any'))).toBe('WRONG_DISTRIBUTION');
  });
});

test.each([
  ['linuxmint', 'VERSION_ID="22.1"\nVERSION_CODENAME=xia\nUBUNTU_CODENAME=noble', 'noble'],
  ['linuxmint', 'VERSION_ID="6"\nVERSION_CODENAME=faye\nDEBIAN_CODENAME=bookworm', 'bookworm'],
  ['linuxmint', 'VERSION_ID="21.3"\nVERSION_CODENAME=virginia', 'jammy'],
  ['devuan', 'VERSION_ID="5"\nVERSION_CODENAME=daedalus', 'bookworm'],
  ['ubuntu', 'VERSION_ID="24.04"\nVERSION_CODENAME=noble\nUBUNTU_CODENAME=noble', 'noble'],
  ['kali', 'VERSION_ID="2026.3"\nVERSION_CODENAME=kali-rolling', 'kali-rolling'],
])('the code name of %s with %j is that of its packages: %s', (id, text, codename) => {
  expect(identifyOs(new Map([['/etc/os-release', `ID=${id}\n${text}\n`]])).codename).toBe(codename);
});

describe('a form that no table knows', () => {
  const unknown = facts('debian:12', '6.6.63-current-rockchip64');

  test('is refused where only the tables count, and is a target where an index is going to decide', () => {
    expect(codeOf(() => identifyTarget(unknown))).toBe('UNKNOWN_RELEASE');
    expect(identifyTarget(unknown, {}, 'any')).toMatchObject({ family: 'deb', kernelFamily: 'deb' });
  });

  test("is asked for in sources although its builder's word speaks against it, and is not named", () => {
    const wsl = facts('ubuntu:22.04', '6.6.87.2-microsoft-standard-WSL2');
    expect(codeOf(() => identifyTarget(wsl, {}, 'named'))).toBe('CUSTOM_KERNEL_NO_PACKAGE');
    expect(identifyTarget(wsl, {}, 'any')).toMatchObject({ kernelFamily: 'deb' });
  });

  test('of another distribution is asked for only where the target has sources of its own', () => {
    expect(codeOf(() => identifyTarget(facts('debian:12', '5.15.0-67-generic'), {}, 'any'))).toBe('WRONG_DISTRIBUTION');
    const own = facts('debian:12', '5.15.0-67-generic', { repositories: SOURCES });
    expect(identifyTarget(own, {}, 'any')).toMatchObject({ kernelFamily: 'deb', distro: 'debian' });
  });

  test.each([
    ['ubuntu', '2.6.24-28-xen'],
    ['ubuntu', '2.6.31-10-rt'],
    ['linuxmint', '2.6.27-3-rt'],
  ])('on %s %s is no old kernel of SUSE, though that has the flavour', (distro, kernel) => {
    const target = declareTarget({ distro, version: null, kernel, arch: 'x86_64', unameV: null }, 'named');
    expect(target).toMatchObject({ kernelFamily: 'deb', release: kernel });
    expect(namePackages(target)[0]).toMatchObject({ name: `linux-headers-${kernel}`, version: null, match: 'index' });
  });

  test('that SUSE has, and no system of dpkg, is still told as of SUSE there', () => {
    const codes = ['2.6.16.60-0.85.1-smp', '3.0.101-63-default', '6.4.6-1-default'].map((release) =>
      codeOf(() => identifyTarget(facts('ubuntu:22.04', release), {}, 'named')),
    );
    expect(codes).toEqual(Array.from({ length: 3 }, () => 'WRONG_DISTRIBUTION'));
    expect(identifyTarget(facts('opensuse:10.0', '2.6.13-15-default'))).toMatchObject({ kernelFamily: 'suse10' });
  });

  test('of a system without dpkg and rpm stays unknown', () => {
    expect(codeOf(() => identifyTarget(facts('arch', '6.12.4-arch1-1'), {}, 'any'))).toBe('UNKNOWN_RELEASE');
  });
});

describe('what a system is like', () => {
  test('is believed of one that no table has, a loop or an unknown word taking nothing away', () => {
    expect(packageFamilyOf('newos', ['newos', 'alsonew', 'fedora'])).toBe('rpm');
    expect(packageFamilyOf('newos', ['newos'])).toBeNull();
  });

  test('counts less than the package manager that is there', () => {
    const claims = facts('centos:9', '6.6.63-current-rockchip64', { packageManager: 'dpkg' });
    expect(identifyTarget(claims, {}, 'any').family).toBe('deb');
  });
});

test('every row says where packages come from: a parent, or why there is none', () => {
  const bad = Object.entries(DISTRIBUTIONS).filter(
    ([id, row]) => id !== id.toLowerCase() || (row.packagesOf.length === 0 && row.own === null),
  );
  expect(bad).toEqual([]);
});
