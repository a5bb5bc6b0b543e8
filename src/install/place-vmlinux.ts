/** Puts a vmlinux that is in no package on a target, in a directory of its own, and writes it into the target's journal. */
import { posix } from 'node:path';
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { PlacedFile } from '../types.ts';
import { makingPath, refuseForeign, removeTree } from './directories.ts';
import { type JournalEntry, writeEntry } from './journal.ts';
import { MARKER_NAME, MARKER_TEXT } from './marks.ts';

export interface PlaceVmlinuxRequest {
  readonly host: Host;
  /** On this machine, checked. */
  readonly source: string;
  readonly file: PlacedFile;
  /** uname -r of the kernel it is for. */
  readonly release: string;
  readonly tapprepVersion: string;
  readonly now: () => number;
}

/**
 * The directory appears whole under its name; one that tapprep made before is replaced, any other stays and is refused.
 * @throws TapprepError INSTALL_FAILED, PERMISSION, NO_SPACE; nothing is left behind then
 */
export async function placeVmlinux({
  host,
  source,
  file,
  release,
  tapprepVersion,
  now,
}: PlaceVmlinuxRequest): Promise<void> {
  const directory = posix.dirname(file.path);
  const making = makingPath(directory);
  const entry: JournalEntry = {
    at: new Date(now()).toISOString(),
    tapprep: tapprepVersion,
    release,
    state: 'started',
    packages: [],
    replaced: [],
    files: [making, directory],
    unsigned: [file],
  };
  await refuseForeign(host, directory);
  await writeEntry(host, entry);
  try {
    await removeTree(host, making);
    await host.writeFile(posix.join(making, MARKER_NAME), `${MARKER_TEXT}\n`, 0o644);
    await host.putFile(source, posix.join(making, posix.basename(file.path)), 0o644);
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
