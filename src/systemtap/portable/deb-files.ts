/** The files of a .deb that are wanted, in memory. */
import { TapprepError } from '../../errors.ts';
import { scanDebData } from '../../trust/deb-data.ts';

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
  const chunks = new Map<string, Buffer[]>();
  const links = new Map<string, string>();
  let wantedBytes = 0;
  await scanDebData(
    path,
    temporaryDirectory,
    (entry) => {
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
    (unpackedBytes) => {
      if (unpackedBytes <= MAX_UNPACKED_BYTES && wantedBytes <= MAX_WANTED_BYTES) return;
      throw new TapprepError('TOO_LARGE', `${path} unpacks to more than any package of SystemTap has`, {
        facts: { unpackedBytes, wantedBytes },
      });
    },
  );
  return { files: new Map(Array.from(chunks, ([name, pieces]) => [name, Buffer.concat(pieces)])), links };
}
