/** Puts a portable SystemTap on a target, below one directory, and writes it into the target's journal. */
import { shellLine } from '../../shell-words.ts';
import { posix } from 'node:path';
import { ASKING_ENV } from '../../detect/stap-version.ts';
import { isErrno, isTapprepError, TapprepError } from '../../errors.ts';
import { runAsRoot } from '../../make-remedy.ts';
import { type Host, isRemote } from '../../host/host.ts';
import { makeOwnDirectory } from '../../install/own-directory.ts';
import type { Emit } from '../../types.ts';
import type { UsableSystemtap } from '../usable.ts';
import { collectGuestStaprun } from './guest.ts';
import type { PortableSystemtap } from './kept.ts';
import { createLocalFolder } from './local-folder.ts';
import type { PortableManifest } from './manifest.ts';
import { placeOfVersion } from '../../resolve/folder-place.ts';
import { createRemoteFolder } from './remote-folder.ts';
import { whyNotServed } from './serves.ts';
import type { TargetFolder } from './target-folder.ts';

export interface PlaceRequest {
  /** The target. */
  readonly host: Host;
  readonly portable: PortableSystemtap;
  /** Absolute, on the target; `placeOfVersion` where left out. */
  readonly prefix?: string;
  /** uname -r and uname -m of the kernel it is for. */
  readonly release: string;
  readonly arch: string;
  readonly tapprepVersion: string;
  readonly emit: Emit;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

export interface PlacedSystemtap extends UsableSystemtap {
  readonly prefix: string;
  readonly manifest: PortableManifest;
  /** False where it was there already, whole. */
  readonly changed: boolean;
}

const STAP_TIMEOUT_MS = 60_000;

/**
 * Copies the folder to the target, every file checked against the manifest on the way, and starts it once. What is in the
 * place of the prefix is only replaced when it is a portable SystemTap of tapprep.
 * @throws TapprepError USAGE (prefix), NOT_PROVEN (a kernel that it cannot serve), INSTALL_FAILED, DIGEST_MISMATCH,
 *   PERMISSION (noexec, read-only), NO_SPACE; nothing is left behind then.
 */
export async function placePortable(request: PlaceRequest): Promise<PlacedSystemtap> {
  const { host, portable, release, arch } = request;
  const { manifest } = portable;
  const prefix = checkPrefix(request.prefix ?? placeOfVersion(manifest.version));
  const refusal = whyNotServed(manifest, release, arch);
  if (refusal !== null) throw new TapprepError('NOT_PROVEN', refusal, { hint: 'add --systemtap distro' });
  const folder = isRemote(host) ? createRemoteFolder(host) : createLocalFolder(host);
  const placed = {
    prefix,
    place: prefix,
    manifest,
    stapArgv: [`${prefix}/bin/stap`],
    staprunArgv: [`${prefix}/bin/staprun`],
  };
  if (await folder.holds(prefix, manifest)) {
    await start(host, prefix, folder);
    return { ...placed, guestStaprun: await collectGuestStaprun(portable, prefix), changed: false };
  }
  const directory = { ...request, path: prefix, hasOwnMarker: true };
  try {
    await makeOwnDirectory(directory, {
      fill: (making) => folder.fill(making, portable, request.signal),
      check: () => start(host, prefix, folder),
    });
  } catch (error) {
    throw explain(error, prefix, host);
  }
  return { ...placed, guestStaprun: await collectGuestStaprun(portable, prefix), changed: true };
}

function checkPrefix(prefix: string): string {
  const isPlain = /^\/[^\u0000-\u001f\u007f:;$]+$/.test(prefix) && !prefix.split('/').includes('..');
  const normal = posix.normalize(prefix).replace(/\/$/, '');
  if (isPlain && posix.dirname(normal) !== '/') return normal;
  throw new TapprepError(
    'USAGE',
    `${prefix} cannot hold a SystemTap: an absolute path of two parts or more without ":", ";" or "$" is needed`,
    { facts: { prefix } },
  );
}

/** Starts stap once: the only way to know that the place can be executed from and that its C library takes the kernel. */
async function start(host: Host, prefix: string, folder: TargetFolder): Promise<void> {
  const stap = `${prefix}/bin/stap`;
  let words: string;
  try {
    const result = await host.run([stap, '-V'], { timeoutMs: STAP_TIMEOUT_MS, env: ASKING_ENV });
    if (result.exitCode === 0) return;
    words = `exited with status ${result.exitCode ?? 'none'}: ${result.stderr.trim().split('\n').at(-1) ?? ''}`;
  } catch (error) {
    if (!isTapprepError(error, 'PERMISSION')) throw error;
    words = error.message;
  }
  const mount = await folder.findNoexecMount(prefix);
  if (mount !== null) {
    throw new TapprepError(
      'PERMISSION',
      `nothing below ${prefix} on ${host.name} can be executed, because ${mount} is mounted noexec`,
      { remedy: runAsRoot(shellLine`mount -o remount,exec ${mount}`), facts: { prefix, mount } },
    );
  }
  throw new TapprepError('INSTALL_FAILED', `${stap} does not start on ${host.name}: ${words}`, { facts: { prefix } });
}

function explain(error: unknown, prefix: string, host: Host): unknown {
  if (isErrno(error, 'ENOSPC') || isErrno(error, 'EDQUOT')) {
    return new TapprepError('NO_SPACE', `no space left below ${prefix} on ${host.name}; about 60 MB are needed`, {
      cause: error,
    });
  }
  if (isErrno(error, 'EACCES') || isErrno(error, 'EROFS') || isErrno(error, 'EPERM')) {
    return new TapprepError('PERMISSION', `${prefix} on ${host.name} cannot be written by this user`, { cause: error });
  }
  return error;
}
