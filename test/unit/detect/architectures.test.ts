import { expect, test } from 'vitest';
import { ARCHITECTURES, findArchitecture, runsProgramsOf } from '../../../src/detect/architectures.ts';

test.each([
  ['x86_64', 'i686'],
  ['aarch64', 'armv7l'],
  ['armv7l', 'armv5tel'],
  ['ppc64', 'ppc'],
  ['s390x', 's390'],
  ['sparc64', 'sparc'],
])('%s runs the programs of %s, and not the other way round', (larger, smaller) => {
  const [one, other] = [findArchitecture(larger), findArchitecture(smaller)];
  if (one === null || other === null) throw new Error('no such row');
  expect([runsProgramsOf(one, other), runsProgramsOf(other, one)]).toEqual([true, false]);
});

test('each runs its own programs, and names only rows that are there', () => {
  for (const one of ARCHITECTURES) {
    expect(runsProgramsOf(one, one)).toBe(true);
    for (const name of one.runs) expect(findArchitecture(name)?.machine).toBe(name);
  }
});

test.each([
  ['i586', 'i386'],
  ['x86_64_v2', 'amd64'],
  ['ppc64p7', 'ppc64'],
  // In a container of 32 bits on an arm64 host: 5.3.0-1018-raspi2 #20-Ubuntu ... armv8l
  ['armv8l', 'arm64'],
  ['armv5tejl', 'armel'],
  ['armv9', undefined],
])('%s is an architecture that dpkg calls %s', (name, deb) => {
  expect(findArchitecture(name)?.deb).toBe(deb);
});
