/** Who runs this process, and what is that user's alone. */
import type { Stats } from 'node:fs';

/** Write bits of the group and of everybody. */
export const OTHERS_WRITE = 0o022;

/** The effective user id of this process. Not that of /proc/self: the link is root's, whoever looks. */
export function ownUid(): number {
  const uid = process.geteuid?.();
  if (uid === undefined) throw new Error('this system knows no user ids');
  return uid;
}

/** Whether a file can only be changed by this user: its owner, under one name, writable by nobody else. */
export function isOwnFile(info: Pick<Stats, 'uid' | 'mode' | 'nlink' | 'isFile'>, uid: number): boolean {
  return info.isFile() && info.uid === uid && info.nlink === 1 && (info.mode & OTHERS_WRITE) === 0;
}
