/** The digests that an rpm carries of itself. They show damage; only a signature or an index shows who made it. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { isTapprepError, TapprepError } from '../errors.ts';
import { refuseWhenStopped } from '../interruption.ts';
import type { Digest, Sha256 } from '../types.ts';
import type { InnerDigest, InnerSpan } from '../fetch/request.ts';
import { type RpmHead, readRpmHead } from './rpm-header.ts';

const SIGNATURE_TAG = { sha1: 269, longSize: 270, sha256: 273, size: 1000, md5: 1004 } as const;
const HEADER_TAG = { payloadDigest: 5092, payloadDigestAlgorithm: 5093 } as const;
/** One buffer for a whole file: a stream's many would wait for the collector. */
const BLOCK = 1 << 20;
/** OpenPGP's numbers of hash algorithms. */
const ALGORITHMS: Readonly<Record<number, Digest['algorithm']>> = { 2: 'sha1', 8: 'sha256', 9: 'sha384', 10: 'sha512' };

/** The digest of the packed payload that the header names, so that who signs the header signs the payload too. */
export function payloadDigestOf(head: RpmHead): Digest | null {
  const [hex] = head.header.texts(HEADER_TAG.payloadDigest) ?? [];
  const [number = 8] = head.header.numbers(HEADER_TAG.payloadDigestAlgorithm) ?? [];
  const algorithm = ALGORITHMS[number];
  return hex === undefined || algorithm === undefined || algorithm === 'sha1' ? null : { algorithm, hex };
}

/** Where the payload begins and how it is digested, so that this can be done while the file arrives. Proves nothing. */
export const findRpmPayload: InnerSpan = (prefix) => {
  try {
    const head = readRpmHead(prefix);
    if ('needBytes' in head) return head;
    const digest = payloadDigestOf(head);
    return digest === null ? null : { algorithm: digest.algorithm, from: head.payloadStart };
  } catch (error) {
    // The check of the whole file says what is wrong with it.
    if (isTapprepError(error)) return null;
    throw error;
  }
};

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

/** Digests that were taken of this very file a moment ago: of all of it, and of its payload if that was asked for. */
export interface KnownDigests {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  /** By the algorithm that the index names; null where it names none. */
  readonly wanted: string | null;
  readonly inner: InnerDigest | null;
}

/**
 * The file's SHA-256, the digest of `algorithm`, and whether length and payload are those that the package states; reads
 * the file once for what is not known. MD5 is compared where an old package has nothing better, and said to prove no
 * more than a whole download.
 * @throws TapprepError BAD_PACKAGE | INTERRUPTED
 */
export async function checkWholeFile(
  path: string,
  head: RpmHead,
  name: string,
  algorithm: Digest['algorithm'] | null,
  signal: AbortSignal,
  known: KnownDigests | null,
): Promise<FileDigests> {
  const payload = payloadDigestOf(head);
  const md5 = payload === null ? (head.signature.binary(SIGNATURE_TAG.md5)?.toString('hex') ?? null) : null;
  const spans: Span[] = [
    ...(known === null ? [{ algorithm: 'sha256' as const, from: 0 }] : []),
    ...(known !== null || algorithm === null || algorithm === 'sha256' ? [] : [{ algorithm, from: 0 }]),
  ];
  const inner = payload !== null && isOf(known?.inner ?? null, payload, head) ? (known?.inner?.hex ?? null) : null;
  if (payload !== null && inner === null) spans.push({ algorithm: payload.algorithm, from: head.payloadStart });
  if (md5 !== null) spans.push({ algorithm: 'md5', from: head.headerStart });
  const found = await digestSpans(path, spans, name, signal);
  const digestFrom = (wanted: string, from: number): string | null =>
    found.hex[spans.findIndex((span) => span.algorithm === wanted && span.from === from)] ?? null;

  const bytes = known?.sizeBytes ?? found.sizeBytes;
  const checks: string[] = [];
  const stated = statedSize(head);
  if (stated !== null) {
    const has = bytes - head.headerStart;
    if (has !== stated) throw mismatch(name, `header and payload have ${has} bytes`, `${stated}`);
    checks.push('length is the one that the package states');
  }
  if (payload !== null) {
    const has = inner ?? digestFrom(payload.algorithm, head.payloadStart) ?? 'none';
    if (has !== payload.hex) throw mismatch(name, `payload has the ${payload.algorithm} ${has}`, payload.hex);
    checks.push(`payload has the ${payload.algorithm} that the header states`);
  } else if (md5 !== null) {
    const has = digestFrom('md5', head.headerStart) ?? 'none';
    if (has !== md5) throw mismatch(name, `header and payload have the MD5 ${has}`, md5);
    checks.push('header and payload have the MD5 that the package states, which shows a whole file and no more');
  }
  const sha256 = known?.sha256 ?? (digestFrom('sha256', 0) as Sha256);
  const wanted = algorithm === 'sha256' ? sha256 : (known?.wanted ?? digestFrom(algorithm ?? '', 0));
  return { sha256, sizeBytes: bytes, wanted, checks };
}

/** A digest of everything from byte `from` on. */
interface Span {
  readonly algorithm: Digest['algorithm'] | 'md5';
  readonly from: number;
}

function isOf(inner: InnerDigest | null, payload: Digest, head: RpmHead): boolean {
  return inner !== null && inner.algorithm === payload.algorithm && inner.from === head.payloadStart;
}

async function digestSpans(
  path: string,
  spans: readonly Span[],
  name: string,
  signal: AbortSignal,
): Promise<{ readonly sizeBytes: number; readonly hex: readonly string[] }> {
  if (spans.length === 0) return { sizeBytes: 0, hex: [] };
  const hashes = spans.map(({ algorithm }) => createHash(algorithm));
  const start = Math.min(...spans.map(({ from }) => from));
  const file = await open(path);
  try {
    const block = Buffer.allocUnsafeSlow(BLOCK);
    let at = start;
    for (;;) {
      refuseWhenStopped(signal, `while checking ${name}`);
      const { bytesRead } = await file.read(block, 0, BLOCK, at);
      if (bytesRead === 0) break;
      const piece = block.subarray(0, bytesRead);
      for (const [index, { from }] of spans.entries()) {
        if (at + bytesRead > from) hashes[index]?.update(piece.subarray(Math.max(0, from - at)));
      }
      at += bytesRead;
    }
    return { sizeBytes: at, hex: hashes.map((hash) => hash.digest('hex')) };
  } finally {
    await file.close();
  }
}

function statedSize(head: RpmHead): number | null {
  const { signature } = head;
  return signature.numbers(SIGNATURE_TAG.longSize)?.[0] ?? signature.numbers(SIGNATURE_TAG.size)?.[0] ?? null;
}

function mismatch(name: string, found: string, stated: string): TapprepError {
  return new TapprepError('BAD_PACKAGE', `${name} is damaged or was changed: its ${found}, it states ${stated}`);
}
