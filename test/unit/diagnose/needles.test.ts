import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RULES, NEEDLES } from '../../../src/diagnose/rules.ts';
import { buildNeedleScan, SHORTEST_NEEDLE } from '../../../src/diagnose/needles.ts';

/** All (needle, end) pairs, by the slow and obvious way. */
function findAll(needles: readonly string[], text: string): readonly string[] {
  const found: string[] = [];
  for (const [needle, word] of needles.entries()) {
    for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1))
      found.push(`${needle}:${at + word.length}`);
  }
  return found.sort();
}

function scanAll(needles: readonly string[], text: string): readonly string[] {
  const found: string[] = [];
  const bytes = Buffer.from(text);
  buildNeedleScan(needles)(bytes, 0, bytes.length, (needle, end) => {
    found.push(`${needle}:${end}`);
    return end - (needles[needle]?.length ?? 0) + 1;
  });
  return found.sort();
}

describe('needle scan', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '/'), minLength: SHORTEST_NEEDLE, maxLength: 12 });

  it('finds exactly what indexOf finds, overlaps and prefixes included', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(word, { minLength: 1, maxLength: 6 }),
        fc.array(fc.oneof(word, fc.constantFrom('a', 'b', ' '))),
        (needles, parts) => {
          const text = parts.join('');
          expect(scanAll(needles, text)).toEqual(findAll(needles, text));
        },
      ),
    );
  });

  it('refuses a needle that its window could not see', () => {
    expect(() => buildNeedleScan(['short'])).toThrow(RangeError);
  });

  it('is built from the needles of every rule', () => {
    expect(() => buildNeedleScan(NEEDLES)).not.toThrow();
    expect(RULES.flatMap((rule) => rule.patterns).every((pattern) => NEEDLES.includes(pattern.needle))).toBe(true);
  });
});
