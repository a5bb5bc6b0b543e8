/** DER (ITU-T X.690), as far as certificates and the signatures of kernel modules need it. Pure. */
import { TapprepError } from '../errors.ts';

export interface DerValue {
  readonly tag: number;
  /** What lies in it. */
  readonly content: Buffer;
  /** Tag, length and content. */
  readonly whole: Buffer;
}

export const TAG = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
  set: 0x31,
  /** Constructed, of the context. */
  context0: 0xa0,
  context3: 0xa3,
} as const;

/** One value with its tag and length. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

/** An object identifier in dotted form. */
export function derOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(TAG.oid, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** A small non-negative number. */
export function derInteger(value: number): Buffer {
  return der(TAG.integer, Buffer.from([value]));
}

/** The dotted form of what derOid makes. */
export function oidText(content: Uint8Array): string {
  const [first = 0, ...rest] = content;
  const numbers = [Math.floor(first / 40), first % 40];
  let value = 0;
  for (const byte of rest) {
    value = value * 128 + (byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    numbers.push(value);
    value = 0;
  }
  return numbers.join('.');
}

/**
 * The values that lie one behind the other in `bytes`, whole.
 * @param what for messages
 * @throws TapprepError BAD_PACKAGE
 */
export function readDer(bytes: Buffer, what: string): readonly DerValue[] {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length;) {
    const value = readOne(bytes.subarray(at), what);
    values.push(value);
    at += value.whole.length;
  }
  return values;
}

function readOne(bytes: Buffer, what: string): DerValue {
  const [tag = 0, first = 0x80] = bytes;
  const long = first & 0x7f;
  const isLong = first > 0x7f;
  // Numbers of more than one byte are no tags of these formats, and four bytes of length are 4 GiB.
  if ((tag & 0x1f) === 0x1f || (isLong && (long === 0 || long > 4 || bytes.length < 2 + long))) throw malformed(what);
  const start = isLong ? 2 + long : 2;
  const length = isLong ? bytes.readUIntBE(2, long) : first;
  if (bytes.length < start + length) throw malformed(what);
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(0, start + length) };
}

function malformed(what: string): TapprepError {
  return new TapprepError('BAD_PACKAGE', `${what} is no well-formed DER`);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

function base128(value: number): readonly number[] {
  const out = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) out.unshift(0x80 | (rest % 128));
  return out;
}
