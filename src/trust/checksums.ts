/** Digests: read from text, and compared with the bytes of a file. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isErrno, TapprepError } from '../errors.ts';
import type { Digest, Sha256 } from '../types.ts';

const HEX_DIGITS: Readonly<Record<Digest['algorithm'], number>> = { sha1: 40, sha256: 64, sha384: 96, sha512: 128 };

/** A SHA-256 as 64 hex digits of either case, or null. */
export function parseSha256(text: string): Sha256 | null {
  return /^[0-9a-fA-F]{64}$/.test(text) ? (text.toLowerCase() as Sha256) : null;
}

/** Whether the hex text has the length and digits of its algorithm. */
export function isWellFormedDigest(digest: Digest): boolean {
  return digest.hex.length === HEX_DIGITS[digest.algorithm] && /^[0-9a-f]+$/.test(digest.hex);
}

/**
 * Reads a file once and compares size and digest; returns its SHA-256 and size in bytes for the record. A file with a
 * SHA-1 alone is compared by it; whether that is enough is decided where the requirement is made.
 * @throws TapprepError SIZE_MISMATCH | DIGEST_MISMATCH | NOT_FOUND, each with both sides.
 */
export async function verifyFileDigest(
  path: string,
  expected: Digest,
  sizeBytes: number | null,
): Promise<{ readonly sha256: Sha256; readonly sizeBytes: number }> {
  const size = await sizeOf(path);
  if (sizeBytes !== null && size !== sizeBytes) {
    throw new TapprepError('SIZE_MISMATCH', `${path} has ${size} bytes, the index names ${sizeBytes}`, {
      facts: { path, sizeBytes: size, expectedBytes: sizeBytes },
    });
  }
  const wanted = createHash(expected.algorithm);
  const sha256 = expected.algorithm === 'sha256' ? wanted : createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    wanted.update(chunk);
    if (sha256 !== wanted) sha256.update(chunk);
  }
  const found = wanted.digest('hex');
  if (found !== expected.hex) {
    throw new TapprepError(
      'DIGEST_MISMATCH',
      `${path} has ${expected.algorithm} ${found}, the index names ${expected.hex}`,
      { facts: { path, found, expected: expected.hex, algorithm: expected.algorithm } },
    );
  }
  return { sha256: (sha256 === wanted ? found : sha256.digest('hex')) as Sha256, sizeBytes: size };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    throw new TapprepError('NOT_FOUND', `${path} does not exist, so it cannot be checked`, { cause: error });
  }
}
