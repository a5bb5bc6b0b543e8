import { describe, expect, it } from 'vitest';
import { findDamaged } from '../../../src/detect/damaged-packages.ts';
import type { HostFacts } from '../../../src/types.ts';
import { EL9, OTHER_ID } from '../diagnose/sample-facts.ts';

const listed = (name: string, version: string, arch: string) => ({ name, version, arch });
const EL9_VERSION = '5.14.0-503.11.1.el9_5';
const WHOLE: HostFacts = {
  ...EL9,
  packages: [
    listed('kernel-devel', EL9_VERSION, 'x86_64'),
    listed('kernel-devel', '5.14.0-427.el9', 'x86_64'),
    listed('kernel-debuginfo', EL9_VERSION, 'x86_64'),
    listed('systemtap-client', '5.1-3.el9', 'x86_64'),
    listed('gcc', '11.5.0-2.el9', 'x86_64'),
    listed('make', '1:4.3-8.el9', 'x86_64'),
    listed('bash', '5.1.8-9.el9', 'x86_64'),
  ],
};
const R = '5.10.0-32-cloud-amd64';
const DEBIAN: HostFacts = {
  ...WHOLE,
  packageManager: 'dpkg',
  kernel: { ...WHOLE.kernel, release: R },
  packages: [
    listed(`linux-headers-${R}`, '5.10.223-1', 'amd64'),
    listed('linux-headers-5.10.0-32-common', '5.10.223-1', 'all'),
    listed('linux-headers-5.10.0-30-common', '5.10.218-1', 'all'),
    listed('linux-headers-5.10.0-30-cloud-amd64', '5.10.218-1', 'amd64'),
    listed('linux-kbuild-5.10', '5.10.223-1', 'amd64'),
    listed('linux-kbuild-6.1', '6.1.1-1', 'amd64'),
    listed(`linux-image-${R}-dbg`, '5.10.223-1', 'amd64'),
    listed(`linux-image-${R}`, '5.10.223-1', 'amd64'),
  ],
};

const namesOf = (facts: HostFacts): readonly string[] =>
  findDamaged(facts).map(({ name, version }) => `${name} ${version}`);

describe('packages whose files are not all there', () => {
  it('are none where everything is there', () => {
    expect(namesOf(WHOLE)).toEqual([]);
  });

  it.each<[string, Partial<HostFacts>, readonly string[]]>([
    ['the build tree is gone', { buildTree: null }, [`kernel-devel ${EL9_VERSION}`]],
    [
      'the build tree lacks its Makefile',
      { buildTree: { ...EL9.buildTree!, hasMakefile: false } },
      [`kernel-devel ${EL9_VERSION}`],
    ],
    [
      'the build link leads to another release',
      { buildTree: { ...EL9.buildTree!, release: '5.14.0-427.el9.x86_64' } },
      [`kernel-devel ${EL9_VERSION}`],
    ],
    ['there is no vmlinux', { debuginfo: [] }, [`kernel-debuginfo ${EL9_VERSION}`]],
    [
      'vmlinux is stripped',
      { debuginfo: EL9.debuginfo.map((one) => ({ ...one, hasDwarf: false })) },
      [`kernel-debuginfo ${EL9_VERSION}`],
    ],
    [
      'vmlinux is of another build',
      { debuginfo: EL9.debuginfo.map((one) => ({ ...one, buildId: OTHER_ID })) },
      [`kernel-debuginfo ${EL9_VERSION}`],
    ],
    ['there is no tapset', { systemtap: { ...EL9.systemtap!, tapsetCount: 0 } }, ['systemtap-client 5.1-3.el9']],
    ['there is no compiler', { compiler: null }, ['gcc 11.5.0-2.el9']],
    ['there is no make', { make: null }, ['make 1:4.3-8.el9']],
  ])('where %s', (_what, change, packages) => {
    expect(namesOf({ ...WHOLE, ...change })).toEqual(packages);
  });

  it('are the parts of one kernel only, each by its name on Debian', () => {
    expect(namesOf({ ...DEBIAN, buildTree: null, debuginfo: [] })).toEqual([
      `linux-headers-${R} 5.10.223-1`,
      'linux-headers-5.10.0-32-common 5.10.223-1',
      'linux-kbuild-5.10 5.10.223-1',
      `linux-image-${R}-dbg 5.10.223-1`,
    ]);
  });

  it('are none on a machine that was only declared', () => {
    expect(findDamaged({ ...WHOLE, source: 'declared', buildTree: null })).toEqual([]);
  });

  it('does not take a release that begins alike for the same', () => {
    const facts = { ...WHOLE, kernel: { ...WHOLE.kernel, release: '5.14.0-427.el9_4.x86_64' }, buildTree: null };
    expect(namesOf(facts)).toEqual([]);
  });
});
