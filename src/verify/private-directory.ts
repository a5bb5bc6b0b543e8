/** A directory on a host that nobody else can write to: what is built there is loaded into a kernel by root. */
import { posix } from 'node:path';
import { isTapprepError, TapprepError } from '../errors.ts';
import { openOwnDirectory } from '../files/private-directory.ts';
import { type Host, isRemote } from '../host/host.ts';
import { script } from '../host/scripts.ts';
import { MARKER_NAME, MARKER_TEXT, OURS } from '../install/marks.ts';

/**
 * Makes it beside `prefix`; whoever asks for it removes it.
 * @returns its path, `prefix` with a suffix of its own
 * @throws TapprepError PERMISSION, NO_SPACE, INTERRUPTED
 */
export async function makePrivateDirectory(host: Host, prefix: string, signal: AbortSignal): Promise<string> {
  // What a lost connection or a kill left; no work takes so long.
  const [parent, name] = [posix.dirname(prefix), `${posix.basename(prefix)}.??????`];
  const stale = ['-maxdepth', '1', '-type', 'd', '-name', name, '-mmin', '+1440'];
  if ((await host.which('find')) !== null)
    await host.run(['find', parent, ...stale, '-exec', ...script(TAKE_OURS, ['{}']), ';']);
  const run = await host.run(['mktemp', '-d', `${prefix}.XXXXXX`], { signal });
  const path = run.stdout.trim();
  if (run.exitCode === 0 && path.startsWith(`${prefix}.`)) {
    await host.writeFile(posix.join(path, MARKER_NAME), `${MARKER_TEXT}\n`, 0o600);
    return path;
  }
  const code = run.stderr.includes('No space left') ? 'NO_SPACE' : 'PERMISSION';
  throw new TapprepError(code, `no directory ${prefix}.XXXXXX could be made on ${host.name}: ${run.stderr.trim()}`);
}

/** DIRECTORY: goes if it is tapprep's. */
const TAKE_OURS = `${OURS}
judge "$1"
[ "$verdict" != ours ] || take "$1"`;

/** Where stap keeps what it compiled, on every host that keeps it. */
export const STAP_CACHE = '/var/cache/tapprep/stap';

/**
 * Takes stap's cache out of its place into a directory that only its owner can enter, and puts it back when `use` is done.
 * So one that a killed stap left half-written is never met again, and two runs never share one. stap itself makes it open to
 * everybody (mode 0777: 5.1 and later take off the umask, 4.8 did not), and takes modules out of it that root loads: one that was
 * open is dropped, and none is kept so. Where nothing came to be in it, nothing is left, nor its parent where that is empty.
 * @param use is given null where nothing is kept: on another machine, and for a user who may not write there
 * @throws TapprepError INTERRUPTED, and what `use` throws
 */
export async function withStapCache<T>(
  host: Host,
  path: string,
  signal: AbortSignal,
  use: (directory: string | null) => Promise<T>,
): Promise<T> {
  const taken = isRemote(host) ? null : await takeCache(host, path, signal);
  if (taken === null) return use(null);
  const inside = posix.join(taken, 'stap');
  try {
    return await use(inside);
  } finally {
    // Not ended by the signal.
    await host.run(['rm', '-rf', '--', path]);
    const isEmpty = (await host.run(['rmdir', '--', inside])).exitCode === 0;
    if (!isEmpty) {
      await host.run(['chmod', '-R', 'go-w', '--', inside]);
      await host.run(['mv', '--', inside, path]);
    }
    await host.run(['rm', '-rf', '--', taken]);
    if (isEmpty) await host.run(['rmdir', '--', posix.dirname(path)]);
  }
}

/** Where no cache can be kept that is this user's alone, the work goes on without one. */
const KEEPS_NOTHING = ['PERMISSION', 'NO_SPACE', 'CACHE_UNUSABLE'] as const;

async function takeCache(host: Host, path: string, signal: AbortSignal): Promise<string | null> {
  const parent = host.localPath(posix.dirname(path));
  let taken: string;
  try {
    if (parent !== null) await openOwnDirectory(parent);
    taken = await makePrivateDirectory(host, path, signal);
  } catch (error) {
    if (KEEPS_NOTHING.some((code) => isTapprepError(error, code))) return null;
    throw error;
  }
  const [who, stat] = await Promise.all([
    host.run(['id', '-u'], { signal }),
    host.run(['stat', '-c', '%u %a', '--', path], { signal }),
  ]);
  const isPrivate = stat.exitCode === 0 && stat.stdout.trim() === `${who.stdout.trim()} 700`;
  const inside = posix.join(taken, 'stap');
  await host.run(isPrivate ? ['mv', '--', path, inside] : ['rm', '-rf', '--', path], { signal });
  await host.run(['mkdir', '-p', '-m', '700', '--', inside], { signal });
  return taken;
}
