/** Puts debug information that no package manager knows on a target, in a directory of its own. */
import { posix } from 'node:path';
import type { PlacedFile } from '../types.ts';
import { refuseForeign } from './directories.ts';
import { makeOwnDirectory, type OwnDirectory } from './own-directory.ts';
import { refuseOthers } from './shared-directory.ts';

/** A file that was checked. */
export interface DebugFile {
  /** On this machine. */
  readonly source: string;
  /** Where it goes, below the directory. */
  readonly file: PlacedFile;
}

/** @throws TapprepError as makeOwnDirectory, and as refuseOthers */
export async function placeDebugFiles(
  directory: Omit<OwnDirectory, 'about'>,
  files: readonly DebugFile[],
): Promise<void> {
  const { host, path } = directory;
  const unsigned = files.flatMap(({ file: { signed, ...file } }) =>
    signed || file.buildId === null ? [] : [{ ...file, buildId: file.buildId }],
  );
  const placed = files.map(({ file: { path: place, sha256 } }) => ({ path: place, sha256 }));
  const about = { placed, ...(unsigned.length === 0 ? {} : { unsigned }) };
  const fill = async (making: string): Promise<void> => {
    for (const { source, file } of files)
      await host.putFile(source, posix.join(making, posix.relative(path, file.path)), 0o644);
  };
  await refuseForeign(host, path);
  await refuseOthers(host, path);
  await makeOwnDirectory({ ...directory, about }, { fill });
}
