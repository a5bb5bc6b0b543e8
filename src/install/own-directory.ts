/** A directory of tapprep's own on a target: made under another name, given its name as a whole, in the journal from first to last. */
import { posix } from 'node:path';
import type { Host } from '../host/host.ts';
import { explainWrite } from '../host/scripts.ts';
import { makingPath, refuseForeign, removeTree } from './directories.ts';
import { type JournalEntry, writeEntry } from './journal.ts';
import { MARKER_NAME, MARKER_TEXT } from './marks.ts';

export interface OwnDirectory {
  readonly host: Host;
  /** Absolute, on the target. */
  readonly path: string;
  /** uname -r of the kernel it is for. */
  readonly release: string;
  readonly tapprepVersion: string;
  readonly now: () => number;
  /** Where `fill` puts a marker of its own kind there first. */
  readonly hasOwnMarker?: boolean;
  /** What the journal says of it beside its name. */
  readonly about?: Pick<JournalEntry, 'placed' | 'unsigned' | 'mended'>;
}

export interface OwnDirectorySteps {
  /** Puts everything below the directory that it is given, where the marker is, but for `hasOwnMarker`. */
  readonly fill: (making: string) => Promise<void>;
  /** Tries what has its name now; where that fails, it goes again. */
  readonly check?: () => Promise<void>;
}

/**
 * One that tapprep made before is replaced, any other stays and is refused.
 * @throws TapprepError INSTALL_FAILED, PERMISSION, NO_SPACE, and what the steps throw; nothing is left behind then
 */
export async function makeOwnDirectory(directory: OwnDirectory, steps: OwnDirectorySteps): Promise<void> {
  const { host, path, about = {} } = directory;
  const making = makingPath(path);
  const entry: JournalEntry = {
    at: new Date(directory.now()).toISOString(),
    tapprep: directory.tapprepVersion,
    release: directory.release,
    state: 'started',
    packages: [],
    replaced: [],
    files: [making, path],
  };
  await refuseForeign(host, path);
  await writeEntry(host, { ...entry, ...about });
  let isThere = false;
  try {
    await removeTree(host, making);
    if (directory.hasOwnMarker !== true)
      await host.writeFile(posix.join(making, MARKER_NAME), `${MARKER_TEXT}\n`, 0o644);
    await steps.fill(making);
    await removeTree(host, path);
    await rename(host, making, path);
    isThere = true;
    await steps.check?.();
    await writeEntry(host, { ...entry, ...about, state: 'done', files: [path] });
  } catch (error) {
    await removeTree(host, isThere ? path : making);
    await writeEntry(host, { ...entry, state: 'failed', files: [] });
    throw error;
  }
}

async function rename(host: Host, from: string, to: string): Promise<void> {
  const { exitCode, stderr } = await host.run(['mv', '--', from, to]);
  if (exitCode !== 0) throw explainWrite(host.name, to, stderr);
}
