/** The digests that an rpm carries of itself. They show damage; only a signature or an index shows who made it. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { TapprepError } from '../errors.ts';
import type { Digest, Sha256 } from '../types.ts';
import type { RpmHead } from './rpm-header.ts';

const SIGNATURE_TAG = { sha1: 269, longSize: 270, sha256: 273, size: 1000, md5: 1004 } as const;
const HEADER_TAG = { payloadDigest: 5092, payloadDigestAlgorithm: 5093 } as const;
/** OpenPGP's numbers of hash algorithms. */
const ALGORITHMS: Readonly<Record<number, Digest['algorithm']>> = { 2: 'sha1', 8: 'sha256', 9: 'sha384', 10: 'sha512' };

/** The digest of the packed payload that the header names, so that who signs the header signs the payload too. */
export function payloadDigestOf(head: RpmHead): Digest | null {
  const [hex] = head.header.texts(HEADER_TAG.payloadDigest) ?? [];
  const [number = 8] = head.header.numbers(HEADER_TAG.payloadDigestAlgorithm) ?? [];
  const algorithm = ALGORITHMS[number];
  return hex === undefined || algorithm === undefined || algorithm === 'sha1' ? null : { algorithm, hex };
}

/**
 * Holds the header against the digests of it in the signature header; returns sentences for the record.
 * @throws TapprepError BAD_PACKAGE when one does not fit, or there is none at all
 */
export function checkHeaderDigests(head: RpmHead, name: string): readonly string[] {
  const checks: string[] = [];
  for (const algorithm of ['sha256', 'sha1'] as const) {
    const [stated] = head.signature.texts(SIGNATURE_TAG[algorithm]) ?? [];
    if (stated === undefined) continue;
    const found = createHash(algorithm).update(head.header.bytes).digest('hex');
    if (found !== stated.toLowerCase()) throw mismatch(name, `header has the ${algorithm} ${found}`, stated);
    checks.push(`header has the ${algorithm} that the package states`);
  }
  if (checks.length === 0) throw new TapprepError('BAD_PACKAGE', `${name} states no digest of its own header`);
  return checks;
}

/** What one pass over the whole file tells. */
export interface FileDigests {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  /** The digest asked for; null when none was. */
  readonly wanted: string | null;
  readonly checks: readonly string[];
}

/**
 * Reads the file once: its SHA-256, the digest of `algorithm`, and whether length and payload are those that the package
 * states. MD5 is compared where an old package has nothing better, and said to prove no more than a whole download.
 * @throws TapprepError BAD_PACKAGE | INTERRUPTED
 */
export async function checkWholeFile(
  path: string,
  head: RpmHead,
  name: string,
  algorithm: Digest['algorithm'] | null,
  signal: AbortSignal,
): Promise<FileDigests> {
  const payload = payloadDigestOf(head);
  const md5 = payload === null ? (head.signature.binary(SIGNATURE_TAG.md5)?.toString('hex') ?? null) : null;
  const whole = createHash('sha256');
  const wanted = algorithm === null || algorithm === 'sha256' ? null : createHash(algorithm);
  const payloadHash = payload === null ? null : createHash(payload.algorithm);
  const legacyHash = md5 === null ? null : createHash('md5');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    if (signal.aborted) throw new TapprepError('INTERRUPTED', `stopped while checking ${name}`);
    whole.update(chunk);
    wanted?.update(chunk);
    updateFrom(payloadHash, chunk, bytes, head.payloadStart);
    updateFrom(legacyHash, chunk, bytes, head.headerStart);
    bytes += chunk.length;
  }

  const checks: string[] = [];
  const stated = statedSize(head);
  if (stated !== null) {
    const found = bytes - head.headerStart;
    if (found !== stated) throw mismatch(name, `header and payload have ${found} bytes`, `${stated}`);
    checks.push('length is the one that the package states');
  }
  if (payload !== null && payloadHash !== null) {
    const found = payloadHash.digest('hex');
    if (found !== payload.hex) throw mismatch(name, `payload has the ${payload.algorithm} ${found}`, payload.hex);
    checks.push(`payload has the ${payload.algorithm} that the header states`);
  } else if (md5 !== null && legacyHash !== null) {
    const found = legacyHash.digest('hex');
    if (found !== md5) throw mismatch(name, `header and payload have the MD5 ${found}`, md5);
    checks.push('header and payload have the MD5 that the package states, which shows a whole file and no more');
  }
  const sha256 = whole.digest('hex') as Sha256;
  return {
    sha256,
    sizeBytes: bytes,
    wanted: algorithm === 'sha256' ? sha256 : (wanted?.digest('hex') ?? null),
    checks,
  };
}

/** Feeds the part of a chunk that lies at or behind `from`; `at` is where the chunk begins in the file. */
function updateFrom(hash: Hash | null, chunk: Buffer, at: number, from: number): void {
  if (hash === null || at + chunk.length <= from) return;
  hash.update(at >= from ? chunk : chunk.subarray(from - at));
}

function statedSize(head: RpmHead): number | null {
  const { signature } = head;
  return signature.numbers(SIGNATURE_TAG.longSize)?.[0] ?? signature.numbers(SIGNATURE_TAG.size)?.[0] ?? null;
}

function mismatch(name: string, found: string, stated: string): TapprepError {
  return new TapprepError('BAD_PACKAGE', `${name} is damaged or was changed: its ${found}, it states ${stated}`);
}
