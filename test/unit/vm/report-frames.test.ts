import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTapprepError } from '../../../src/errors.ts';
import { createFrameParser } from '../../../src/vm/report-frames.ts';
import type { Frame } from '../../../src/vm/report-frames.ts';

const NONCE = 'f00dcafef00dcafef00dcafef00dcafe';

/** What init.sh writes for these frames, with foreign bytes before each. */
function stream(frames: readonly Frame[], noise: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    frames.flatMap(({ verb, words }, index) => [
      noise[index % Math.max(noise.length, 1)] ?? Buffer.alloc(0),
      Buffer.from(`\n@${NONCE} ${[index, verb, ...words].join(' ')}\n`),
    ]),
  );
}

function parseInPieces(bytes: Buffer, cuts: readonly number[]): readonly Frame[] {
  const parser = createFrameParser(NONCE);
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].flatMap((from, index) => parser.push(bytes.subarray(from, places[index] ?? bytes.length)));
}

const word = fc.stringMatching(/^[A-Za-z0-9+/=,-]{1,40}$/);
const frame = fc.record({ verb: fc.stringMatching(/^[a-z]{1,9}$/), words: fc.array(word, { maxLength: 8 }) });

test('any cutting of the stream, with any bytes between the frames, gives the same frames', () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 12 }),
      fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 30 }),
      (frames, noise, cuts) => {
        expect(parseInPieces(stream(frames, noise), cuts)).toEqual(frames);
      },
    ),
  );
});

test('whatever is printed without the nonce is no frame', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      expect(createFrameParser(NONCE).push(Buffer.from(`${text}\n@0 0 end\n@${NONCE.slice(1)} 0 done\n`))).toEqual([]);
    }),
  );
});

test('a frame that is replayed counts once', () => {
  const parser = createFrameParser(NONCE);
  expect(parser.push(Buffer.from(`@${NONCE} 0 boot\n@${NONCE} 0 boot\n`))).toEqual([{ verb: 'boot', words: [] }]);
});

test('a frame that is lost on the way is noticed', () => {
  const parser = createFrameParser(NONCE);
  parser.push(Buffer.from(`@${NONCE} 0 boot\n`));
  let caught: unknown;
  try {
    parser.push(Buffer.from(`@${NONCE} 2 done\n`));
  } catch (error) {
    caught = error;
  }
  expect(isTapprepError(caught, 'VM_FAILED')).toBe(true);
});

test('a line without end takes no memory and hides no frame behind it', () => {
  const parser = createFrameParser(NONCE);
  for (let count = 0; count < 2000; count += 1) expect(parser.push(Buffer.alloc(4096, 'x'))).toEqual([]);
  expect(parser.push(Buffer.from(`\n@${NONCE} 0 boot\n`))).toHaveLength(1);
});
