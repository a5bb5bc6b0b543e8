/** Characters for property tests. */
import fc from 'fast-check';

/** Any code point but half a pair. fast-check's own unit "binary" is the same, and costs most of a second to be made. */
export const ANY_CHARACTER = fc
  .integer({ min: 0, max: 0x10ffff - 0x800 })
  .map((at) => String.fromCodePoint(at < 0xd800 ? at : at + 0x800));
