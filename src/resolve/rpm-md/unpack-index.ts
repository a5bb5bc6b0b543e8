/** Unpacks a file that repomd.xml lists, and holds what came out against what repomd.xml says of it. */
import { createHash } from 'node:crypto';
import { TapprepError } from '../../errors.ts';
import { unpackFile } from '../../fetch/unpack.ts';
import type { PrimaryIndex } from './repomd.ts';

export interface UnpackLimits {
  /** Several times the largest file known of its kind, in bytes; one that states more is not read at all. */
  readonly mostBytes: number;
  /** Where repomd.xml states no open-size (EL5, EL6), in whose time indexes were small. */
  readonly unstatedBytes: number;
}

/**
 * Hands out the unpacked bytes piece by piece; a piece is valid until `take` returns. Nothing that was made of them may be
 * used before this returns: length and digest are known at the end, and decoders end cleanly on data that was cut short.
 * @param name what is read, for messages
 * @throws TapprepError BAD_METADATA | TOO_LARGE | TOOL_MISSING
 */
export async function unpackIndex(
  path: string,
  { openBytes, openDigest }: Pick<PrimaryIndex, 'openBytes' | 'openDigest'>,
  name: string,
  { mostBytes, unstatedBytes }: UnpackLimits,
  take: (piece: Uint8Array) => void,
): Promise<void> {
  const limit = openBytes ?? unstatedBytes;
  if (limit > mostBytes) {
    throw new TapprepError('TOO_LARGE', `${name} is stated to unpack to ${limit} bytes, more than ${mostBytes}`);
  }
  const hash = createHash(openDigest.algorithm);
  let bytes = 0;
  for await (const piece of unpackFile(path)) {
    bytes += piece.length;
    if (bytes > limit) throw overrun(name, limit, openBytes !== null);
    hash.update(piece);
    take(piece);
  }
  if (openBytes !== null && bytes !== openBytes) {
    throw new TapprepError('BAD_METADATA', `${name} unpacks to ${bytes} bytes, repomd.xml says ${openBytes}`);
  }
  const hex = hash.digest('hex');
  if (hex === openDigest.hex) return;
  throw new TapprepError(
    'BAD_METADATA',
    `${name} unpacked has the ${openDigest.algorithm} ${hex}, repomd.xml says ${openDigest.hex}`,
  );
}

function overrun(name: string, limit: number, isStated: boolean): TapprepError {
  return isStated
    ? new TapprepError('BAD_METADATA', `${name} unpacks to more than the ${limit} bytes that repomd.xml says`)
    : new TapprepError('TOO_LARGE', `${name} unpacks to more than ${limit} bytes`);
}
