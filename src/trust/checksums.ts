/** Digests: read from text, and compared with the bytes of a file. */
import { isErrno, TapprepError } from '../errors.ts';
import { hashFile, type HashedFile } from '../files/hash-file.ts';
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
 * @throws TapprepError SIZE_MISMATCH | DIGEST_MISMATCH | NOT_FOUND, each with both sides; INTERRUPTED.
 */
export async function verifyFileDigest(
  path: string,
  expected: Digest,
  sizeBytes: number | null,
  signal: AbortSignal,
): Promise<{ readonly sha256: Sha256; readonly sizeBytes: number }> {
  const hashed = await hashExisting(path, [...new Set([expected.algorithm, 'sha256' as const])], signal);
  if (sizeBytes !== null && hashed.sizeBytes !== sizeBytes) {
    throw new TapprepError('SIZE_MISMATCH', `${path} has ${hashed.sizeBytes} bytes, the index names ${sizeBytes}`, {
      facts: { path, sizeBytes: hashed.sizeBytes, expectedBytes: sizeBytes },
    });
  }
  const found = hashed.hex[expected.algorithm] ?? '';
  if (found !== expected.hex) {
    throw new TapprepError(
      'DIGEST_MISMATCH',
      `${path} has ${expected.algorithm} ${found}, the index names ${expected.hex}`,
      { facts: { path, found, expected: expected.hex, algorithm: expected.algorithm } },
    );
  }
  return { sha256: hashed.hex.sha256 as Sha256, sizeBytes: hashed.sizeBytes };
}

async function hashExisting(
  path: string,
  algorithms: readonly Digest['algorithm'][],
  signal: AbortSignal,
): Promise<HashedFile> {
  try {
    return await hashFile(path, algorithms, signal);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    throw new TapprepError('NOT_FOUND', `${path} does not exist, so it cannot be checked`, { cause: error });
  }
}
