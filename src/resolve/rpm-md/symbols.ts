/** Texts as small numbers: an index names the same capabilities again and again. Keeps bytes, not strings. Pure. */

/** Equal texts have equal numbers, from 1 in the order met. */
export interface Symbols {
  /** The number of the text in bytes[start, end), a new one if it was not met before. */
  intern(bytes: Uint8Array, start: number, end: number): number;
  /** The same for a string. */
  internText(text: string): number;
  /** The number of a text, 0 if it was never met. */
  find(text: string): number;
  /** @throws RangeError for a number that was not given out */
  text(symbol: number): string;
  /** The first byte of a text, 0 for the empty one. */
  firstByte(symbol: number): number;
  /** One more than the largest number. */
  size(): number;
}

const encoder = new TextEncoder();

/** Starts an empty table. */
export function createSymbols(): Symbols {
  let bytes = Buffer.allocUnsafeSlow(1 << 20);
  let used = 0;
  let starts = new Uint32Array(1 << 14);
  let count = 1;
  let table = new Int32Array(1 << 15);

  const grow = (): void => {
    const larger = new Int32Array(table.length * 2);
    for (let symbol = 1; symbol < count; symbol += 1) {
      let at = hashOf(bytes, starts[symbol] ?? 0, starts[symbol + 1] ?? 0) & (larger.length - 1);
      while (larger[at] !== 0) at = (at + 1) & (larger.length - 1);
      larger[at] = symbol;
    }
    table = larger;
  };
  /** Where a text is in the table, or where it belongs. */
  const locate = (source: Uint8Array, start: number, end: number): number => {
    let at = hashOf(source, start, end) & (table.length - 1);
    for (;;) {
      const symbol = table[at] ?? 0;
      if (symbol === 0 || equals(symbol, source, start, end)) return at;
      at = (at + 1) & (table.length - 1);
    }
  };
  const equals = (symbol: number, source: Uint8Array, start: number, end: number): boolean => {
    const from = starts[symbol] ?? 0;
    const length = end - start;
    if ((starts[symbol + 1] ?? 0) - from !== length) return false;
    for (let at = 0; at < length; at += 1) if (bytes[from + at] !== source[start + at]) return false;
    return true;
  };
  const add = (source: Uint8Array, start: number, end: number): number => {
    const length = end - start;
    if (used + length > bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(used + length, Math.ceil(bytes.length * 1.5)));
      bytes.copy(larger, 0, 0, used);
      bytes = larger;
    }
    if (count + 2 > starts.length) {
      const larger = new Uint32Array(starts.length * 2);
      larger.set(starts);
      starts = larger;
    }
    for (let at = 0; at < length; at += 1) bytes[used + at] = source[start + at] ?? 0;
    starts[count] = used;
    used += length;
    starts[count + 1] = used;
    return count++;
  };

  const intern = (source: Uint8Array, start: number, end: number): number => {
    const at = locate(source, start, end);
    const found = table[at] ?? 0;
    if (found !== 0) return found;
    const symbol = add(source, start, end);
    table[at] = symbol;
    if (count * 3 > table.length * 2) grow();
    return symbol;
  };
  return {
    intern,
    internText(text) {
      const source = encoder.encode(text);
      return intern(source, 0, source.length);
    },
    find(text) {
      const source = encoder.encode(text);
      return table[locate(source, 0, source.length)] ?? 0;
    },
    text(symbol) {
      if (symbol < 1 || symbol >= count) throw new RangeError(`no symbol ${symbol}`);
      return bytes.toString('utf8', starts[symbol] ?? 0, starts[symbol + 1] ?? 0);
    },
    firstByte: (symbol) => {
      const start = starts[symbol] ?? 0;
      return start < (starts[symbol + 1] ?? 0) ? (bytes[start] ?? 0) : 0;
    },
    size: () => count,
  };
}

/** FNV-1a, mixed once more so that its low bits are good enough for a table. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return hash ^ (hash >>> 15);
}
