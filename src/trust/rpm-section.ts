/** One header structure of an rpm file: an index of tags and the store that they point into. Pure. */
import { TapprepError } from '../errors.ts';

/** Bounds of a structure; beyond rpm's own for the main header nothing is read. */
export interface SectionLimits {
  /** "signature header" or "header", for messages. */
  readonly title: string;
  readonly maxEntries: number;
  readonly maxStoreBytes: number;
}

/** rpm's type numbers (rpmtag.h). */
const TYPE = { int16: 3, int32: 4, int64: 5, string: 6, binary: 7, stringArray: 8, i18nString: 9 } as const;
const INTEGER_BYTES: Readonly<Record<number, number>> = { [TYPE.int16]: 2, [TYPE.int32]: 4, [TYPE.int64]: 8 };
const TEXT_TYPES: readonly number[] = [TYPE.string, TYPE.stringArray, TYPE.i18nString];

const MAGIC = Buffer.from([0x8e, 0xad, 0xe8, 0x01]);
const INTRO_BYTES = 16;
const ENTRY_BYTES = 16;

interface Entry {
  readonly type: number;
  readonly offset: number;
  readonly count: number;
}

/** A structure that was found complete and within its bounds. */
export interface RpmSection {
  /** From its magic to the end of its store, as they lie in the file: what a header signature covers. */
  readonly bytes: Buffer;
  /** Offset in the file of the byte behind it. */
  readonly end: number;
  /** The strings of a tag, whatever text type it has; null when it is absent. */
  texts(tag: number): readonly string[] | null;
  /** The integers of a tag; null when it is absent. */
  numbers(tag: number): readonly number[] | null;
  /** The bytes of a binary tag; null when it is absent. */
  binary(tag: number): Buffer | null;
}

/** What of a structure is not there yet: how many bytes of the file it takes to read on. */
export interface Incomplete {
  readonly needBytes: number;
}

/**
 * Reads the structure that begins at `start`. Every count and offset in it is the author's claim: each is held against
 * the store before anything is read by it, and a tag that stands there twice is refused, because rpm might read the other.
 * @throws TapprepError BAD_PACKAGE
 */
export function readRpmSection(file: Buffer, start: number, limits: SectionLimits): RpmSection | Incomplete {
  const { title } = limits;
  if (file.length < start + INTRO_BYTES) return { needBytes: start + INTRO_BYTES };
  if (!file.subarray(start, start + MAGIC.length).equals(MAGIC))
    throw malformed(title, 'does not begin with its magic');
  const entryCount = file.readUInt32BE(start + 8);
  const storeBytes = file.readUInt32BE(start + 12);
  if (entryCount === 0 || entryCount > limits.maxEntries) throw malformed(title, `states ${entryCount} entries`);
  if (storeBytes > limits.maxStoreBytes) throw malformed(title, `states ${storeBytes} bytes`);
  const storeStart = start + INTRO_BYTES + entryCount * ENTRY_BYTES;
  const end = storeStart + storeBytes;
  if (file.length < end) return { needBytes: end };

  const bytes = file.subarray(start, end);
  const store = file.subarray(storeStart, end);
  const entries = readEntries(bytes, entryCount, store.length, title);
  const find = (tag: number): Entry | undefined => entries.get(tag);
  return {
    bytes,
    end,
    texts(tag) {
      const entry = find(tag);
      if (entry === undefined) return null;
      if (!TEXT_TYPES.includes(entry.type)) throw malformed(title, `has tag ${tag} as type ${entry.type}, not as text`);
      return readTexts(store, entry, title, tag);
    },
    numbers(tag) {
      const entry = find(tag);
      if (entry === undefined) return null;
      const width = INTEGER_BYTES[entry.type];
      if (width === undefined) throw malformed(title, `has tag ${tag} as type ${entry.type}, not as numbers`);
      return readNumbers(slice(store, entry, width, title, tag), width);
    },
    binary(tag) {
      const entry = find(tag);
      if (entry === undefined) return null;
      if (entry.type !== TYPE.binary) throw malformed(title, `has tag ${tag} as type ${entry.type}, not as bytes`);
      return slice(store, entry, 1, title, tag);
    },
  };
}

function readEntries(bytes: Buffer, count: number, storeBytes: number, title: string): ReadonlyMap<number, Entry> {
  const entries = new Map<number, Entry>();
  for (let at = INTRO_BYTES; at < INTRO_BYTES + count * ENTRY_BYTES; at += ENTRY_BYTES) {
    const tag = bytes.readUInt32BE(at);
    const entry = {
      type: bytes.readUInt32BE(at + 4),
      offset: bytes.readUInt32BE(at + 8),
      count: bytes.readUInt32BE(at + 12),
    };
    // An entry takes at least one byte for each of its values.
    if (entry.offset > storeBytes || entry.count > storeBytes - entry.offset) {
      throw malformed(
        title,
        `has tag ${tag} at byte ${entry.offset} with ${entry.count} values in ${storeBytes} bytes`,
      );
    }
    if (entries.has(tag)) throw malformed(title, `has tag ${tag} twice`);
    entries.set(tag, entry);
  }
  return entries;
}

function slice(store: Buffer, entry: Entry, width: number, title: string, tag: number): Buffer {
  const end = entry.offset + entry.count * width;
  if (end > store.length) throw malformed(title, `has tag ${tag} that ends at byte ${end} of ${store.length}`);
  return store.subarray(entry.offset, end);
}

function readTexts(store: Buffer, entry: Entry, title: string, tag: number): readonly string[] {
  const texts: string[] = [];
  let at = entry.offset;
  for (let index = 0; index < entry.count; index += 1) {
    const end = store.indexOf(0, at);
    if (end === -1) throw malformed(title, `has tag ${tag} with a text that does not end`);
    texts.push(store.toString('utf8', at, end));
    at = end + 1;
  }
  return texts;
}

function readNumbers(bytes: Buffer, width: number): readonly number[] {
  return Array.from({ length: bytes.length / width }, (_, index) =>
    width === 8 ? Number(bytes.readBigUInt64BE(index * width)) : bytes.readUIntBE(index * width, width),
  );
}

function malformed(title: string, what: string): TapprepError {
  return new TapprepError('BAD_PACKAGE', `this is no rpm package: its ${title} ${what}`);
}
