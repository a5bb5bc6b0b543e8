/** What a bundle may hold: the closure of the target's own names, over what the packages say of each other. */
import { describe, expect, test } from 'vitest';
import { declareFacts } from '../../../src/detect/declared-facts.ts';
import { identifyTarget } from '../../../src/detect/target.ts';
import { findNeededDebs } from '../../../src/resolve/deb/needed.ts';
import { findNeededRpms, type CarriedRpm } from '../../../src/resolve/rpm/needed.ts';
import type { DebRecord } from '../../../src/resolve/deb/packages-index.ts';
import type { DebTarget, RpmTarget } from '../../../src/types.ts';
import { debRecord } from '../../helpers/deb-records.ts';
import { SAMPLE_TARGET } from '../../helpers/sample-bundle.ts';

const EL9 = '5.14.0-503.11.1.el9_5';
const el9 = identifyTarget(
  declareFacts({ distro: 'centos:9', release: `${EL9}.x86_64`, arch: 'x86_64', unameV: null }),
) as RpmTarget;

function debsNeeded(carried: readonly DebRecord[], installed: Readonly<Record<string, string>> = {}): string[] {
  const target: DebTarget = SAMPLE_TARGET;
  return [...findNeededDebs(target, carried, [], new Map(Object.entries(installed)))].toSorted();
}

describe('debs', () => {
  const headers = debRecord(`linux-headers-${SAMPLE_TARGET.release}`, '1', { Depends: 'gcc-10 | c-compiler' });

  test('what the kernel and SystemTap need, to the last of them', () => {
    const carried = [headers, debRecord('gcc-10', '1', { Depends: 'libgcc1 (>= 2)' }), debRecord('libgcc1', '2')];
    expect(debsNeeded(carried)).toEqual(['gcc-10', 'libgcc1', headers.name]);
  });

  test('what nothing needs is not among them, nor what a relation asks for in another version', () => {
    const carried = [headers, debRecord('gcc-10', '1', { Depends: 'libgcc1 (>= 2)' }), debRecord('libgcc1', '1')];
    expect(debsNeeded([...carried, debRecord('telnetd', '1')])).toEqual(['gcc-10', headers.name]);
  });

  test('a second alternative is not needed beside the first', () => {
    const tcc = debRecord('tcc', '1', { Provides: 'c-compiler' });
    expect(debsNeeded([headers, debRecord('gcc-10', '1'), tcc])).toEqual(['gcc-10', headers.name]);
    expect(debsNeeded([headers, tcc])).toEqual([headers.name, 'tcc']);
  });

  test('a newer version is needed of what the old one would break', () => {
    const breaking = debRecord('gcc-10', '1', { Breaks: 'libc6-dev (<< 2)' });
    const upgrade = debRecord('libc6-dev', '2');
    expect(debsNeeded([headers, breaking, upgrade])).not.toContain('libc6-dev');
    expect(debsNeeded([headers, breaking, upgrade], { 'libc6-dev': '1' })).toContain('libc6-dev');
  });
});

function rpm(name: string, version: string, more: Partial<CarriedRpm> = {}): CarriedRpm {
  const provides = [`${name} = ${version}`];
  return { name, version, arch: 'x86_64', provides, requires: [], files: new Set(), ...more };
}

describe('rpms', () => {
  const debuginfo = rpm('kernel-debuginfo', EL9, {
    requires: [`kernel-debuginfo-common-x86_64 = ${EL9}`, '/bin/perl'],
  });

  test('are told their role, and what they require is found by name, version and path', () => {
    const carried = [
      rpm('kernel-devel', EL9),
      debuginfo,
      rpm('kernel-debuginfo-common-x86_64', EL9),
      rpm('perl', '5', { files: new Set(['/bin/perl']), requires: ['(libperl >= 5 if perl)'] }),
      rpm('libperl', '5-1'),
      rpm('systemtap', '5.0-1'),
    ];
    const roles = [...findNeededRpms(el9, carried)].map(([{ name }, { role }]) => `${name} ${role}`).toSorted();
    expect(roles).toEqual([
      'kernel-debuginfo debuginfo',
      'kernel-debuginfo-common-x86_64 debuginfo-common',
      'kernel-devel devel',
      'libperl dependency',
      'perl dependency',
      'systemtap systemtap',
    ]);
  });

  test('another kernel, another version of what is required, and what nothing requires are not needed', () => {
    const carried = [
      rpm('kernel-devel', '5.14.0-1.el9'),
      rpm('telnet-server', '1-1'),
      debuginfo,
      rpm('kernel-debuginfo-common-x86_64', '5.14.0-1.el9'),
    ];
    expect([...findNeededRpms(el9, carried).keys()]).toEqual([debuginfo]);
  });
});
