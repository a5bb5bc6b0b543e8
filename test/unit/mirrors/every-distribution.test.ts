import { describe, expect, test } from 'vitest';
import { DISTRIBUTIONS, packageFamilyOf, whyNoPlace } from '../../../src/detect/distributions.ts';
import { KERNEL_PUBLISHERS } from '../../../src/detect/kernel-families.ts';
import { declareTarget } from '../../../src/detect/target.ts';
import { loadMirrors } from '../../../src/mirrors/load.ts';
import { selectRepositories } from '../../../src/mirrors/select.ts';
import type { Target } from '../../../src/types.ts';

const list = await loadMirrors({ packageRoot: process.cwd(), files: [], configHome: null });
const CONTENTS = ['devel', 'debuginfo', 'systemtap', 'toolchain'] as const;

function listed(target: Target): readonly string[] {
  return selectRepositories(target, { own: [], list, overrides: [] }, { contents: CONTENTS }).map(({ id }) => id);
}

function target(distro: string, version: string | null, kernel: string): Target {
  return declareTarget({ distro, version, kernel, arch: 'x86_64', unameV: null }, 'any');
}

/** Where its packages are sought: repositories of the list, or a clause that says why there are none. */
function placesOf(id: string): string {
  const [version = null] = Object.keys(DISTRIBUTIONS[id]?.codenames ?? {});
  const system = packageFamilyOf(id, []);
  if (system === null) return whyNoPlace(id) ?? '';
  const sources =
    system === 'rpm'
      ? listed(target(id, version ?? '41', '6.6.1-1.fc41.x86_64'))
      : listed(target(id, version, '6.8.0-51-generic'));
  return sources[0] ?? whyNoPlace(id) ?? '';
}

describe('every distribution that names knows has a source, or says why none', () => {
  test.each(Object.keys(DISTRIBUTIONS))('%s', (id) => {
    expect(placesOf(id)).toMatch(
      /^(?:(?:ubuntu|debian|fedora)-|.* (?:builds|rebuilds|takes|has packages of neither) )/,
    );
  });

  test.each([...KERNEL_PUBLISHERS.rpm, ...KERNEL_PUBLISHERS.deb])('%s is in the list, or why not is said', (id) => {
    const entries = list.entries.filter(({ distros }) => distros.includes(id));
    expect(entries[0]?.id ?? whyNoPlace(id)).toMatch(/.{4,}/);
  });
});

test.each([
  ['linuxmint', '22', '6.8.0-51-generic', 'ubuntu-archive/noble'],
  ['linuxmint', '6', '6.1.0-28-amd64', 'debian-main/bookworm'],
  ['zorin', '17', '6.8.0-51-generic', 'ubuntu-archive/jammy'],
  ['elementary', '8.0', '6.8.0-51-generic', 'ubuntu-archive/noble'],
  ['devuan', '5', '6.1.0-28-amd64', 'debian-main/bookworm'],
])("%s %s %s: the archive of its parent, by the parent's code name: %s", (distro, version, kernel, first) => {
  expect(listed(target(distro, version, kernel))).toContain(first);
});

test('a rebuild is never given the packages of another vendor for its own', () => {
  expect(listed(target('miraclelinux', '9.4', '5.14.0-427.13.1.el9_4.x86_64'))).toEqual([]);
  expect(whyNoPlace('miraclelinux')).toContain('rebuilds this kernel itself');
});
