/** Puts debug information that no package manager knows on a target, in a directory of its own, and into the target's journal. */
import { posix } from 'node:path';
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { PlacedFile } from '../types.ts';
import { makingPath, refuseForeign, removeTree } from './directories.ts';
import { type JournalEntry, writeEntry } from './journal.ts';
import { MARKER_NAME, MARKER_TEXT } from './marks.ts';

/** A file that was checked. */
export interface DebugFile {
  /** On this machine. */
  readonly source: string;
  /** Where it goes. */
  readonly file: PlacedFile;
}

export interface PlaceDebugFilesRequest {
  readonly host: Host;
  /** On the target; all files go below it. */
  readonly directory: string;
  readonly files: readonly DebugFile[];
  /** uname -r of the kernel they are for. */
  readonly release: string;
  readonly tapprepVersion: string;
  readonly now: () => number;
}

/**
 * The directory appears whole under its name; one that tapprep made before is replaced, any other stays and is refused.
 * @throws TapprepError INSTALL_FAILED, PERMISSION, NO_SPACE; nothing is left behind then
 */
export async function placeDebugFiles(request: PlaceDebugFilesRequest): Promise<void> {
  const { host, directory, files, release, tapprepVersion, now } = request;
  const making = makingPath(directory);
  const unsigned = files.flatMap(({ file: { signed, ...file } }) =>
    signed || file.buildId === null ? [] : [{ ...file, buildId: file.buildId }],
  );
  const entry: JournalEntry = {
    at: new Date(now()).toISOString(),
    tapprep: tapprepVersion,
    release,
    state: 'started',
    packages: [],
    replaced: [],
    files: [making, directory],
    ...(unsigned.length === 0 ? {} : { unsigned }),
  };
  await refuseForeign(host, directory);
  await writeEntry(host, entry);
  try {
    await removeTree(host, making);
    await host.writeFile(posix.join(making, MARKER_NAME), `${MARKER_TEXT}\n`, 0o644);
    for (const { source, file } of files)
      await host.putFile(source, posix.join(making, posix.relative(directory, file.path)), 0o644);
    await removeTree(host, directory);
    const moved = await host.run(['mv', '--', making, directory]);
    if (moved.exitCode !== 0)
      throw new TapprepError(
        'INSTALL_FAILED',
        `${directory} could not be made on ${host.name}: ${moved.stderr.trim()}`,
      );
    await writeEntry(host, { ...entry, state: 'done', files: [directory] });
  } catch (error) {
    await removeTree(host, making);
    await writeEntry(host, { ...entry, state: 'failed', files: [] });
    throw error;
  }
}
