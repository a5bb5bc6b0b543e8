/** Key files as gpgv wants them: binary packets in one file; and what their keys are worth. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { isErrno, TapprepError } from '../errors.ts';
import type { Fingerprint } from '../types.ts';
import { dearmorKeys, isArmored } from './armor.ts';
import { shellLine } from '../shell-words.ts';

/** A public key or subkey of a keyring. */
export interface KeyringKey {
  readonly fingerprint: Fingerprint;
  /** OpenPGP number: 1 RSA, 17 DSA, 19 ECDSA, 22 EdDSA. */
  readonly algorithm: number;
  /** Size of the RSA modulus in bits; null for other algorithms. */
  readonly rsaBits: number | null;
}

/** Several key files read into one ring. */
export interface Keyring {
  readonly packets: Uint8Array;
  readonly keys: ReadonlyMap<Fingerprint, KeyringKey>;
  /** Paths that do not exist, or hold no key. */
  readonly missing: readonly string[];
}

/** Of all key files together. */
export const MAX_KEYRING_BYTES = 16 * 1024 * 1024;
const TAG_PUBLIC_KEY = 6;
const TAG_PUBLIC_SUBKEY = 14;
const RSA_ALGORITHMS: readonly number[] = [1, 2, 3];
/** "KBXf" at offset 8 marks GnuPG's own keybox format. */
const KEYBOX_MAGIC = Buffer.from('KBXf');

/**
 * Reads key files, armored or binary, and armored key blocks into one ring. What does not exist, is no file or holds no key is
 * listed, not refused: a target may name keyrings that its distribution only has later.
 * @throws TapprepError BAD_METADATA for armor that is cut off or broken and for a keybox, TOO_LARGE, PERMISSION.
 */
export async function loadKeyrings(paths: readonly string[], keyBlocks: readonly string[] = []): Promise<Keyring> {
  const parts = keyBlocks.map((block) => dearmorKeys(block, 'the key inside the source file'));
  const missing: string[] = [];
  let left = MAX_KEYRING_BYTES;
  for (const path of paths) {
    const bytes = await readKeyFile(path, left);
    left -= bytes?.length ?? 0;
    const packets = bytes === null || !isArmored(bytes) ? bytes : dearmorKeys(bytes.toString('latin1'), path);
    if (packets === null || listKeys(packets).size === 0) missing.push(path);
    else parts.push(packets);
  }
  const packets = Buffer.concat(parts);
  return { packets, keys: listKeys(packets), missing };
}

async function readKeyFile(path: string, most: number): Promise<Buffer | null> {
  try {
    const info = await stat(path);
    // A pipe would be waited for without end, and a device be read without one.
    if (!info.isFile()) return null;
    if (info.size > most) {
      throw new TapprepError(
        'TOO_LARGE',
        `keyring ${path} has ${info.size} bytes, and all keyrings together have at most ${MAX_KEYRING_BYTES}`,
      );
    }
    const bytes = await readFile(path);
    if (bytes.subarray(8, 12).equals(KEYBOX_MAGIC)) {
      throw new TapprepError('BAD_METADATA', `keyring ${path} is a GnuPG keybox, not a file of OpenPGP packets`, {
        hint: shellLine`gpg --no-default-keyring --keyring ${path} --export > keyring.gpg`,
      });
    }
    return bytes;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    if (isErrno(error, 'EACCES')) {
      throw new TapprepError('PERMISSION', `keyring ${path} cannot be read by this user`, { cause: error });
    }
    throw error;
  }
}

/** The keys and subkeys among OpenPGP packets; stops at the first byte that is no packet. */
export function listKeys(packets: Uint8Array): ReadonlyMap<Fingerprint, KeyringKey> {
  const keys = new Map<Fingerprint, KeyringKey>();
  for (const { tag, body } of walkPackets(packets)) {
    if (tag !== TAG_PUBLIC_KEY && tag !== TAG_PUBLIC_SUBKEY) continue;
    const key = describeKey(body);
    if (key !== null) keys.set(key.fingerprint, key);
  }
  return keys;
}

/** RFC 9580 section 5.5: version, time, (v3: validity,) algorithm, then for RSA the modulus as a bit count and bytes. */
function describeKey(body: Uint8Array): KeyringKey | null {
  const view = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const version = view[0];
  const at = version === 4 ? 5 : version === 3 || version === 2 ? 7 : null;
  if (at === null || view.length < at + 3) return null;
  const algorithm = view[at] ?? 0;
  const isRsa = RSA_ALGORITHMS.includes(algorithm);
  const hash = version === 4 ? fingerprintV4(view) : isRsa ? fingerprintV3(view.subarray(at + 1)) : null;
  if (hash === null) return null;
  return {
    fingerprint: hash.toUpperCase() as Fingerprint,
    algorithm,
    rsaBits: isRsa ? view.readUInt16BE(at + 1) : null,
  };
}

function fingerprintV4(body: Buffer): string {
  const prefix = Buffer.from([0x99, body.length >> 8, body.length & 0xff]);
  return createHash('sha1').update(prefix).update(body).digest('hex');
}

/** v3: MD5 over the bytes of the modulus and the exponent, without their bit counts. */
function fingerprintV3(material: Buffer): string | null {
  const modulusBytes = (material.readUInt16BE(0) + 7) >> 3;
  if (material.length < 4 + modulusBytes) return null;
  const exponentBytes = (material.readUInt16BE(2 + modulusBytes) + 7) >> 3;
  return createHash('md5')
    .update(material.subarray(2, 2 + modulusBytes))
    .update(material.subarray(4 + modulusBytes, 4 + modulusBytes + exponentBytes))
    .digest('hex');
}

/** RFC 9580 section 4.2: both packet formats; partial and indeterminate lengths do not occur in keys. */
function* walkPackets(bytes: Uint8Array): Generator<{ readonly tag: number; readonly body: Uint8Array }> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + 2 <= view.length) {
    const head = view[at] ?? 0;
    if ((head & 0x80) === 0) return;
    const isNew = (head & 0x40) !== 0;
    const length = isNew ? newLength(view, at + 1) : oldLength(view, at + 1, head & 3);
    if (length === null || length.from + length.bytes > view.length) return;
    yield {
      tag: isNew ? head & 0x3f : (head >> 2) & 0xf,
      body: view.subarray(length.from, length.from + length.bytes),
    };
    at = length.from + length.bytes;
  }
}

interface BodyLength {
  readonly from: number;
  readonly bytes: number;
}

function newLength(view: Buffer, at: number): BodyLength | null {
  const first = view[at] ?? 0;
  if (first < 192) return { from: at + 1, bytes: first };
  if (first < 224 && at + 2 <= view.length) {
    return { from: at + 2, bytes: ((first - 192) << 8) + (view[at + 1] ?? 0) + 192 };
  }
  return first === 255 && at + 5 <= view.length ? { from: at + 5, bytes: view.readUInt32BE(at + 1) } : null;
}

function oldLength(view: Buffer, at: number, kind: number): BodyLength | null {
  const width = [1, 2, 4][kind];
  if (width === undefined || at + width > view.length) return null;
  return { from: at + width, bytes: view.readUIntBE(at, width) };
}
