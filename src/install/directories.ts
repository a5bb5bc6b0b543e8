/** Directories that tapprep made on a target: known by the marker inside, taken away as a whole. */
import { quoteWord } from '../vm/shell-words.ts';
import { posix } from 'node:path';
import { TapprepError } from '../errors.ts';
import { run } from '../make-remedy.ts';
import type { Host } from '../host/host.ts';

/** The file in each such directory, and what its "schema" begins with. */
const MARKER = 'manifest.json';
const SCHEMA = /^\s*\{\s*"schema":\s*"tapprep-[a-z]+\/\d+"/;

/** Beside a directory while it is made, and while it is taken away: whatever a kill leaves of it, its name says whose it is. */
const MAKING = '.tapprep-making';
const REMOVING = '.tapprep-removing';

/** Where a directory of the target is made, to be given its name as a whole. */
export function makingPath(path: string): string {
  return `${path}${MAKING}`;
}

/** Whether a directory of the target carries tapprep's marker, or the name of one that is still being made. */
export async function isOurs(host: Host, path: string): Promise<boolean> {
  if (path.endsWith(MAKING)) return true;
  return SCHEMA.test(((await host.readText(posix.join(path, MARKER))) ?? '').slice(0, 200));
}

/**
 * Before something of tapprep is put there: in that place may be nothing, or an empty directory, or what tapprep made.
 * @throws TapprepError INSTALL_FAILED
 */
export async function refuseForeign(host: Host, path: string): Promise<void> {
  const there = await host.run(['ls', '-A', '--', path]);
  if (there.exitCode !== 0 || there.stdout === '' || (await isOurs(host, path))) return;
  throw new TapprepError('INSTALL_FAILED', `${path} on ${host.name} is there already and was not made by tapprep`, {
    remedy: run(`ls -la ${quoteWord(path)}`),
    facts: { path },
  });
}

/** Whether a path of the target is a directory, and no link to one. */
export async function isDirectory(host: Host, path: string): Promise<boolean> {
  const found = await host.run(['sh', '-c', '[ -d "$1" ] && [ ! -h "$1" ]', 'sh', path]);
  return found.exitCode === 0;
}

/** A directory loses its name at once: killed half-way, rm would leave one without the marker. */
const REMOVE = '[ ! -d "$1" ] || [ -h "$1" ] || mv -- "$1" "$2"; exec rm -rf -- "$1" "$2"';

/**
 * Removes a file, a link or a directory with everything in it, and what an earlier removal left; absent is fine. By rm(1) of
 * the target itself, which follows no link.
 * @throws TapprepError PERMISSION
 */
export async function removeTree(host: Host, path: string): Promise<void> {
  const result = await host.run(['sh', '-c', REMOVE, 'sh', path, `${path}${REMOVING}`]);
  const parent = posix.dirname(path);
  // The directory above goes with the last thing in it; rmdir(1) refuses while there is another.
  if (result.exitCode === 0 && posix.basename(parent) === 'tapprep') await host.run(['rmdir', '--', parent]);
  if (result.exitCode === 0) return;
  throw new TapprepError('PERMISSION', `${path} on ${host.name} cannot be removed: ${result.stderr.trim()}`);
}
