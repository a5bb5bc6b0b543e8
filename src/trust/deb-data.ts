/** The data.tar of a .deb as a stream, read without dpkg: nothing is written by its names. */
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ReadEntry } from 'tar';
import { isTapprepError, TapprepError } from '../errors.ts';
import { unpackFile } from '../fetch/unpack.ts';
import { withTemporaryDirectory } from '../files/temporary-directory.ts';
import { locateDataMember } from './deb-archive.ts';

/**
 * Hands every entry to `onEntry`, which takes its content or lets it pass by `resume()`.
 * @param temporaryDirectory where the packed data.tar may lie meanwhile
 * @param onPiece told of what was unpacked so far, in bytes; it may throw
 * @throws TapprepError BAD_PACKAGE when it is damaged, TOO_LARGE, NOT_FOUND, TOOL_MISSING without xz.
 */
export async function scanDebData(
  path: string,
  temporaryDirectory: string,
  onEntry: (entry: ReadEntry) => void,
  onPiece: (unpackedBytes: number) => void = () => undefined,
): Promise<void> {
  const member = await locateDataMember(path);
  try {
    await withTemporaryDirectory(temporaryDirectory, 'data-', async (directory) => {
      const packed = join(directory, 'data.tar');
      const end = member.from + member.bytes - 1;
      await pipeline(createReadStream(path, { start: member.from, end }), createWriteStream(packed, { mode: 0o600 }));
      await scanTar(packed, onEntry, onPiece);
    });
  } catch (error) {
    if (!isTapprepError(error, 'BAD_METADATA')) throw error;
    throw new TapprepError('BAD_PACKAGE', `${path} has a data.tar that cannot be read: ${error.message}`, {
      cause: error,
    });
  }
}

async function scanTar(
  packed: string,
  onEntry: (entry: ReadEntry) => void,
  onPiece: (unpackedBytes: number) => void,
): Promise<void> {
  // Loaded here: only what takes files out of packages comes this far.
  const { Parser } = await import('tar');
  let problem: Error | null = null;
  const parser = new Parser({ strict: true, onReadEntry: onEntry });
  parser.on('error', (error: Error) => (problem ??= error));
  let unpackedBytes = 0;
  for await (const piece of unpackFile(packed)) {
    unpackedBytes += piece.length;
    onPiece(unpackedBytes);
    // A copy: the piece's memory is given back as soon as the next one is asked for.
    parser.write(Buffer.from(piece));
  }
  parser.end();
  if (problem !== null) throw new TapprepError('BAD_METADATA', `the tar is malformed: ${String(problem)}`);
}
