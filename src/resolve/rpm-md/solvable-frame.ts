/**
 * Reads the dependencies of one <package> of primary.xml from its bytes into a catalogue, without a string for each of
 * them: a repository has half a million. Frames that hold anything but elements, attributes and text go the slow way. Pure.
 */
import { formatEvr } from '../../version/evr.ts';
import { RELATIONS, type CatalogueBuilder, type RelationKind } from './catalogue.ts';
import { badXml, readXml } from './xml.ts';

/** Takes frames one after the other. */
export interface SolvableReader {
  /** Adds the package of a frame. @throws TapprepError BAD_METADATA */
  read(frame: Buffer): void;
}

const OPERATORS: ReadonlyMap<string, string> = new Map([
  ['EQ', '='],
  ['LT', '<'],
  ['LE', '<='],
  ['GT', '>'],
  ['GE', '>='],
]);
/** Symbols of kernels, by the ten thousand: only out-of-tree modules ask for them. */
const BULK = /^(?:ksym|kernel|modalias)\(/;
const [LESS, GREATER, SLASH, SPACE, QUOTE, APOSTROPHE, AMPERSAND, EQUALS, EXCLAMATION] = [
  0x3c, 0x3e, 0x2f, 0x20, 0x22, 0x27, 0x26, 0x3d, 0x21,
];

/** @param name of the index, for messages */
export function createSolvableReader(catalogue: CatalogueBuilder, name: string): SolvableReader {
  const { symbols } = catalogue;
  const attributes = createAttributeReader();
  const lists = Object.fromEntries(RELATIONS.map((kind) => [kind, [] as number[]])) as Record<RelationKind, number[]>;
  const head = { name: 0, arch: 0, evr: 0, vendor: 0 };

  const clear = (): void => {
    for (const kind of RELATIONS) lists[kind].length = 0;
    head.name = head.arch = head.evr = head.vendor = 0;
  };
  const finish = (): void => {
    if (head.name === 0 || head.arch === 0 || head.evr === 0) {
      const text = head.name === 0 ? 'without a name' : symbols.text(head.name);
      throw badXml(name, `an entry lacks its name, arch or version (${text})`);
    }
    // Every package provides itself; old createrepos leave it out.
    symbols.writeSymbol(head.name);
    symbols.writeText(' = ');
    symbols.writeSymbol(head.evr);
    const self = symbols.take();
    if (!lists.provides.includes(self)) lists.provides.push(self);
    catalogue.add({ ...head, relations: lists });
  };
  /** "[epoch:]version[-release]" of the attributes read last. False where the slow way has to look. */
  const writeEvr = (frame: Buffer): boolean => {
    const { starts, ends } = attributes;
    if (!isPlainEpoch(frame, starts[EPOCH], ends[EPOCH])) return false;
    if (ends[EPOCH] > starts[EPOCH] && !isZero(frame, starts[EPOCH], ends[EPOCH])) {
      symbols.write(frame, starts[EPOCH], ends[EPOCH]);
      symbols.writeText(':');
    }
    symbols.write(frame, starts[VER], ends[VER]);
    if (ends[REL] > starts[REL]) {
      symbols.writeText('-');
      symbols.write(frame, starts[REL], ends[REL]);
    }
    return true;
  };
  /** The symbol of the entry whose attributes were read last; 0 for what is left out, -1 for what has to be parsed. */
  const readEntry = (frame: Buffer): number => {
    const { starts, ends } = attributes;
    const [start, end] = [starts[NAME], ends[NAME]];
    if (end === start || isBulk(frame, start, end)) return 0;
    symbols.write(frame, start, end);
    const operator =
      starts[VER] === 0 || ends[FLAGS] === starts[FLAGS]
        ? undefined
        : OPERATORS.get(frame.toString('latin1', starts[FLAGS], ends[FLAGS]));
    if (operator !== undefined) {
      symbols.writeText(` ${operator} `);
      if (!writeEvr(frame)) {
        symbols.discard();
        return -1;
      }
    }
    return symbols.take();
  };
  const readText = (frame: Buffer, from: number, to: number): number => {
    let [start, end] = [from, to === -1 ? frame.length : to];
    while (start < end && (frame[start] ?? 0) <= SPACE) start += 1;
    while (end > start && (frame[end - 1] ?? 0) <= SPACE) end -= 1;
    for (let at = start; at < end; at += 1) if (frame[at] === AMPERSAND) return -1;
    if (start === end) return 0;
    symbols.write(frame, start, end);
    return symbols.take();
  };
  const readQuickly = (frame: Buffer): boolean => {
    const { length } = frame;
    let list: number[] | null = null;
    for (let at = nextTag(frame, 0); at !== -1;) {
      const start = at + 1;
      const first = frame[start] ?? 0;
      if (first === EXCLAMATION) return false;
      let end = start;
      while (end < length && !isTagEnd(frame[end] ?? 0)) end += 1;
      if (list !== null && isTag(frame, start, end, ENTRY)) {
        const close = attributes.read(frame, end);
        const symbol = close === -1 ? -1 : readEntry(frame);
        if (symbol === -1) return false;
        if (symbol > 0) list.push(symbol);
        at = nextTag(frame, close);
        continue;
      }
      const close = endOfTag(frame, end);
      if (close === -1) return false;
      at = nextTag(frame, close);
      const tag = first === SLASH ? null : tagOf(frame, start, end);
      if (tag === null) continue;
      if (tag.field === null) {
        list = lists[tag.list];
      } else if (tag.field === 'evr') {
        if (attributes.read(frame, end) === -1) return false;
        if (attributes.starts[VER] === 0) continue;
        if (!writeEvr(frame)) return false;
        head.evr = symbols.take();
      } else {
        const text = readText(frame, close + 1, at);
        if (text === -1) return false;
        if (tag.field === 'file') lists.files.push(text);
        else head[tag.field] = text;
      }
    }
    return true;
  };
  const readSlowly = (frame: Buffer): void => {
    readXml(frame.toString('utf8'), name, {
      open({ attributes }, path) {
        const kind = RELATIONS.find((each) => path === `package/format/${each}/entry`);
        if (kind === undefined) return;
        const text = formatEntry(attributes);
        if (text !== null) lists[kind].push(symbols.internText(text));
      },
      close({ attributes }, path, text) {
        if (text !== '' && path === 'package/format/file') lists.files.push(symbols.internText(text));
        else if (path === 'package/name') head.name = text === '' ? 0 : symbols.internText(text);
        else if (path === 'package/arch') head.arch = text === '' ? 0 : symbols.internText(text);
        else if (path === 'package/format/vendor' && text !== '') head.vendor = symbols.internText(text);
        else if (path === 'package/version') head.evr = symbols.internText(versionOf(attributes) ?? '');
      },
    });
  };
  return {
    read(frame) {
      clear();
      if (!readQuickly(frame)) {
        clear();
        readSlowly(frame);
      }
      finish();
    },
  };
}

const ENTRY = Buffer.from('rpm:entry');

/** What a tag that counts holds: the text of a field of the package, or a list of entries. */
type Tag = { readonly bytes: Buffer } & (
  | { readonly field: 'name' | 'arch' | 'evr' | 'vendor' | 'file' }
  | { readonly field: null; readonly list: RelationKind }
);

const TAGS: readonly Tag[] = [
  { bytes: Buffer.from('name'), field: 'name' },
  { bytes: Buffer.from('arch'), field: 'arch' },
  { bytes: Buffer.from('version'), field: 'evr' },
  { bytes: Buffer.from('rpm:vendor'), field: 'vendor' },
  { bytes: Buffer.from('file'), field: 'file' },
  ...RELATIONS.map((list): Tag => ({ bytes: Buffer.from(`rpm:${list}`), field: null, list })),
];

const TAGS_BY_LENGTH = Array.from({ length: 1 + Math.max(...TAGS.map(({ bytes }) => bytes.length)) }, (_, length) =>
  TAGS.filter(({ bytes }) => bytes.length === length),
);

function tagOf(frame: Buffer, start: number, end: number): Tag | null {
  const tags = TAGS_BY_LENGTH[end - start];
  if (tags === undefined) return null;
  for (const tag of tags) if (isTag(frame, start, end, tag.bytes)) return tag;
  return null;
}

/** From its end: most begin with "rpm:". */
function isTag(frame: Buffer, start: number, end: number, tag: Buffer): boolean {
  if (end - start !== tag.length) return false;
  for (let at = tag.length - 1; at >= 0; at -= 1) if (frame[start + at] !== tag[at]) return false;
  return true;
}

const KEYS = ['name', 'flags', 'epoch', 'ver', 'rel'].map((key) => Buffer.from(key));
const [NAME, FLAGS, EPOCH, VER, REL] = [0, 1, 2, 3, 4] as const;
type Places = [number, number, number, number, number];

/** Where the values of the attributes of one tag lie; start 0 for one that is not there. */
interface AttributeReader {
  readonly starts: Readonly<Places>;
  readonly ends: Readonly<Places>;
  /** Reads from behind the tag's name; returns where its ">" is, -1 where the slow way has to look. */
  read(frame: Buffer, from: number): number;
}

function createAttributeReader(): AttributeReader {
  const starts: Places = [0, 0, 0, 0, 0];
  const ends: Places = [0, 0, 0, 0, 0];
  return {
    starts,
    ends,
    read(frame, from) {
      starts[0] = starts[1] = starts[2] = starts[3] = starts[4] = 0;
      ends[0] = ends[1] = ends[2] = ends[3] = ends[4] = 0;
      const { length } = frame;
      for (let at = from; at < length;) {
        const first = frame[at] ?? 0;
        if (first === GREATER) return at;
        if (first <= SPACE || (first === SLASH && frame[at + 1] === GREATER)) {
          at += 1;
          continue;
        }
        const key = at;
        while (at < length && frame[at] !== EQUALS && (frame[at] ?? 0) > SPACE) at += 1;
        const which = keyOf(frame, key, at);
        const quote = frame[at + 1];
        if (quote !== QUOTE && quote !== APOSTROPHE) return -1;
        const start = at + 2;
        at = start;
        for (; at < length; at += 1) {
          const byte = frame[at];
          if (byte === quote) break;
          if (byte === AMPERSAND) return -1;
        }
        if (which !== -1) {
          starts[which] = start;
          ends[which] = at;
        }
        at += 1;
      }
      return -1;
    },
  };
}

/** The place of an attribute's name in KEYS, -1 for one that does not count. */
function keyOf(frame: Buffer, start: number, end: number): number {
  for (let which = 0; which < KEYS.length; which += 1) {
    const key = KEYS[which];
    if (key !== undefined && isTag(frame, start, end, key)) return which;
  }
  return -1;
}

/** Without leading zeros; what is no number is for the slow way. */
function isPlainEpoch(frame: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = frame[at] ?? 0;
    if (byte < 0x30 || byte > 0x39 || (byte === 0x30 && at === start && end - start > 1)) return false;
  }
  return true;
}

function isZero(frame: Buffer, start: number, end: number): boolean {
  return end - start === 1 && frame[start] === 0x30;
}

function isBulk(frame: Buffer, start: number, end: number): boolean {
  const first = frame[start];
  // k and m.
  return (first === 0x6b || first === 0x6d) && BULK.test(frame.toString('latin1', start, Math.min(end, start + 12)));
}

function formatEntry(attributes: Readonly<Record<string, string>>): string | null {
  const name = attributes['name'] ?? '';
  if (name === '' || BULK.test(name)) return null;
  const version = versionOf(attributes);
  const operator = OPERATORS.get(attributes['flags'] ?? '');
  return version === null || operator === undefined ? name : `${name} ${operator} ${version}`;
}

function versionOf(attributes: Readonly<Record<string, string>>): string | null {
  const { epoch, ver, rel } = attributes;
  return ver === undefined ? null : formatEvr(epoch ?? null, ver, rel === undefined || rel === '' ? null : rel);
}

function isTagEnd(byte: number): boolean {
  return byte <= SPACE || byte === GREATER || byte === SLASH;
}

/** Where the ">" of a tag is; quoted values may hold one. */
function endOfTag(frame: Buffer, from: number): number {
  let quote = 0;
  for (let at = from; at < frame.length; at += 1) {
    const byte = frame[at] ?? 0;
    if (quote !== 0) {
      if (byte === quote) quote = 0;
    } else if (byte === QUOTE || byte === APOSTROPHE) quote = byte;
    else if (byte === GREATER) return at;
  }
  return -1;
}

/** Between entries it is near; behind a description the native search is quicker. */
function nextTag(frame: Buffer, from: number): number {
  const near = Math.min(from + 24, frame.length);
  for (let at = from + 1; at < near; at += 1) if (frame[at] === LESS) return at;
  return frame.indexOf(LESS, near);
}
