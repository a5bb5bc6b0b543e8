import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareDebVersions, splitDebVersion } from '../../../src/version/deb-vercmp.ts';

/** [older, newer] */
const ORDERED: readonly (readonly [string, string])[] = [
  ['5.10.223-1', '5.10.226-1'],
  ['5.10.9-1', '5.10.10-1'],
  ['5.17.6-1', '5.17.6-1+b1'],
  ['6.1.94-1~bpo11+1', '6.1.94-1'],
  ['5.15.0-67.74~20.04.1', '5.15.0-67.74'],
  ['1.0~rc1', '1.0'],
  ['1.0~~', '1.0~'],
  ['1.0', '1.0a'],
  ['1.0a', '1.0+'],
  ['1.0a', '1.0.'],
  ['9', '1:0'],
  ['1:9', '2:0'],
  ['2.31-13+deb11u11', '2.31-13+deb11u13'],
  ['1.0-1', '1.0-1.1'],
  ['1.0-9', '1.0-10'],
  ['6.12.94', '6.12.107+deb13'],
  ['99999999999999999998', '99999999999999999999'],
  ['1-2-3', '1-3-1'],
];

const EQUAL: readonly (readonly [string, string])[] = [
  ['1.0', '1.0-0'],
  ['1.2', '1.02'],
  ['0:1.0-1', '1.0-1'],
  ['00:1.0-1', '1.0-1'],
  ['', '0'],
];

describe('compareDebVersions', () => {
  test.each(ORDERED)('%j is older than %j, in both directions', (older, newer) => {
    expect(compareDebVersions(older, newer)).toBe(-1);
    expect(compareDebVersions(newer, older)).toBe(1);
    expect(compareDebVersions(older, older)).toBe(0);
  });

  test.each(EQUAL)('%j equals %j, in both directions', (a, b) => {
    expect(compareDebVersions(a, b)).toBe(0);
    expect(compareDebVersions(b, a)).toBe(0);
  });

  const version = fc.string({ unit: fc.constantFrom('0', '1', '9', 'a', 'Z', '.', '~', '+', '-', ':'), maxLength: 8 });

  test('is a total order: antisymmetric and transitive', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        // 0 - x, because -0 is not 0 to toBe.
        expect(compareDebVersions(a, b)).toBe(0 - compareDebVersions(b, a));
        const [first, second, third] = [a, b, c].toSorted(compareDebVersions);
        expect(compareDebVersions(first!, second!)).toBeLessThanOrEqual(0);
        expect(compareDebVersions(second!, third!)).toBeLessThanOrEqual(0);
        expect(compareDebVersions(first!, third!)).toBeLessThanOrEqual(0);
      }),
    );
  });

  test('a tilde makes older, a suffix of digits newer', () => {
    const upstream = fc.string({ unit: fc.constantFrom('1', '2', '.', 'a'), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(upstream, upstream, (text, tail) => {
        expect(compareDebVersions(`${text}~${tail}`, text)).toBe(-1);
        expect(compareDebVersions(`${text}.1`, text)).toBe(1);
      }),
    );
  });
});

test.each([
  ['1:2.31-13+deb11u1', { epoch: '1', upstream: '2.31', revision: '13+deb11u1' }],
  ['5.10.223-1', { epoch: '0', upstream: '5.10.223', revision: '1' }],
  ['1-2-3', { epoch: '0', upstream: '1-2', revision: '3' }],
  ['4.3', { epoch: '0', upstream: '4.3', revision: '' }],
])('splitDebVersion(%j)', (text, parts) => {
  expect(splitDebVersion(text)).toEqual(parts);
});
