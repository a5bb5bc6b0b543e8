/** Writes rpm files byte by byte, so that tests can make what rpmbuild no longer does or never would. */
import { createHash } from 'node:crypto';

export type TagValue =
  | { readonly text: string }
  | { readonly texts: readonly string[] }
  | { readonly numbers: readonly number[] }
  | { readonly bytes: Uint8Array };

/** Tags in the order written. */
export type Tags = readonly (readonly [number, TagValue])[];

/** One header structure: magic, index, store. */
export function writeSection(tags: Tags): Buffer {
  const index: Buffer[] = [];
  const store: Buffer[] = [];
  let at = 0;
  for (const [tag, value] of tags) {
    const { type, count, data } = encode(value);
    const padding = type === 4 ? (4 - (at % 4)) % 4 : 0;
    store.push(Buffer.alloc(padding), data);
    const entry = Buffer.alloc(16);
    entry.writeUInt32BE(tag, 0);
    entry.writeUInt32BE(type, 4);
    entry.writeUInt32BE(at + padding, 8);
    entry.writeUInt32BE(count, 12);
    index.push(entry);
    at += padding + data.length;
  }
  const intro = Buffer.alloc(16);
  Buffer.from([0x8e, 0xad, 0xe8, 0x01]).copy(intro);
  intro.writeUInt32BE(tags.length, 8);
  intro.writeUInt32BE(at, 12);
  return Buffer.concat([intro, ...index, ...store]);
}

function encode(value: TagValue): { type: number; count: number; data: Buffer } {
  if ('text' in value) return { type: 6, count: 1, data: Buffer.from(`${value.text}\0`) };
  if ('texts' in value) {
    return { type: 8, count: value.texts.length, data: Buffer.from(value.texts.map((text) => `${text}\0`).join('')) };
  }
  if ('bytes' in value) return { type: 7, count: value.bytes.length, data: Buffer.from(value.bytes) };
  const data = Buffer.alloc(value.numbers.length * 4);
  value.numbers.forEach((number, at) => data.writeUInt32BE(number, at * 4));
  return { type: 4, count: value.numbers.length, data };
}

/** The tags of a package of the CentOS 6 time: no digest of the payload. */
export function headerTags(name: string, version: string, release: string, extra: Tags = []): Tags {
  return [
    [1000, { text: name }],
    [1001, { text: version }],
    [1002, { text: release }],
    [1011, { text: 'CentOS' }],
    [1022, { text: 'x86_64' }],
    [1044, { text: `kernel-${version}-${release}.src.rpm` }],
    ...extra,
  ];
}

/** A whole file. `sign` gets what is signed and returns tags of the signature header. */
export function writeRpm(
  header: Tags,
  payload: Uint8Array,
  sign: (headerBytes: Buffer, headerAndPayload: Buffer) => Tags = () => [],
): Buffer {
  const main = writeSection(header);
  const all = Buffer.concat([main, payload]);
  const signature = writeSection([
    [269, { text: createHash('sha1').update(main).digest('hex') }],
    [1000, { numbers: [all.length] }],
    [1004, { bytes: createHash('md5').update(all).digest() }],
    ...sign(main, all),
  ]);
  const lead = Buffer.alloc(96);
  Buffer.from([0xed, 0xab, 0xee, 0xdb, 3]).copy(lead);
  const padding = Buffer.alloc((8 - ((lead.length + signature.length) % 8)) % 8);
  return Buffer.concat([lead, signature, padding, all]);
}
