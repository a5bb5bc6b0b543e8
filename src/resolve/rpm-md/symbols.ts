/** Texts as small numbers: an index names the same capabilities again and again. Keeps bytes, not strings. Pure. */

/** Equal texts have equal numbers, from 1 in the order met. */
export interface Symbols {
  /** Writes bytes[start, end) behind what was written since the last `take`. */
  write(bytes: Uint8Array, start: number, end: number): void;
  /** The same for ASCII. */
  writeText(text: string): void;
  /** The same for a text that has a number. */
  writeSymbol(symbol: number): void;
  /** The number of the text that was written, a new one if it was not met before. */
  take(): number;
  /** Forgets what was written. */
  discard(): void;
  /** The number of a whole text. */
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
/** FNV-1a. */
const [HASH_START, HASH_PRIME] = [0x811c9dc5, 0x01000193];

/** Starts an empty table. */
export function createSymbols(): Symbols {
  /** All texts behind each other, then the one that is being written. */
  let bytes = Buffer.allocUnsafeSlow(1 << 20);
  let used = 0;
  let written = 0;
  let hash = HASH_START;
  let starts = new Uint32Array(1 << 14);
  let hashes = new Int32Array(1 << 14);
  let count = 1;
  let table = new Int32Array(1 << 15);

  const grow = (): void => {
    const larger = new Int32Array(table.length * 2);
    for (let symbol = 1; symbol < count; symbol += 1) {
      let at = (hashes[symbol] ?? 0) & (larger.length - 1);
      while (larger[at] !== 0) at = (at + 1) & (larger.length - 1);
      larger[at] = symbol;
    }
    table = larger;
  };
  /** Where the text that was written is in the table, or where it belongs. */
  const locate = (mixed: number): number => {
    const mask = table.length - 1;
    let at = mixed & mask;
    for (;;) {
      const symbol = table[at] ?? 0;
      if (symbol === 0 || (hashes[symbol] === mixed && isWritten(symbol))) return at;
      at = (at + 1) & mask;
    }
  };
  const isWritten = (symbol: number): boolean => {
    const from = starts[symbol] ?? 0;
    const length = written - used;
    if ((starts[symbol + 1] ?? 0) - from !== length) return false;
    for (let at = 0; at < length; at += 1) if (bytes[from + at] !== bytes[used + at]) return false;
    return true;
  };
  const reserve = (length: number): void => {
    if (written + length <= bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(written + length, Math.ceil(bytes.length * 1.5)));
    bytes.copy(larger, 0, 0, written);
    bytes = larger;
  };
  const discard = (): void => {
    written = used;
    hash = HASH_START;
  };
  const write = (source: Uint8Array, start: number, end: number): void => {
    reserve(end - start);
    let mixed = hash;
    for (let at = start; at < end; at += 1) {
      const byte = source[at] ?? 0;
      mixed = Math.imul(mixed ^ byte, HASH_PRIME);
      bytes[written] = byte;
      written += 1;
    }
    hash = mixed;
  };
  const add = (mixed: number): number => {
    if (count + 2 > starts.length) {
      starts = enlarge(starts, new Uint32Array(starts.length * 2));
      hashes = enlarge(hashes, new Int32Array(hashes.length * 2));
    }
    starts[count] = used;
    hashes[count] = mixed;
    used = written;
    starts[count + 1] = used;
    return count++;
  };
  /** Its low bits are good enough for a table only once it is mixed again. */
  const mix = (): number => (hash ^ (hash >>> 15)) | 0;
  const take = (): number => {
    const mixed = mix();
    const at = locate(mixed);
    let symbol = table[at] ?? 0;
    if (symbol === 0) {
      symbol = add(mixed);
      table[at] = symbol;
      if (count * 3 > table.length * 2) grow();
    }
    discard();
    return symbol;
  };
  const encode = (text: string): void => {
    discard();
    const source = encoder.encode(text);
    write(source, 0, source.length);
  };
  return {
    write,
    writeText(text) {
      reserve(text.length);
      for (let at = 0; at < text.length; at += 1) {
        const byte = text.charCodeAt(at);
        hash = Math.imul(hash ^ byte, HASH_PRIME);
        bytes[written++] = byte;
      }
    },
    writeSymbol(symbol) {
      write(bytes, starts[symbol] ?? 0, starts[symbol + 1] ?? 0);
    },
    take,
    discard,
    internText(text) {
      encode(text);
      return take();
    },
    find(text) {
      encode(text);
      const symbol = table[locate(mix())] ?? 0;
      discard();
      return symbol;
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

/** The same numbers in a larger array. */
export function enlarge<Numbers extends Uint32Array | Int32Array>(numbers: Numbers, larger: Numbers): Numbers {
  larger.set(numbers);
  return larger;
}
