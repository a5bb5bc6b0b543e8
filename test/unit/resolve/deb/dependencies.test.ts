import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTapprepError } from '../../../../src/errors.ts';
import {
  formatAlternative,
  parseGroup,
  providesSatisfies,
  satisfiesVersion,
  splitGroups,
} from '../../../../src/resolve/deb/dependencies.ts';
import { cpuMilliseconds } from '../../../helpers/cpu-time.ts';

const none = { qualifier: null, relation: null, version: null };

describe('parseGroup', () => {
  test.each([
    ['make', [{ name: 'make', ...none }]],
    ['libc6 (>= 2.31)', [{ name: 'libc6', qualifier: null, relation: '>=', version: '2.31' }]],
    ['libc6(>=2.31)', [{ name: 'libc6', qualifier: null, relation: '>=', version: '2.31' }]],
    ['old (< 2)', [{ name: 'old', qualifier: null, relation: '<=', version: '2' }]],
    ['python3:any', [{ name: 'python3', qualifier: 'any', relation: null, version: null }]],
    ['gcc-10:amd64 (= 1:2-3)', [{ name: 'gcc-10', qualifier: 'amd64', relation: '=', version: '1:2-3' }]],
    ['a [amd64] <!nocheck>', [{ name: 'a', ...none }]],
    [
      'initramfs-tools (>= 0.120+deb8u2) | linux-initramfs-tool',
      [
        { name: 'initramfs-tools', qualifier: null, relation: '>=', version: '0.120+deb8u2' },
        { name: 'linux-initramfs-tool', ...none },
      ],
    ],
  ])('%s', (text, group) => {
    expect(parseGroup(text)).toEqual(group);
  });

  test.each(['', '|', 'a |', 'a (>= )', 'a (~ 1)', 'a b', 'a (= 1', '$(reboot)', `a (= ${'1'.repeat(2000)})`])(
    'refuses %j',
    (text) => {
      expect(() => parseGroup(text)).toThrow('is no dependency on a package');
    },
  );

  test('reads what it writes', () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,12}$/);
    const version = fc.stringMatching(/^[0-9][0-9a-z.+~-]{0,8}$/);
    const alternative = fc.record({
      name,
      qualifier: fc.constantFrom(null, 'any', 'native', 'amd64'),
      bound: fc.option(fc.tuple(fc.constantFrom('<<', '<=', '=', '>=', '>>'), version)),
    });
    fc.assert(
      fc.property(fc.array(alternative, { minLength: 1, maxLength: 4 }), (made) => {
        const group = made.map(({ name, qualifier, bound }) => {
          return { name, qualifier, relation: bound?.[0] ?? null, version: bound?.[1] ?? null } as const;
        });
        expect(parseGroup(group.map(formatAlternative).join(' | '))).toEqual(group);
      }),
    );
  });

  test('throws only its own error, in time that grows with the text', async () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        try {
          return parseGroup(text).length > 0;
        } catch (error) {
          return isTapprepError(error, 'BAD_METADATA');
        }
      }),
    );
    const spent = await cpuMilliseconds(() =>
      expect(() => parseGroup(`a ${' '.repeat(900)}(`)).toThrow('is no dependency'),
    );
    expect(spent).toBeLessThan(100);
  });
});

test('splitGroups joins folded lines and drops empty groups', () => {
  expect(splitGroups('a (>=\n 1), b | c,\n d,')).toEqual(['a (>= 1)', 'b | c', 'd']);
});

test.each([
  ['<<', [true, false, false]],
  ['<=', [true, true, false]],
  ['=', [false, true, false]],
  ['>=', [false, true, true]],
  ['>>', [false, false, true]],
] as const)('1.0, 2.0 and 3.0 against %s 2.0', (relation, expected) => {
  expect(['1.0', '2.0', '3.0'].map((version) => satisfiesVersion(version, { relation, version: '2.0' }))).toEqual(
    expected,
  );
});

test.each([
  ['foo', 'foo (>= 2)', false],
  ['foo (= 1)', 'foo (>= 2)', false],
  ['foo (= 2)', 'foo (>= 2)', true],
  ['foo', 'foo', true],
  ['bar', 'foo', false],
])('Provides: %s satisfies %s: %s', (provided, wanted, expected) => {
  const [[entry], [wish]] = [parseGroup(provided), parseGroup(wanted)];
  expect(providesSatisfies(entry!, wish!)).toBe(expected);
});
