import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseProbeOutput } from '../../../src/detect/probe-output.ts';
import { identifyTarget } from '../../../src/detect/target.ts';
import { isTapprepError } from '../../../src/errors.ts';
import type { HostFacts } from '../../../src/types.ts';

function readFixture(name: string): HostFacts {
  return parseProbeOutput(readFileSync(join('test/fixtures/probe', `${name}.txt`), 'utf8'), name);
}

function targetOrCode(facts: HostFacts): object {
  try {
    return identifyTarget(facts);
  } catch (error) {
    if (isTapprepError(error)) return { code: error.code };
    throw error;
  }
}

/** [fixture, distribution, version, target or the code of the refusal] */
const TARGETS: readonly (readonly [string, string, string, object])[] = [
  ['centos-5', 'centos', '5.11', { variant: 'PAE', versionRelease: '2.6.18-419.el5', packageArch: 'i686' }],
  ['centos-6', 'centos', '6.10', { stem: 'kernel', versionRelease: '2.6.32-754.el6', packageArch: 'x86_64' }],
  ['centos-7-other-vendor', 'centos', '7', { stem: 'kernel', versionRelease: '3.10.0-693.2.2.el7' }],
  ['sles-11', 'sles', '11.4', { variant: 'default', versionRelease: '3.0.101-108.129' }],
  ['ubuntu-22.04-secure-boot', 'ubuntu', '22.04', { flavour: 'generic', packageVersion: '5.15.0-67.74' }],
  ['container-el8-on-ubuntu', 'almalinux', '8.10', { code: 'WRONG_DISTRIBUTION' }],
  ['wsl-2', 'ubuntu', '22.04', { code: 'CUSTOM_KERNEL_NO_PACKAGE' }],
];

describe('from probe output to target', () => {
  test.each(TARGETS)('%s', (name, id, versionId, target) => {
    const facts = readFixture(name);
    expect(facts.os).toMatchObject({ id, versionId });
    expect(targetOrCode(facts)).toMatchObject(target);
  });
});

test('CentOS 6, which has no os-release, everything that was observed', () => {
  expect(readFixture('centos-6')).toEqual({
    schema: 'tapprep-facts/1',
    source: 'host',
    root: null,
    os: {
      id: 'centos',
      versionId: '6.10',
      codename: 'Final',
      prettyName: 'CentOS release 6.10 (Final)',
      idLike: ['rhel', 'fedora'],
      from: '/etc/centos-release',
    },
    kernel: {
      release: '2.6.32-754.el6.x86_64',
      unameV: '#1 SMP Tue Jun 19 21:26:04 UTC 2018',
      arch: 'x86_64',
      running: true,
      buildId: '00112233445566778899aabbccddeeff00112233',
      vermagic: '2.6.32-754.el6.x86_64 SMP mod_unload modversions',
      procVersion: expect.stringMatching(/^Linux version 2\.6\.32-754/) as unknown,
      versionSignature: null,
      compiler: 'gcc version 4.4.7 20120313 (Red Hat 4.4.7-23) (GCC)',
      installedReleases: ['2.6.32-642.el6.x86_64', '2.6.32-754.el6.x86_64'],
      cmdline: 'crashkernel=auto',
    },
    packageManager: 'rpm',
    frontends: ['yum'],
    kernelPackages: [
      expect.objectContaining({ name: 'kernel', version: '2.6.32-642.el6' }),
      {
        name: 'kernel',
        version: '2.6.32-754.el6',
        arch: 'x86_64',
        vendor: 'CentOS',
        buildTime: 1529443585,
        buildHost: 'x86-01.bsys.centos.org',
      },
      expect.objectContaining({ name: 'kernel-devel', version: '2.6.32-642.el6' }),
      expect.objectContaining({ name: 'systemtap', version: '2.9-9.el6' }),
    ],
    packages: expect.arrayContaining([
      { name: 'dbus', version: '1:1.2.24-9.el6', arch: 'x86_64' },
      { name: 'local-tool', version: '1-1', arch: 'noarch' },
    ]) as unknown,
    buildTree: {
      link: '/lib/modules/2.6.32-754.el6.x86_64/build',
      linksTo: '../../../usr/src/kernels/2.6.32-754.el6.x86_64',
      exists: false,
      hasConfig: false,
      hasModuleSymvers: false,
      hasMakefile: false,
      release: null,
      utsVersion: null,
      compileHost: null,
      ownerPackage: null,
    },
    debuginfo: [],
    systemMap: { path: '/boot/System.map-2.6.32-754.el6.x86_64', stub: false },
    compiler: { path: '/usr/bin/gcc', version: '4.4.7' },
    make: { path: '/usr/bin/make', version: '3.81' },
    systemtap: {
      path: '/usr/bin/stap',
      version: '2.9',
      testedKernels: null,
      package: 'systemtap-client-2.9-9.el6.x86_64',
      staprunPath: '/usr/bin/staprun',
      staprunVersion: '2.9',
      staprunMode: '4110',
      tapsetCount: 91,
      examplesPath: null,
      cachePaths: [],
      temporaryPaths: [],
      moduleDirectory: false,
    },
    security: {
      lockdown: null,
      secureBoot: false,
      efi: null,
      trustedKeys: null,
      moduleSigEnforce: null,
      modulesDisabled: false,
      fips: false,
      kptrRestrict: 1,
      container: null,
      wsl: false,
      selinux: 'enforcing',
    },
    config: expect.objectContaining({ CONFIG_KPROBES: 'y', CONFIG_UTRACE: 'y', CONFIG_UPROBES: 'n' }) as unknown,
    configFrom: '/boot/config-2.6.32-754.el6.x86_64',
    user: { uid: 501, name: 'anna', groups: ['anna', 'stapusr'] },
    space: [
      { path: '/var/cache', freeBytes: 1_048_576, freeInodes: 100, writable: false },
      { path: '/usr', freeBytes: 2_147_483_648, freeInodes: 131_072, writable: false },
    ],
    repositories: [
      {
        path: '/etc/yum.repos.d/CentOS-Base.repo',
        text: '[base]\nbaseurl=http://***@vault.example.org/6.10/os/$basearch/\n',
      },
    ],
  });
});

test("another vendor's kernel-devel of the same name and version shows in vendor, build host and UTS_VERSION", () => {
  const { kernel, kernelPackages, buildTree, debuginfo } = readFixture('centos-7-other-vendor');
  expect(kernelPackages.map(({ name, vendor }) => [name, vendor])).toEqual([
    ['kernel', 'CentOS'],
    ['kernel-devel', 'Scientific Linux'],
  ]);
  expect(buildTree).toMatchObject({
    utsVersion: '#1 SMP Tue Sep 12 10:10:26 CDT 2017',
    compileHost: 'sl7-uefisign.fnal.gov',
  });
  expect(kernel.unameV).toBe('#1 SMP Tue Sep 12 22:26:13 UTC 2017');
  expect(debuginfo).toMatchObject([
    { sizeBytes: 401_234_567, hasDwarf: true, ownerPackage: 'kernel-debuginfo-3.10.0-693.2.2.el7.x86_64' },
  ]);
});

test('lockdown, Secure Boot and the groups of a plain user', () => {
  const { security, user, kernel } = readFixture('ubuntu-22.04-secure-boot');
  expect(security).toMatchObject({ lockdown: 'integrity', secureBoot: true, moduleSigEnforce: false, container: null });
  expect(user).toEqual({ uid: 1000, name: 'ubuntu', groups: ['ubuntu', 'adm'] });
  expect(kernel.versionSignature).toBe('Ubuntu 5.15.0-67.74-generic 5.15.85');
  expect(kernel.compiler).toBe('gcc (Ubuntu 11.3.0-1ubuntu1~22.04) 11.3.0');
});

test('without a config file no option is known, not even as off', () => {
  expect(new Set(Object.values(readFixture('centos-5').config))).toEqual(new Set([null]));
});

test.each([
  ['4.8', { path: '/boot/System.map-x', stub: true }],
  ['5.1', { path: '/usr/lib/debug/boot/System.map-x', stub: false }],
])('SystemTap %s and a System.map among debug information', (version, expected) => {
  const text = `tapprep-probe\t1
source\thost
uname-m\tx86_64
uid\t0
system-map\t/boot/System.map-x\t83
system-map\t/usr/lib/debug/boot/System.map-x\t3627329
stap\t/usr/bin/stap
stap-v\tSystemtap translator/driver (version ${version}/0.188)
end\t1
`;
  expect(parseProbeOutput(text).systemMap).toEqual(expected);
});

test('places of stap below an odd HOME or TMPDIR are left out, and nothing else with them', () => {
  const text = `tapprep-probe\t1
source\thost
uname-m\tx86_64
uid\t0
stap\t/usr/bin/stap
stap-cache\t/home/a:b/.systemtap/cache
stap-cache\t/root/.systemtap/cache
stap-tmp\ttmp/stap123456
stap-tmp\t/tmp/stap123456
end\t1
`;
  expect(parseProbeOutput(text).systemtap).toMatchObject({
    cachePaths: ['/root/.systemtap/cache'],
    temporaryPaths: ['/tmp/stap123456'],
  });
});

test.each([
  ['source', 'source\tmoon', /source: /],
  ['uid', 'uid\troot', /user\.uid: /],
  ['release', 'release\t../../etc', /kernel\.release: not a kernel release/],
  ['space', 'space\t/usr\tmany\t1\tyes', /space\.0\.freeBytes: /],
  ['manager', 'manager\tpacman', /packageManager: /],
])('a wrong %s is BAD_FACTS with its path', (key, line, message) => {
  const fixture = readFileSync('test/fixtures/probe/centos-5.txt', 'utf8');
  const text = fixture.replace(new RegExp(`^${key}\t.*\n`, 'm'), '').replace('end\t1', `${line}\nend\t1`);
  expect(() => parseProbeOutput(text)).toThrow(
    expect.objectContaining({ code: 'BAD_FACTS', message: expect.stringMatching(message) as unknown }),
  );
});
