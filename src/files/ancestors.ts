/** Whether the way to a directory is one that no other user can turn elsewhere. */
import type { Stats } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isErrno, TapprepError } from '../errors.ts';
import { diskError } from './disk-error.ts';
import { OTHERS_WRITE, ownUid } from './own-user.ts';
import { shellLine } from '../shell-words.ts';

const STICKY = 0o1000;
/** As many links as Linux follows (path_resolution(7)). */
const MAX_LINKS = 40;

/** Owner, group and mode, as stat(2) gives them. */
export type Access = Pick<Stats, 'uid' | 'gid' | 'mode'>;

/** The way out of a cache that another user could change. */
export const OWN_DIRECTORY_HINT =
  'use --cache-dir DIR with a new directory of your own, below directories that only root or you can write to';

/** Something stands against keeping files there. @param why goes on after the path */
export function unusable(path: string, why: string, facts: Readonly<Record<string, unknown>> = {}): TapprepError {
  return new TapprepError('CACHE_UNUSABLE', `${path} ${why}`, {
    hint: `${shellLine`ls -ld ${path}`}    # then ${OWN_DIRECTORY_HINT}`,
    facts: { path, ...facts },
  });
}

/**
 * Follows a path from "/" and checks every directory and link that leads to its last component. Links are followed where
 * their owner is root or this user.
 * @returns the path without links; what is not there yet stays as it was given
 * @throws TapprepError CACHE_UNUSABLE | PERMISSION
 */
export async function checkAncestors(path: string, uid: number): Promise<string> {
  const left = resolve(path).split('/').filter(Boolean);
  // Whoever owns "/" has everything: root, or what stands for it in a user namespace that does not know root.
  const trusted = new Set([0, uid, (await look('/'))?.uid ?? 0]);
  let done = '/';
  let links = 0;
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    const above = await look(done);
    if (above !== null) requireSafeStep(done, above, uid, trusted);
    const next = join(done, name);
    const info = name === '..' ? above : await look(next);
    if (info === null) return join(next, ...left);
    if (!info.isSymbolicLink()) {
      done = next;
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) throw unusable(path, `goes through more than ${MAX_LINKS} links`);
    if (!trusted.has(info.uid)) {
      const why = `is a link of user ${info.uid}, who can let it lead elsewhere, but this is user ${uid}`;
      throw unusable(next, why, { owner: info.uid, uid });
    }
    const target = await readlink(next);
    if (target.startsWith('/')) done = '/';
    left.unshift(...target.split('/').filter((part) => part !== '' && part !== '.'));
  }
  return done;
}

async function look(path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw diskError(error, path, { place: 'CACHE_UNUSABLE', hint: OWN_DIRECTORY_HINT });
  }
}

/**
 * A directory in which nobody but root and this user can rename what is these two's.
 * @throws TapprepError CACHE_UNUSABLE
 */
export function requireSafeStep(
  path: string,
  info: Stats,
  uid: number,
  trusted: ReadonlySet<number> = new Set([0, uid]),
): void {
  if (!info.isDirectory()) throw unusable(path, 'is no directory');
  if (!trusted.has(info.uid)) {
    const why = `belongs to user ${info.uid}, who can replace what is in it, but this is user ${uid}`;
    throw unusable(path, why, { owner: info.uid, uid });
  }
  if (!isOpen(info) || isSticky(info)) return;
  const mode = (info.mode & 0o7777).toString(8).padStart(4, '0');
  throw unusable(path, `may be written by other users (mode ${mode}), who can replace what is in it`, { mode });
}

/** Whether others may write. A group with the number of its user is that user's own, as pam_umask(8) takes it. */
export function isOpen({ uid, gid, mode }: Access): boolean {
  const open = mode & OTHERS_WRITE;
  return open !== 0 && !(open === 0o020 && (gid === 0 || gid === uid));
}

/** What another user could have written: whose it is beside who this is, or the mode that lets others write. */
export type Foreign = { readonly owner: number; readonly user: number } | { readonly mode: string };

/**
 * Whether a file of settings may say what is done: it is root's, this user's, or for root that of the user who called sudo, and
 * nobody else may write it.
 * @param sudoUid SUDO_UID of the environment
 */
export async function findForeign(info: Access, sudoUid: string | undefined): Promise<Foreign | null> {
  const user = ownUid();
  const trusted = [0, user, ...(user === 0 ? [Number(sudoUid ?? 0)] : [])];
  if (!trusted.includes(info.uid)) return { owner: info.uid, user };
  return isOpen(info) ? { mode: (info.mode & 0o777).toString(8) } : null;
}

/** What a file is, behind its name. */
export function sayForeign(foreign: Foreign): string {
  return 'mode' in foreign
    ? `may be written by others than its owner (mode ${foreign.mode})`
    : `belongs to user ${foreign.owner}, but this is user ${foreign.user}`;
}

/** How to make it one's own, after a look at it. */
export function foreignHint(foreign: Foreign, path: string): string {
  return 'mode' in foreign ? shellLine`chmod go-w ${path}` : shellLine`ls -l ${path}`;
}

/** Whether users are kept from each other's files in it: a directory for everybody, and nobody's own. */
export function isSticky({ mode }: Access): boolean {
  return (mode & STICKY) !== 0;
}
