/** Where a front end puts what it is only asked for, so that nothing that it keeps is changed. */
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { script } from '../host/scripts.ts';
import { MARKER_NAME, MARKER_TEXT } from '../install/marks.ts';

/** Prints the path of a directory that `remove` knows, should this run be killed. */
const MAKE = `
directory=$(mktemp -d /var/tmp/tapprep-front-end-XXXXXXXX) || exit
printf '%s\\n' '${MARKER_TEXT}' >"$directory/${MARKER_NAME}" && printf '%s\\n' "$directory"`;

/**
 * Makes a temporary directory on a host, which the caller takes away by dropFrontEndDirectory.
 * @throws TapprepError PERMISSION
 */
export async function makeFrontEndDirectory(host: Host, signal: AbortSignal): Promise<string> {
  const { stdout, stderr, exitCode } = await host.run(script(MAKE, []), { signal });
  const directory = stdout.trim();
  if (exitCode === 0 && directory.startsWith('/var/tmp/tapprep-front-end-')) return directory;
  throw new TapprepError('PERMISSION', `no directory could be made in /var/tmp of ${host.name}: ${stderr.trim()}`);
}

/** Takes such a directory away, its contents too. */
export async function dropFrontEndDirectory(host: Host, directory: string): Promise<void> {
  await host.run(['rm', '-rf', directory]);
}
