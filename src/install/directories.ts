/** Directories that tapprep made on a target: known by the marker inside, taken away as a whole. */
import { posix } from 'node:path';
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';

/** The file in each such directory, and what its "schema" begins with. */
const MARKER = 'manifest.json';
const SCHEMA = /^\s*\{\s*"schema":\s*"tapprep-[a-z]+\/\d+"/;

/** Whether a directory of the target carries tapprep's marker. */
export async function isOurs(host: Host, path: string): Promise<boolean> {
  return SCHEMA.test(((await host.readText(posix.join(path, MARKER))) ?? '').slice(0, 200));
}

/** Whether a path of the target is a directory, and no link to one. */
export async function isDirectory(host: Host, path: string): Promise<boolean> {
  const found = await host.run(['sh', '-c', '[ -d "$1" ] && [ ! -h "$1" ]', 'sh', path]);
  return found.exitCode === 0;
}

/**
 * Removes a directory with everything in it; absent is fine. By rm(1) of the target itself, which follows no link.
 * @throws TapprepError PERMISSION
 */
export async function removeTree(host: Host, path: string): Promise<void> {
  const result = await host.run(['rm', '-rf', '--', path]);
  const parent = posix.dirname(path);
  // The directory above goes with the last thing in it; rmdir(1) refuses while there is another.
  if (result.exitCode === 0 && posix.basename(parent) === 'tapprep') await host.run(['rmdir', '--', parent]);
  if (result.exitCode === 0) return;
  throw new TapprepError('PERMISSION', `${path} on ${host.name} cannot be removed: ${result.stderr.trim()}`);
}
