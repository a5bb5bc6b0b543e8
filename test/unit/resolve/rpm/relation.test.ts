import { describe, expect, test } from 'vitest';
import { isInRange, matchesRange, parseRelation, parseSimple } from '../../../../src/resolve/rpm/solver/relation.ts';

describe('parseRelation', () => {
  test.each([
    ['glibc', { kind: 'simple', name: 'glibc', flags: 0 }],
    ['libc.so.6(GLIBC_2.34)(64bit)', { kind: 'simple', name: 'libc.so.6(GLIBC_2.34)(64bit)', flags: 0 }],
    ['perl >= 4:5.10', { kind: 'simple', name: 'perl', version: '4:5.10' }],
    ['font(:lang=de)', { kind: 'simple', name: 'font(:lang=de)', flags: 0 }],
    ['(a or b)', { kind: 'or', left: { name: 'a' }, right: { name: 'b' } }],
    ['(a or b or c)', { kind: 'or', left: { name: 'a' }, right: { kind: 'or', left: { name: 'b' } } }],
    ['(a >= 1 with a < 2)', { kind: 'with', left: { version: '1' }, right: { version: '2' } }],
    ['(a if b else c)', { kind: 'if', left: { name: 'a' }, test: { name: 'b' }, otherwise: { name: 'c' } }],
    ['(a unless b)', { kind: 'unless', otherwise: null }],
    ['((a and b) if (c or d))', { kind: 'if', left: { kind: 'and' }, test: { kind: 'or' } }],
    [
      '(lib.so.1()(64bit) if python(abi) = 3.9)',
      { left: { name: 'lib.so.1()(64bit)' }, test: { name: 'python(abi)' } },
    ],
  ])('%s', (text, expected) => expect(parseRelation(text)).toMatchObject(expected));

  test.each(['(', '(a', '(a or)', '(a or b', '(a b)', '(a if b else)', '(a or b and c)x', '()', `${'('.repeat(200)}a`])(
    'refuses %j',
    (text) => {
      expect(() => parseRelation(text)).toThrow(expect.objectContaining({ code: 'BAD_METADATA' }));
    },
  );
});

test.each([
  ['a = 1-1', 'a = 1', true],
  ['a = 1', 'a = 1-1', true],
  ['a = 1-2', 'a = 1-1', false],
  ['a = 1:1-1', 'a >= 2', true],
  ['a = 1-1', 'a >= 1:0', false],
  ['a < 2', 'a < 1', true],
  ['a <= 2', 'a >= 2', true],
  ['a < 2', 'a >= 2', false],
  ['a > 1', 'a = 2', true],
  ['a', 'a = 7', true],
  ['a = 1~rc1-1', 'a >= 1', false],
])('what provides %s fulfils %s: %s', (provided, wanted, expected) => {
  expect(matchesRange(parseSimple(provided), parseSimple(wanted))).toBe(expected);
});

test('an Obsoletes without a version takes every version', () => {
  expect(isInRange('7-1', parseSimple('old'))).toBe(true);
  expect(isInRange('7-1', parseSimple('old < 7'))).toBe(false);
});
