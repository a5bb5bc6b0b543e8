/** Hostile input out of good input: what a damaged file or a mirror with an idea may send. */
import fc from 'fast-check';

/** One change; places are shares of the length, so that a change fits whatever it is applied to. */
type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'cut'; readonly at: number; readonly share: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly share: number; readonly times: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'word'; readonly at: number; readonly word: string }
  | { readonly kind: 'end'; readonly at: number };

/** What formats, shells, terminals and file systems trip over. */
const WORDS = [
  '../../../../etc/passwd',
  '/etc/shadow',
  '..%2f..%2f',
  'file:///etc/passwd',
  '\u0000',
  '\u001b]0;title\u0007',
  '\r\n\r\n',
  '-1',
  '0',
  '99999999999999999999',
  '4294967296',
  '1e309',
  '$(id)',
  '`id`',
  '; rm -rf /',
  "'",
  '"',
  '<!DOCTYPE x [<!ENTITY a "aaaa">]>&a;',
  ']]>',
  '<a>'.repeat(500),
  '{"__proto__":{"x":1}}',
  '['.repeat(5_000),
  ' '.repeat(20_000),
  'é\u202e',
];

const share = fc.double({ min: 0, max: 1, noNaN: true });
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: share, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('cut' as const), at: share, share: fc.double({ min: 0, max: 0.3, noNaN: true }) }),
  fc.record({
    kind: fc.constant('repeat' as const),
    at: share,
    share: fc.double({ min: 0, max: 0.05, noNaN: true }),
    times: fc.integer({ min: 2, max: 200 }),
  }),
  fc.record({ kind: fc.constant('insert' as const), at: share, bytes: fc.uint8Array({ minLength: 1, maxLength: 16 }) }),
  fc.record({ kind: fc.constant('word' as const), at: share, word: fc.constantFrom(...WORDS) }),
  fc.record({ kind: fc.constant('end' as const), at: share }),
);

const MOST_BYTES = 512 * 1024;

function apply(input: Buffer, change: Mutation): Buffer {
  const at = Math.floor(change.at * input.length);
  const [before, after] = [input.subarray(0, at), input.subarray(at)];
  switch (change.kind) {
    case 'flip': {
      const out = Buffer.from(input);
      if (at < out.length) out[at] = (out[at] ?? 0) ^ (1 << change.bit);
      return out;
    }
    case 'cut':
      return Buffer.concat([before, after.subarray(Math.floor(change.share * input.length))]);
    case 'repeat': {
      const piece = after.subarray(0, Math.max(1, Math.floor(change.share * input.length)));
      return Buffer.concat([before, ...Array.from({ length: change.times }, () => piece), after]).subarray(
        0,
        MOST_BYTES,
      );
    }
    case 'insert':
      return Buffer.concat([before, change.bytes, after]);
    case 'word':
      return Buffer.concat([before, Buffer.from(change.word), after]);
    case 'end':
      return Buffer.from(before);
  }
}

/** Between one and six changes of one of the good inputs; now and then plain noise. */
export function hostile(good: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const changed = fc
    .tuple(fc.constantFrom(...good), fc.array(mutation, { minLength: 1, maxLength: 6 }))
    .map(([input, changes]) => changes.reduce(apply, input));
  const noise = fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes));
  return fc.oneof({ weight: 12, arbitrary: changed }, { weight: 1, arbitrary: noise });
}
