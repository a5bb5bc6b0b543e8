/** Chosen files of a .deb, each under a path of our own making: no name in the package ever becomes a path. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { scanDebData } from '../trust/deb-data.ts';

/**
 * @param directory where the packed data.tar may lie meanwhile
 * @param placeOf where the content of a plain file goes; null for one that is not wanted
 * @throws TapprepError BAD_PACKAGE, TOO_LARGE, TOOL_MISSING
 */
export function readDebFiles(
  path: string,
  _fileName: string,
  directory: string,
  placeOf: (entry: string) => string | null,
): Promise<void> {
  return scanDebData(path, directory, (entry) => {
    const isFile = entry.type === 'File' || entry.type === 'OldFile';
    const place = isFile ? placeOf(entry.path) : null;
    if (place === null) {
      entry.resume();
      return;
    }
    const file = openNew(place);
    entry.on('data', (piece: Buffer) => writeSync(file, piece));
    entry.on('end', () => closeSync(file));
  });
}

function openNew(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  return openSync(path, 'wx', 0o600);
}
