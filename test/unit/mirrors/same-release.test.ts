import { expect, test } from 'vitest';
import { isSameRelease } from '../../../src/mirrors/same-release.ts';
import type { Target } from '../../../src/types.ts';

const target = (family: 'deb' | 'rpm', version: string | null): Target => ({ family, version }) as Target;

test.each([
  ['rpm', '9', '9.4', true],
  ['rpm', '15-SP5', '15.5', true],
  ['rpm', '9-stream', '9', true],
  ['rpm', '22.03-LTS-SP1', '22.03', true],
  ['rpm', '20260801', '20260815', true],
  ['rpm', 'rawhide', '45', true],
  ['deb', 'sid', '14', true],
  ['deb', '12', null, true],
  ['deb', '2026.3', '2026.4', true],
  ['deb', '20.04', '22.04', false],
  ['deb', '1', '12', false],
  ['rpm', '15.4', '15.5', false],
  ['rpm', '8', '9.4', false],
] as const)('%s: %s and %s', (family, one, other, same) => {
  expect(isSameRelease(target(family, one), target(family, other))).toBe(same);
  expect(isSameRelease(target(family, other), target(family, one))).toBe(same);
});
