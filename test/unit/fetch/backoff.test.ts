import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs, parseRetryAfter } from '../../../src/fetch/backoff.ts';

test('each wait is at most twice the one before, at least half of its step, and never above the maximum', () => {
  const attempt = fc.integer({ min: 1, max: 60 });
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(attempt, chance, (n, p) => {
      const step = Math.min(15_000, 500 * 2 ** (n - 1));
      const wait = backoffMs(n, 500, 15_000, p);
      return wait >= Math.floor(step / 2) && wait <= step;
    }),
  );
});

const NOW = Date.parse('2026-11-22T10:00:00Z');
test.each([
  ['120', 120_000],
  [' 0 ', 0],
  ['Sun, 22 Nov 2026 10:00:30 GMT', 30_000],
  ['Sun, 22 Nov 2026 09:00:00 GMT', 0],
  ['soon', null],
  ['-5', null],
  ['1e9', null],
  ['99999999999', null],
  ['Foo, never', null],
  ['', null],
  [null, null],
])('Retry-After %j is %j ms', (text, expected) => {
  expect(parseRetryAfter(text, null, NOW)).toBe(expected);
});

test("a date is compared with the server's own, whatever the clock says here", () => {
  const years = 10 * 365 * 86_400_000;
  for (const clock of [NOW - years, NOW, NOW + years]) {
    expect(parseRetryAfter('Sun, 22 Nov 2026 10:00:30 GMT', 'Sun, 22 Nov 2026 10:00:00 GMT', clock)).toBe(30_000);
  }
});
