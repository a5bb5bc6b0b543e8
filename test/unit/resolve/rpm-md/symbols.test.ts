import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSymbols } from '../../../../src/resolve/rpm-md/symbols.ts';

describe('symbols', () => {
  test('equal texts have equal numbers, from 1 in the order met, and come back as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 40 }), { maxLength: 60 }), (texts) => {
        const symbols = createSymbols();
        const numbers = texts.map((text) => symbols.internText(text));
        const inOrder = [...new Set(texts)];
        expect(numbers).toEqual(texts.map((text) => 1 + inOrder.indexOf(text)));
        expect(inOrder.map((text) => symbols.text(symbols.find(text)))).toEqual(inOrder);
        expect(symbols.size()).toBe(1 + inOrder.length);
      }),
    );
  });

  test('a text that is written in pieces is the text that is written at once', () => {
    const symbols = createSymbols();
    const [tool, evr] = [symbols.internText('tool'), symbols.internText('1:2.0-3')];
    const whole = symbols.internText('tool = 1:2.0-3');
    symbols.writeSymbol(tool);
    symbols.writeText(' = ');
    symbols.writeSymbol(evr);
    expect(symbols.take()).toBe(whole);
    symbols.write(Buffer.from('xtool = 1:2.0-3x'), 1, 5);
    expect(symbols.take()).toBe(tool);
  });

  test('what was discarded, or only looked for, leaves nothing', () => {
    const symbols = createSymbols();
    symbols.writeText('half an ent');
    symbols.discard();
    expect(symbols.find('half an ent')).toBe(0);
    expect(symbols.find('never met')).toBe(0);
    expect(symbols.text(symbols.internText('ry'))).toBe('ry');
    expect(symbols.size()).toBe(2);
  });

  test('stays right while its tables grow', () => {
    const symbols = createSymbols();
    const texts = Array.from({ length: 60_000 }, (_, at) => `lib${at % 777}.so.${at}()(64bit)`);
    const numbers = texts.map((text) => symbols.internText(text));
    expect(numbers).toEqual(texts.map((_, at) => at + 1));
    expect(texts.every((text, at) => symbols.find(text) === at + 1)).toBe(true);
  });
});
