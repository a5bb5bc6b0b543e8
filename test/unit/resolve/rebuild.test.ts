/** Counters that uname -r leaves out. */
import { expect, test } from 'vitest';
import { isRebuild } from '../../../src/resolve/rpm/rebuild.ts';

test.each([
  ['6.4.6-1.2', '6.4.6-1', true],
  ['6.4.6-1.2.1', '6.4.6-1', true],
  ['6.4.6-12', '6.4.6-1', false],
  ['6.4.6-1', '6.4.6-1', false],
  // One commit's build is none of the release, nor of another commit.
  ['6.9.1-1.1.g492f944', '6.9.1-1.g492f944', true],
  ['6.9.1-1.1.g492f945', '6.9.1-1.g492f944', false],
  ['6.9.1-1.1.g492f944', '6.9.1-1', false],
  ['6.9.1-1.1', '6.9.1-1.g492f944', false],
  // Both ways in which a release candidate was written.
  ['6.14~rc3-1.1.gb2a5fe1', '6.14~rc3-1.gb2a5fe1', true],
  ['5.10.rc1-3.1.g91029f0', '5.10~rc1-3.g91029f0', true],
  ['5.10.rc2-3.1.g91029f0', '5.10~rc1-3.g91029f0', false],
])('%s for %s: %s', (version, wanted, is) => {
  expect(isRebuild(version, wanted)).toBe(is);
});
