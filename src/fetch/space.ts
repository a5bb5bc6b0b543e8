/** Whether a file system has room, asked before the first byte. */
import { statfs } from 'node:fs/promises';
import { TapprepError } from '../errors.ts';
import { diskFailure } from './failure.ts';
import { shellLine } from '../shell-words.ts';

/** Kept free beside the file itself, for records, locks and the index. */
const MARGIN = 4 << 20;

/** Bytes an unprivileged process may still write below `directory`, and inodes (null where they are not counted). */
async function readFreeSpace(directory: string): Promise<{ readonly bytes: number; readonly inodes: number | null }> {
  const info = await statfs(directory);
  return { bytes: info.bavail * info.bsize, inodes: info.files === 0 ? null : info.ffree };
}

/** @throws TapprepError NO_SPACE with needed and free bytes and the path, when `needed` more bytes do not fit */
export async function checkSpace(directory: string, needed: number, what: string): Promise<void> {
  const free = await readFreeSpace(directory).catch((error: unknown) => {
    throw diskFailure(error, directory);
  });
  if (free.inodes !== null && free.inodes < 4) {
    throw new TapprepError('NO_SPACE', `${what} needs new files but ${directory} has ${free.inodes} free inodes`, {
      hint: shellLine`df -i ${directory}`,
      facts: { path: directory, freeInodes: free.inodes },
    });
  }
  if (needed === 0 || free.bytes >= needed + MARGIN) return;
  throw new TapprepError('NO_SPACE', `${what} needs ${needed} bytes but ${directory} has ${free.bytes} free`, {
    hint: shellLine`df -h ${directory}    # or --cache-dir DIR/tapprep, DIR on a larger disk`,
    facts: { path: directory, neededBytes: needed, freeBytes: free.bytes },
  });
}
