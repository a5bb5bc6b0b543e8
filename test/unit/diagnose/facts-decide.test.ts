import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/diagnose/diagnose.ts';
import type { Reach } from '../../../src/diagnose/place.ts';
import type { HostFacts } from '../../../src/types.ts';
import { alter, DEBIAN12, EL9, EL9_RELEASE, EL9_UNAME_V, installedRpm } from './sample-facts.ts';

const NO_CONFIG = `Checking "/lib/modules/${EL9_RELEASE}/build/.config" failed with error: No such file or directory`;
const NO_DEBUGINFO = `semantic error: missing x86_64 kernel/module debuginfo [man warning::debuginfo] under '/lib/modules/${EL9_RELEASE}/build'`;
const MISMATCH = `Pass 4: using cached /root/.systemtap/cache/0b/stap_1.ko\nERROR: module version mismatch (#1 SMP Sat Jan 1 00:00:00 UTC 2022 vs ${EL9_UNAME_V}), release ${EL9_RELEASE}`;
const NOT_PERMITTED = "ERROR: Couldn't insert module '/tmp/stapA/stap_1.ko': Operation not permitted";
const BAD_FORMAT = `kernel release: ${EL9_RELEASE}\nERROR: Couldn't insert module '/tmp/stapA/stap_1.ko': Invalid module format`;

const absent = {
  exists: false,
  hasConfig: false,
  hasModuleSymvers: false,
  hasMakefile: false,
  release: null,
  utsVersion: null,
};

describe('facts decide between causes that print the same', () => {
  it.each<readonly [string, string, HostFacts, string]>([
    [
      'nothing installed',
      NO_CONFIG,
      alter(EL9, { buildTree: null, kernelPackages: [installedRpm('kernel-core')] }),
      'DEVEL_MISSING',
    ],
    [
      'only the half of the headers that flavours share',
      NO_CONFIG.replaceAll(EL9_RELEASE, DEBIAN12.kernel.release ?? ''),
      alter(DEBIAN12, {
        buildTree: null,
        kernelPackages: [{ ...installedRpm('linux-headers-6.1.0-18-common', '6.1.76-1'), arch: 'all' }],
      }),
      'DEVEL_MISSING',
    ],
    [
      'a dangling link',
      NO_CONFIG,
      alter(EL9, { buildTree: absent, kernelPackages: [installedRpm('kernel-devel', '5.14.0-570.el9')] }),
      'DEVEL_VERSION_MISMATCH',
    ],
    [
      'no link, but the package of an older kernel',
      NO_CONFIG,
      alter(EL9, { buildTree: null, kernelPackages: [installedRpm('kernel-devel', '5.14.0-427.el9')] }),
      'DEVEL_VERSION_MISMATCH',
    ],
    [
      'no link, but the package of a newer kernel that is not installed itself',
      NO_CONFIG,
      alter(EL9, {
        buildTree: null,
        kernel: { installedReleases: [EL9_RELEASE, '5.14.0-570.el9.x86_64'] },
        kernelPackages: [installedRpm('kernel-core'), installedRpm('kernel-devel', '5.14.0-570.el9')],
      }),
      'DEVEL_VERSION_MISMATCH',
    ],
    [
      'no link, but the packages of a newer kernel that waits for a reboot',
      NO_CONFIG,
      alter(EL9, {
        buildTree: null,
        kernel: { installedReleases: [EL9_RELEASE, '5.14.0-570.el9.x86_64'] },
        kernelPackages: [installedRpm('kernel-core', '5.14.0-570.el9'), installedRpm('kernel-devel', '5.14.0-570.el9')],
      }),
      'KERNEL_NOT_LATEST_INSTALLED',
    ],
    [
      'another variant',
      NO_CONFIG,
      alter(EL9, { buildTree: absent, kernelPackages: [installedRpm('kernel-debug-devel')] }),
      'WRONG_VARIANT',
    ],
    ['a tree without .config', NO_CONFIG, alter(EL9, { buildTree: { hasConfig: false } }), 'DEVEL_INCOMPLETE'],
    [
      'a container',
      NO_CONFIG,
      alter(EL9, { buildTree: null, kernelPackages: [], security: { container: 'docker' } }),
      'CONTAINER_KERNEL_NOT_IN_IMAGE',
    ],
    ['no debuginfo', NO_DEBUGINFO, alter(EL9, { debuginfo: [], kernelPackages: [] }), 'DEBUGINFO_MISSING'],
    [
      'other debuginfo',
      NO_DEBUGINFO,
      alter(EL9, { debuginfo: [], kernelPackages: [installedRpm('kernel-debuginfo', '5.14.0-570.el9')] }),
      'DEBUGINFO_VERSION_MISMATCH',
    ],
    ['a tree of another build', MISMATCH, EL9, 'STALE_CACHE'],
    [
      'a tree that is still of another build',
      MISMATCH,
      alter(EL9, { buildTree: { utsVersion: '#1 SMP Sat Jan 1 00:00:00 UTC 2022' } }),
      'DEVEL_VENDOR_MISMATCH',
    ],
    ['lockdown', NOT_PERMITTED, alter(EL9, { security: { lockdown: 'integrity' } }), 'SECUREBOOT_SIGNATURE'],
    [
      'no privileges in a container',
      NOT_PERMITTED,
      alter(EL9, { security: { container: 'docker' } }),
      'CONTAINER_KERNEL_NOT_IN_IMAGE',
    ],
    [
      'a kernel without symbol versions',
      BAD_FORMAT,
      alter(EL9, { config: { CONFIG_MODVERSIONS: 'n' } }),
      'DEVEL_VERSION_MISMATCH',
    ],
    ['a kernel with symbol versions', BAD_FORMAT, EL9, 'GURU_MODVERSIONS'],
  ])('%s', (_name, log, facts, code) => {
    expect(diagnose({ log, facts })[0]?.code).toBe(code);
  });

  it('leaves facts of another kernel aside', () => {
    const [first] = diagnose({ log: NO_CONFIG, facts: DEBIAN12 });
    const command = `sudo dnf install -y kernel-devel-${EL9_RELEASE}    # on that machine`;
    expect([first?.code, first?.fix[0]]).toEqual(['DEVEL_MISSING', command]);
  });

  it('writes commands without sudo for root', () => {
    expect(diagnose({ log: NO_CONFIG, facts: alter(EL9, { buildTree: null }) })[0]?.fix[0]).toBe(
      `dnf install -y kernel-devel-${EL9_RELEASE}`,
    );
  });
});

it('make goes into the tree that the user named, and into none that the facts of somebody else name', () => {
  const facts = { ...alter(EL9, {}), own: { buildTree: '/home/kim/linux', vmlinux: null } };
  const log = 'Checking "/home/kim/linux/.config" failed with error: No such file or directory';
  const commandsBy = (reach: Reach): readonly string[] =>
    diagnose({ log, facts, reach }).find(({ code }) => code === 'KERNEL_TREE_NOT_BUILT')?.fix ?? [];
  expect(commandsBy({ via: 'here' })).toEqual([
    'make -C /home/kim/linux olddefconfig',
    'make -C /home/kim/linux -j"$(nproc)"',
  ]);
  expect(commandsBy({ via: 'facts', file: 'web.json' })).toEqual([
    'make olddefconfig    # on that machine',
    'make -j"$(nproc)"    # on that machine',
  ]);
});
