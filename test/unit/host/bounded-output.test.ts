import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBoundedOutput } from '../../../src/host/bounded-output.ts';

function collect(chunks: readonly string[], kept?: number): string {
  const output = createBoundedOutput(undefined, kept);
  for (const chunk of chunks) output.push(Buffer.from(chunk));
  return output.end();
}

describe('createBoundedOutput', () => {
  test('keeps head and tail and says how much is missing', () => {
    expect(collect(['abcdefghij'], 3)).toBe('abc\n[4 bytes of output left out]\nhij');
  });

  test('leaves output alone that just fits', () => {
    expect(collect(['abc', 'def'], 3)).toBe('abcdef');
  });

  test('does not depend on where chunks are cut', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme-ascii' }),
        fc.array(fc.nat(20)),
        fc.integer({ min: 1, max: 20 }),
        (text, sizes, kept) => {
          const chunks: string[] = [];
          let at = 0;
          for (const size of sizes) {
            chunks.push(text.slice(at, at + size));
            at += size;
          }
          chunks.push(text.slice(at));
          expect(collect(chunks, kept)).toBe(collect([text], kept));
        },
      ),
    );
  });

  test('hands on whole lines, whatever the chunks, with multi-byte characters intact', () => {
    const lines: string[] = [];
    const output = createBoundedOutput((line) => lines.push(line));
    for (const byte of Buffer.from('one\r\nzwei ä\nlast')) output.push(Uint8Array.of(byte));
    output.end();
    expect(lines).toEqual(['one', 'zwei ä', 'last']);
  });

  test('cuts a line without an end into pieces instead of keeping it all', () => {
    const lines: string[] = [];
    const output = createBoundedOutput((line) => lines.push(line));
    for (let i = 0; i < 3; i += 1) output.push(Buffer.alloc(64 * 1024, 'x'));
    output.end();
    expect(lines.map((line) => line.length)).toEqual([65536, 65536, 65536]);
  });
});
