/** A directory on a host that nobody else can write to: what is built there is loaded into a kernel by root. */
import { posix } from 'node:path';
import { TapprepError } from '../errors.ts';
import { type Host, isRemote } from '../host/host.ts';

/**
 * Makes it beside `prefix`; whoever asks for it removes it.
 * @returns its path, `prefix` with a suffix of its own
 * @throws TapprepError PERMISSION, NO_SPACE, INTERRUPTED
 */
export async function makePrivateDirectory(host: Host, prefix: string, signal: AbortSignal): Promise<string> {
  // A connection that was lost left its own; no work takes so long.
  const [parent, name] = [posix.dirname(prefix), `${posix.basename(prefix)}.??????`];
  const words = ['-maxdepth', '1', '-type', 'd', '-name', name, '-mmin', '+60', '-exec', 'rm', '-rf', '--', '{}', ';'];
  if (isRemote(host) && (await host.which('find')) !== null) await host.run(['find', parent, ...words]);
  const run = await host.run(['mktemp', '-d', `${prefix}.XXXXXX`], { signal });
  const path = run.stdout.trim();
  if (run.exitCode === 0 && path.startsWith(`${prefix}.`)) return path;
  const code = run.stderr.includes('No space left') ? 'NO_SPACE' : 'PERMISSION';
  throw new TapprepError(code, `no directory ${prefix}.XXXXXX could be made on ${host.name}: ${run.stderr.trim()}`);
}

/**
 * A directory for stap's cache in which only its owner can write: stap itself makes one that is open to everybody (mode
 * 0777), and takes modules out of it that root loads. One that is open is emptied first.
 * @returns null where none can be made, as for an ordinary user, and on another machine: then nothing is kept
 * @throws TapprepError INTERRUPTED
 */
export async function openPrivateCache(host: Host, path: string, signal: AbortSignal): Promise<string | null> {
  // On another machine nothing is left.
  if (isRemote(host)) return null;
  const make = ['mkdir', '-p', '-m', '700', '--', path];
  const isMine = async (): Promise<boolean> => {
    const [who, stat] = await Promise.all([
      host.run(['id', '-u'], { signal }),
      host.run(['stat', '-c', '%u %a', '--', path], { signal }),
    ]);
    return stat.exitCode === 0 && stat.stdout.trim() === `${who.stdout.trim()} 700`;
  };
  await host.run(make, { signal });
  if (await isMine()) return path;
  await host.run(['rm', '-rf', '--', path], { signal });
  await host.run(make, { signal });
  return (await isMine()) ? path : null;
}
