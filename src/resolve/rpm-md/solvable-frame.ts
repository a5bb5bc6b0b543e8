/**
 * Reads the dependencies of one <package> of primary.xml from its bytes into a catalogue, without a string for each of
 * them: a repository has half a million. Frames that hold anything but elements, attributes and text go the slow way. Pure.
 */
import { formatEvr } from '../../version/evr.ts';
import { RELATIONS, type CatalogueBuilder, type RelationKind } from './catalogue.ts';
import { badXml, readXml } from './xml.ts';

/** Takes frames one after the other. */
export interface SolvableReader {
  /** Adds the package of a frame and returns its name. @throws TapprepError BAD_METADATA */
  read(frame: Buffer): string;
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
const [LESS, GREATER, SLASH, SPACE, QUOTE, AMPERSAND, EQUALS] = [0x3c, 0x3e, 0x2f, 0x20, 0x22, 0x26, 0x3d];
const ODD = Buffer.from('<!');

/** @param name of the index, for messages */
export function createSolvableReader(catalogue: CatalogueBuilder, name: string): SolvableReader {
  const { symbols } = catalogue;
  const entries = createEntryTable(catalogue);
  const lists = Object.fromEntries(RELATIONS.map((kind) => [kind, [] as number[]])) as Record<RelationKind, number[]>;
  const head = { name: 0, arch: 0, evr: 0, vendor: 0 };

  const clear = (): void => {
    for (const kind of RELATIONS) lists[kind].length = 0;
    head.name = head.arch = head.evr = head.vendor = 0;
  };
  const finish = (): string => {
    if (head.name === 0 || head.arch === 0 || head.evr === 0) {
      const text = head.name === 0 ? 'without a name' : symbols.text(head.name);
      throw badXml(name, `an entry lacks its name, arch or version (${text})`);
    }
    // Every package provides itself; old createrepos leave it out.
    const own = symbols.text(head.name);
    const self = symbols.internText(`${own} = ${symbols.text(head.evr)}`);
    if (!lists.provides.includes(self)) lists.provides.push(self);
    catalogue.add({ ...head, relations: lists });
    return own;
  };
  const readQuickly = (frame: Buffer): boolean => {
    let kind: RelationKind | null = null;
    let at = frame.indexOf(LESS, 1);
    while (at !== -1) {
      const start = at + 1;
      let end = start;
      while (end < frame.length && !isTagEnd(frame[end] ?? 0)) end += 1;
      const close = endOfTag(frame, end);
      if (close === -1) return false;
      const first = frame[start] ?? 0;
      if (first === SLASH) {
        at = nextTag(frame, close);
        continue;
      }
      if (kind !== null && isEntry(frame, start, end)) {
        const symbol = entries.intern(frame, end, close);
        if (symbol === -1) return false;
        if (symbol > 0) lists[kind].push(symbol);
        at = nextTag(frame, close);
        continue;
      }
      const next = nextTag(frame, close);
      const tag = frame.toString('latin1', start, end);
      if (tag === 'file') {
        const path = readText(frame, close + 1, next);
        if (path === -1) return false;
        lists.files.push(path);
      } else if (tag === 'name' || tag === 'arch' || tag === 'rpm:vendor') {
        const text = readText(frame, close + 1, next);
        if (text === -1) return false;
        if (tag === 'rpm:vendor') head.vendor = text;
        else head[tag] = text;
      } else if (tag === 'version') {
        head.evr = symbols.internText(versionOf(readAttributes(frame.toString('utf8', end, close))) ?? '');
      } else if (tag.startsWith('rpm:')) {
        kind = RELATIONS.find((each) => tag === `rpm:${each}`) ?? null;
      }
      at = next;
    }
    return true;
  };
  const readText = (frame: Buffer, from: number, to: number): number => {
    let [start, end] = [from, to === -1 ? frame.length : to];
    while (start < end && (frame[start] ?? 0) <= SPACE) start += 1;
    while (end > start && (frame[end - 1] ?? 0) <= SPACE) end -= 1;
    for (let at = start; at < end; at += 1) if (frame[at] === AMPERSAND) return -1;
    return start === end ? 0 : symbols.intern(frame, start, end);
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
      if (!frame.includes(ODD) && readQuickly(frame)) return finish();
      clear();
      readSlowly(frame);
      return finish();
    },
  };
}

interface EntryTable {
  /** The symbol of an entry by its attributes as written; 0 for what is left out, -1 for what has to be parsed. */
  intern(frame: Buffer, start: number, end: number): number;
}

/** `name OP epoch:version-release` is put together from the bytes of the attributes, and no string is made of most. */
function createEntryTable({ symbols }: CatalogueBuilder): EntryTable {
  let scratch = Buffer.allocUnsafeSlow(1 << 12);
  const found: Record<EntryKey, Span> = {
    name: { start: 0, end: 0 },
    flags: { start: 0, end: 0 },
    epoch: { start: 0, end: 0 },
    ver: { start: 0, end: 0 },
    rel: { start: 0, end: 0 },
  };
  let used = 0;
  const copy = (frame: Buffer, { start, end }: Span): void => {
    for (let at = start; at < end; at += 1) scratch[used++] = frame[at] ?? 0;
  };
  const put = (text: string): void => {
    for (let at = 0; at < text.length; at += 1) scratch[used++] = text.charCodeAt(at);
  };
  return {
    intern(frame, start, end) {
      const last = frame[end - 1] === SLASH ? end - 1 : end;
      if (!findAttributes(frame, start, last, found) || !isPlainEpoch(frame, found.epoch)) {
        const text = formatEntry(readAttributes(frame.toString('utf8', start, last)));
        return text === null ? 0 : symbols.internText(text);
      }
      const { name, flags, epoch, ver, rel } = found;
      if (name.end === name.start || isBulk(frame, name)) return 0;
      if (last - start + 8 > scratch.length) scratch = Buffer.allocUnsafeSlow((last - start) * 2);
      used = 0;
      copy(frame, name);
      const operator =
        flags.end === flags.start ? undefined : OPERATORS.get(frame.toString('latin1', flags.start, flags.end));
      if (ver.start !== 0 && operator !== undefined) {
        put(` ${operator} `);
        if (epoch.end > epoch.start && !isZero(frame, epoch)) {
          copy(frame, epoch);
          put(':');
        }
        copy(frame, ver);
        if (rel.end > rel.start) {
          put('-');
          copy(frame, rel);
        }
      }
      return symbols.intern(scratch, 0, used);
    },
  };
}

interface Span {
  start: number;
  end: number;
}

type EntryKey = 'name' | 'flags' | 'epoch' | 'ver' | 'rel';

/** Where the values of an entry's attributes lie; start 0 for one that is not there. False where the slow way has to look. */
function findAttributes(frame: Buffer, from: number, to: number, found: Record<EntryKey, Span>): boolean {
  const { name, flags, epoch, ver, rel } = found;
  name.start =
    name.end =
    flags.start =
    flags.end =
    epoch.start =
    epoch.end =
    ver.start =
    ver.end =
    rel.start =
    rel.end =
      0;
  let at = from;
  for (;;) {
    while (at < to && (frame[at] ?? 0) <= SPACE) at += 1;
    if (at >= to) return true;
    const key = at;
    while (at < to && frame[at] !== EQUALS && (frame[at] ?? 0) > SPACE) at += 1;
    const span = spanOf(frame, key, at, found);
    const quote = frame[at + 1];
    if (frame[at] !== EQUALS || (quote !== QUOTE && quote !== 0x27)) return false;
    const start = at + 2;
    at = start;
    while (at < to && frame[at] !== quote) {
      if (frame[at] === AMPERSAND) return false;
      at += 1;
    }
    if (at >= to) return false;
    if (span !== null) [span.start, span.end] = [start, at];
    at += 1;
  }
}

/** By length and first byte, and then by the whole: an attribute of another name is nobody's. */
function spanOf(frame: Buffer, start: number, end: number, found: Record<EntryKey, Span>): Span | null {
  const key = KEYS[end - start]?.find((each) => each.charCodeAt(0) === frame[start]);
  if (key === undefined) return null;
  for (let at = 1; at < key.length; at += 1) if (frame[start + at] !== key.charCodeAt(at)) return null;
  return found[key];
}

const KEYS: Readonly<Record<number, readonly EntryKey[]>> = { 3: ['ver', 'rel'], 4: ['name'], 5: ['flags', 'epoch'] };

/** Without leading zeros; what is no number is for the slow way. */
function isPlainEpoch(frame: Buffer, { start, end }: Span): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = frame[at] ?? 0;
    if (byte < 0x30 || byte > 0x39 || (byte === 0x30 && at === start && end - start > 1)) return false;
  }
  return true;
}

function isZero(frame: Buffer, { start, end }: Span): boolean {
  return end - start === 1 && frame[start] === 0x30;
}

function isBulk(frame: Buffer, { start, end }: Span): boolean {
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

const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function readAttributes(text: string): Readonly<Record<string, string>> {
  const attributes: Record<string, string> = {};
  for (const [, key = '', double, single = ''] of text.matchAll(ATTRIBUTE)) {
    attributes[key] = decodeEntities(double ?? single);
  }
  return attributes;
}

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal?: string, hex?: string, name = '') => {
    const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    return ENTITIES[name] ?? (code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole);
  });
}

function isEntry(frame: Buffer, start: number, end: number): boolean {
  // "rpm:entry": nothing else in these lists ends so.
  return end - start === 9 && frame[start + 4] === 0x65 && frame[end - 1] === 0x79;
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
    } else if (byte === QUOTE || byte === 0x27) quote = byte;
    else if (byte === GREATER) return at;
  }
  return -1;
}

function nextTag(frame: Buffer, from: number): number {
  for (let at = from + 1; at < frame.length; at += 1) if (frame[at] === LESS) return at;
  return -1;
}
