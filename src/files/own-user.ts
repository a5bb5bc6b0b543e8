/** Who runs this process, and what is that user's alone. */
import type { Stats } from 'node:fs';
import { lstat, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Write bits of the group and of everybody. */
export const OTHERS_WRITE = 0o022;

/** The effective user id of this process. */
export async function ownUid(): Promise<number> {
  try {
    return (await lstat('/proc/self')).uid;
  } catch {
    // A chroot without /proc: whoever makes a directory owns it.
    const made = await mkdtemp(join(tmpdir(), 'tapprep-user-'));
    const { uid } = await lstat(made);
    await rm(made, { recursive: true });
    return uid;
  }
}

/** Whether a file can only be changed by this user: its owner, under one name, writable by nobody else. */
export function isOwnFile(info: Pick<Stats, 'uid' | 'mode' | 'nlink' | 'isFile'>, uid: number): boolean {
  return info.isFile() && info.uid === uid && info.nlink === 1 && (info.mode & OTHERS_WRITE) === 0;
}
