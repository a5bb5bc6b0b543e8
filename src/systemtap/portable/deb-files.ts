/** The files of a .deb that are wanted, read without dpkg: the data.tar is unpacked as a stream and nothing is written by its names. */
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isTapprepError, TapprepError } from '../../errors.ts';
import { withTemporaryDirectory } from '../../files/temporary-directory.ts';
import { unpackFile } from '../../fetch/unpack.ts';
import { locateDataMember } from '../../trust/deb-archive.ts';

/** What a package has of the wanted paths. Paths are relative and without "..". */
export interface DebFiles {
  readonly files: ReadonlyMap<string, Buffer>;
  /** Symbolic and hard links: path to target as written (hard links: the path in the package, with a leading "/"). */
  readonly links: ReadonlyMap<string, string>;
}

/** The largest package of a set (the C++ library, NSS, SystemTap itself) unpacks to 15 MB. */
const MAX_WANTED_BYTES = 128 * 1024 * 1024;
const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024;

/**
 * Reads the files whose paths are wanted.
 * @param temporaryDirectory where the packed data.tar may lie meanwhile
 * @throws TapprepError BAD_PACKAGE when it is damaged, TOO_LARGE, NOT_FOUND, TOOL_MISSING without xz.
 */
export async function readDebFiles(
  path: string,
  wants: (path: string) => boolean,
  temporaryDirectory: string,
): Promise<DebFiles> {
  const member = await locateDataMember(path);
  try {
    return await withTemporaryDirectory(temporaryDirectory, 'data-', async (directory) => {
      const packed = join(directory, 'data.tar');
      const end = member.from + member.bytes - 1;
      await pipeline(createReadStream(path, { start: member.from, end }), createWriteStream(packed, { mode: 0o600 }));
      return await readTar(packed, wants);
    });
  } catch (error) {
    if (!isTapprepError(error, 'BAD_METADATA')) throw error;
    throw new TapprepError('BAD_PACKAGE', `${path} has a data.tar that cannot be read: ${error.message}`, {
      cause: error,
    });
  }
}

async function readTar(packed: string, wants: (path: string) => boolean): Promise<DebFiles> {
  // Loaded here: only putting a SystemTap together comes this far.
  const { Parser } = await import('tar');
  const chunks = new Map<string, Buffer[]>();
  const links = new Map<string, string>();
  let wantedBytes = 0;
  let problem: Error | null = null;
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      const name = entry.path.replace(/^(?:\.?\/)+/, '').replace(/\/$/, '');
      if (name.split('/').includes('..') || !wants(name)) return entry.resume();
      if (entry.type === 'SymbolicLink') links.set(name, entry.linkpath ?? '');
      if (entry.type === 'Link') links.set(name, `/${(entry.linkpath ?? '').replace(/^(?:\.?\/)+/, '')}`);
      if (entry.type !== 'File' && entry.type !== 'OldFile') return entry.resume();
      const pieces: Buffer[] = [];
      chunks.set(name, pieces);
      entry.on('data', (piece: Buffer) => {
        wantedBytes += piece.length;
        if (wantedBytes <= MAX_WANTED_BYTES) pieces.push(Buffer.from(piece));
      });
    },
  });
  parser.on('error', (error: Error) => (problem ??= error));
  let unpackedBytes = 0;
  for await (const piece of unpackFile(packed)) {
    unpackedBytes += piece.length;
    if (unpackedBytes > MAX_UNPACKED_BYTES || wantedBytes > MAX_WANTED_BYTES) {
      throw new TapprepError('TOO_LARGE', `${packed} unpacks to more than any package of SystemTap has`, {
        facts: { unpackedBytes, wantedBytes },
      });
    }
    // A copy: the piece's memory is given back as soon as the next one is asked for.
    parser.write(Buffer.from(piece));
  }
  parser.end();
  if (problem !== null) throw new TapprepError('BAD_METADATA', `the tar is malformed: ${String(problem)}`);
  return { files: new Map(Array.from(chunks, ([name, pieces]) => [name, Buffer.concat(pieces)])), links };
}
