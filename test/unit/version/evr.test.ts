import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareEvr, formatEvr, parseEvr, versionRelease } from '../../../src/version/evr.ts';

describe('parseEvr', () => {
  test.each([
    ['2.6.32-642.el6', { epoch: '0', version: '2.6.32', release: '642.el6' }],
    ['1:3.10-5', { epoch: '1', version: '3.10', release: '5' }],
    ['007:3.10-5', { epoch: '7', version: '3.10', release: '5' }],
    [':3.10-5', { epoch: '0', version: '3.10', release: '5' }],
    ['3.10', { epoch: '0', version: '3.10', release: null }],
    ['a:b-c', { epoch: '0', version: 'a:b', release: 'c' }],
    ['1-2-3', { epoch: '0', version: '1-2', release: '3' }],
    ['', { epoch: '0', version: '', release: null }],
  ])('%j', (text, expected) => {
    expect(parseEvr(text)).toEqual(expected);
  });

  test('formatEvr gives back what parseEvr read', () => {
    const part = fc.string({ unit: fc.constantFrom('1', '0', 'a', '.', '~', '^', '_'), minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.nat(), part, part, (epoch, version, release) => {
        const text = formatEvr(String(epoch), version, release);
        expect(parseEvr(text)).toEqual({ epoch: String(epoch), version, release });
      }),
    );
  });
});

describe('formatEvr', () => {
  test('leaves epoch 0 out', () => {
    expect(formatEvr('0', '5.14.0', '1.el9')).toBe('5.14.0-1.el9');
    expect(formatEvr(null, '5.14.0', '1.el9')).toBe('5.14.0-1.el9');
    expect(formatEvr('1', '5.14.0', '1.el9')).toBe('1:5.14.0-1.el9');
    expect(formatEvr('2', '5.14.0', null)).toBe('2:5.14.0');
  });
});

describe('versionRelease', () => {
  test('drops the epoch and nothing else', () => {
    expect(versionRelease('3:6.1-4.fc40')).toBe('6.1-4.fc40');
    expect(versionRelease('6.1-4.fc40')).toBe('6.1-4.fc40');
    expect(versionRelease('6.1')).toBe('6.1');
  });
});

describe('compareEvr', () => {
  test.each([
    ['5.14.0-503.9.1.el9_5', '5.14.0-503.11.1.el9_5'],
    ['9.9-9', '1:1.0-1'],
    ['4.18.0-80.el8', '5.14.0-1.el9'],
    ['9:1-1', '10:1-1'],
    ['1.0~rc1-1', '1.0-1'],
  ])('%s is older than %s', (older, newer) => {
    expect(compareEvr(older, newer)).toBe(-1);
    expect(compareEvr(newer, older)).toBe(1);
  });

  test.each([
    ['1.0', '1.0-5'],
    ['0:1.0-5', '1.0-5'],
    ['1.0-5', '1.0-05'],
  ])('%s equals %s', (a, b) => {
    expect(compareEvr(a, b)).toBe(0);
    expect(compareEvr(b, a)).toBe(0);
  });
});
