import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareRpmVersions } from '../../../src/version/rpm-vercmp.ts';

/** [older, newer] */
const ORDERED: readonly (readonly [string, string])[] = [
  ['1.0', '2.0'],
  ['2.0', '2.0.1'],
  ['2.0.1', '2.0.1a'],
  ['5.5p1', '5.5p2'],
  ['5.5p1', '5.5p10'],
  ['10xyz', '10.1xyz'],
  ['xyz.4', '8'],
  ['xyz.4', '2'],
  ['5.5p2', '5.6p1'],
  ['6.0', '6.0.rc1'],
  ['10a2', '10b2'],
  ['10a', '10b'],
  ['7.9', '7.10'],
  ['1.0~rc1', '1.0'],
  ['1.0~rc1', '1.0~rc2'],
  ['1.0~rc1~git123', '1.0~rc1'],
  ['1.0', '1.0^'],
  ['1.0^git1', '1.01'],
  ['1.0^20160101', '1.0.1'],
  ['1.0~rc1', '1.0~rc1^git1'],
  ['1.0^git1~pre', '1.0^git1'],
  ['2.0', '20101121'],
  ['99999999999999999998', '99999999999999999999'],
  ['503.9.1.el9_5', '503.11.1.el9_5'],
  ['642.el6', '642.1.1.el6'],
  ['24.67', '24.67.3'],
  ['~', ''],
  ['', '^'],
  ['', '0'],
];

const EQUAL: readonly (readonly [string, string])[] = [
  ['1.0', '1.0'],
  ['1.0', '1_0'],
  ['1.05', '1.5'],
  ['1.0', '1.0.'],
  ['fc4', 'fc.4'],
  ['+_', '_+'],
  ['1.0~rc1', '1.0~rc.1'],
  ['', '.'],
  ['1é', '1'],
];

/** Few characters, so that equal beginnings and every special case meet often. */
const versionText = fc.string({
  unit: fc.constantFrom('0', '1', '9', 'a', 'B', '.', '_', '~', '^', '-'),
  maxLength: 9,
});

describe('compareRpmVersions', () => {
  test.each(ORDERED)('%j is older than %j', (older, newer) => {
    expect(compareRpmVersions(older, newer)).toBe(-1);
    expect(compareRpmVersions(newer, older)).toBe(1);
  });

  test.each(EQUAL)('%j equals %j', (a, b) => {
    expect(compareRpmVersions(a, b)).toBe(0);
    expect(compareRpmVersions(b, a)).toBe(0);
  });

  test('swapping the sides swaps the sign, and a text equals itself', () => {
    fc.assert(
      fc.property(versionText, versionText, (a, b) => {
        expect(compareRpmVersions(a, b) + compareRpmVersions(b, a)).toBe(0);
        expect(compareRpmVersions(a, a)).toBe(0);
      }),
      { numRuns: 2000 },
    );
  });

  test('a segment put behind both sides never turns the order of numbered versions', () => {
    const numbered = fc.array(fc.nat({ max: 300 }), { minLength: 3, maxLength: 3 }).map((parts) => parts.join('.'));
    fc.assert(
      fc.property(numbered, numbered, (a, b) => {
        expect(compareRpmVersions(`${a}.el9`, `${b}.el9`)).toBe(compareRpmVersions(a, b));
      }),
    );
  });
});
