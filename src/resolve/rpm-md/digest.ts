/** Digests as rpm metadata writes them. Pure. */
import type { Digest } from '../../types.ts';

/** createrepo's names; "sha" is what EL5 and EL6 call SHA-1. MD5 is left out: it proves nothing. */
const ALGORITHMS: Readonly<Record<string, Digest['algorithm']>> = {
  sha: 'sha1',
  sha1: 'sha1',
  sha256: 'sha256',
  sha384: 'sha384',
  sha512: 'sha512',
  'sha-1': 'sha1',
  'sha-256': 'sha256',
  'sha-384': 'sha384',
  'sha-512': 'sha512',
};
const HEX_LENGTH: Readonly<Record<Digest['algorithm'], number>> = { sha1: 40, sha256: 64, sha384: 96, sha512: 128 };

/** A digest of an accepted kind and of that kind's length, or null. */
export function parseDigest(type: string | undefined, hex: string): Digest | null {
  const algorithm = type === undefined || !Object.hasOwn(ALGORITHMS, type) ? undefined : ALGORITHMS[type];
  if (algorithm === undefined || hex.length !== HEX_LENGTH[algorithm] || !/^[0-9a-fA-F]+$/.test(hex)) return null;
  return { algorithm, hex: hex.toLowerCase() };
}

/** SHA-256 and longer: what may stand for a file on its own. */
export function isStrongDigest(digest: Digest | null): digest is Digest {
  return digest !== null && digest.algorithm !== 'sha1';
}
