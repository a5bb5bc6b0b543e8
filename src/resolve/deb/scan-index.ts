/** Streams the paragraphs of a Packages index; memory does not grow with its size. */
import { createHash } from 'node:crypto';
import { TapprepError } from '../../errors.ts';
import { refuseWhenStopped } from '../../interruption.ts';
import { unpackFile } from '../../fetch/unpack.ts';
import { MAX_PARAGRAPH_CHARS } from './control.ts';
import type { OpenIndex } from './open-index.ts';

/** Where the Release names no unpacked size. */
const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024;

/**
 * Calls back with the text of every paragraph (bytes as latin1: all that is read of it is ASCII), then compares what was
 * unpacked with the Release file. What the callback collected must be thrown away when this throws.
 * @throws TapprepError BAD_METADATA | DIGEST_MISMATCH | SIZE_MISMATCH | TOO_LARGE | TOOL_MISSING | INTERRUPTED
 */
export async function scanIndex(
  index: OpenIndex,
  onParagraph: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const hash = createHash('sha256');
  const limit = index.unpacked?.sizeBytes ?? MAX_UNPACKED_BYTES;
  let size = 0;
  let carry = '';
  for await (const piece of unpackFile(index.path)) {
    size += piece.length;
    if (size > limit)
      throw new TapprepError('TOO_LARGE', `${index.name} unpacks to more than the ${limit} bytes stated`);
    refuseWhenStopped(signal, `while reading ${index.name}`);
    hash.update(piece);
    carry = splitParagraphs(carry + latin1(piece), onParagraph);
    if (carry.length > MAX_PARAGRAPH_CHARS) {
      throw new TapprepError('BAD_METADATA', `${index.name} has a paragraph of more than ${MAX_PARAGRAPH_CHARS} bytes`);
    }
  }
  if (carry.trim() !== '') onParagraph(carry.trimEnd());
  requireUnpacked(index, size, hash.digest('hex'));
}

/** Calls back for each finished paragraph and returns the rest. */
function splitParagraphs(text: string, onParagraph: (text: string) => void): string {
  let at = 0;
  for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n', at)) {
    if (end > at) onParagraph(text.slice(at, end));
    at = end + 2;
    while (text.charAt(at) === '\n') at += 1;
  }
  return text.slice(at);
}

function latin1(piece: Uint8Array): string {
  return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('latin1');
}

/** A decoder's clean end proves nothing: only length and digest of what came out do. */
function requireUnpacked(index: OpenIndex, size: number, sha256: string): void {
  const expected = index.unpacked;
  if (expected === null) return;
  if (size !== expected.sizeBytes) {
    throw new TapprepError(
      'SIZE_MISMATCH',
      `${index.name} unpacks to ${size} bytes, its Release names ${expected.sizeBytes}`,
    );
  }
  if (sha256 !== expected.sha256) {
    throw new TapprepError(
      'DIGEST_MISMATCH',
      `${index.name} unpacks to sha256 ${sha256}, its Release names ${expected.sha256}`,
    );
  }
}
