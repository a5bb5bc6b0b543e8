/** What the kernel knows a file by: the device of its file system, its inode, that of its directory, and its name. */
import { posix } from 'node:path';
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';

export interface WatchedFile {
  readonly major: number;
  readonly minor: number;
  readonly inode: string;
  readonly directoryInode: string;
  /** Without links. */
  readonly path: string;
}

/**
 * Finds a file on a host.
 * @throws TapprepError USAGE when it is not there or is no file, PERMISSION when it cannot be looked at
 */
export async function findWatchedFile(host: Host, path: string, signal: AbortSignal): Promise<WatchedFile> {
  const real = (await ask(host, ['readlink', '-e', '--', path], path, signal)).trimEnd();
  const [kind, inode = ''] = (await ask(host, ['stat', '-c', '%F:%i', '--', real], path, signal)).trim().split(':');
  if (kind === undefined || !kind.endsWith('file') || !/^\d+$/.test(inode))
    throw new TapprepError(
      'USAGE',
      `${path} on ${host.name} is a ${kind ?? 'nothing'}, but only a file can be watched`,
    );
  const directoryInode = (await ask(host, ['stat', '-c', '%i', '--', posix.dirname(real)], path, signal)).trim();
  const device = findMountDevice((await host.readText('/proc/self/mountinfo')) ?? '', real);
  if (device === null) throw new TapprepError('USAGE', `no mounted file system of ${host.name} holds ${path}`);
  return { ...device, inode, directoryInode, path: real };
}

/**
 * The device of the file system that a path lies in (proc_pid_mountinfo(5)). stat(2) does not tell it on btrfs and overlay,
 * which give files other numbers than the kernel uses inside.
 * @param mountinfo text of /proc/self/mountinfo; of several mounts at one place the last is on top
 */
export function findMountDevice(
  mountinfo: string,
  path: string,
): { readonly major: number; readonly minor: number } | null {
  let best: { readonly point: string; readonly major: number; readonly minor: number } | null = null;
  for (const line of mountinfo.split('\n')) {
    const [, , device = '', , quoted = ''] = line.split(' ');
    const numbers = /^(\d+):(\d+)$/.exec(device);
    if (numbers === null) continue;
    // Blanks, newlines and backslashes are written as three octal digits.
    const point = quoted.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
    const holds = point === '/' || path === point || path.startsWith(`${point}/`);
    if (holds && (best === null || point.length >= best.point.length))
      best = { point, major: Number(numbers[1]), minor: Number(numbers[2]) };
  }
  return best === null ? null : { major: best.major, minor: best.minor };
}

async function ask(host: Host, argv: readonly string[], path: string, signal: AbortSignal): Promise<string> {
  const run = await host.run(argv, { signal, timeoutMs: 10_000 });
  if (run.exitCode === 0) return run.stdout;
  const why = run.stderr.trim().split('\n').at(-1) ?? '';
  if (why.includes('Permission denied'))
    throw new TapprepError('PERMISSION', `${path} on ${host.name} cannot be looked at by this user`);
  throw new TapprepError('USAGE', `there is no file ${path} on ${host.name} that could be watched`, {
    facts: { stderr: why },
  });
}
