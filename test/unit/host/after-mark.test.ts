import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAfterMark } from '../../../src/host/after-mark.ts';

const MARK = 'tapprep-0b3b';

test('what comes after the line of the mark is all there, wherever the pieces end', () => {
  const text = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(text, text, fc.array(fc.nat({ max: 30 }), { maxLength: 40 }), (banner, rest, sizes) => {
      const whole = Buffer.concat([banner, Buffer.from(`${MARK} runs 12\n`), rest]);
      const after = createAfterMark(MARK);
      const out: Uint8Array[] = [];
      let at = 0;
      for (const size of [...sizes, whole.length]) {
        out.push(after.take(whole.subarray(at, at + size)));
        at += size;
      }
      expect(after.word).toBe('runs 12');
      expect(Buffer.concat(out).equals(rest)).toBe(true);
    }),
  );
});

test('without a mark nothing passes, and the beginning is kept to be told', () => {
  const after = createAfterMark(MARK);
  for (let line = 0; line < 1000; line += 1)
    expect(after.take(Buffer.from('This account is closed.\n'))).toHaveLength(0);
  expect(after.word).toBeNull();
  expect(after.before.startsWith('This account is closed.\n')).toBe(true);
  expect(after.before.length).toBeLessThan(5000);
});

test('a mark whose line never ends is none, and does not fill the memory', () => {
  const after = createAfterMark('MARK');
  let passed = 0;
  passed += after.take(Buffer.from('hello MARK runs')).length;
  for (let pieces = 0; pieces < 200; pieces += 1) passed += after.take(Buffer.alloc(10_000, 'x')).length;
  expect([passed, after.word]).toEqual([0, null]);
  expect(after.before.length).toBeLessThan(8_192);
  expect(Buffer.from(after.take(Buffer.from('\nMARK now\nwords'))).toString()).toBe('words');
});
