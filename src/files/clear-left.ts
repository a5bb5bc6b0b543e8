/** What an earlier run left half-made is taken away, though a process that outlived it may still write there. */
import { rename, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno, TapprepError } from '../errors.ts';
import { shellLine } from '../shell-words.ts';

/** At least ten seconds in all. Short pauses: whoever writes there has made little meanwhile. */
const TRIES = 1000;
const PAUSE_MS = 10;

/**
 * Removes a tree. Its name is free from the first moment: a process that works by that name finds nothing more there, and one
 * that is inside, as dpkg is in its root, makes nothing new once its directories are gone. Nothing there is no error.
 * @param path of this user's own, in a directory where nobody else may write
 * @throws TapprepError CACHE_UNUSABLE where something goes on writing
 */
export async function clearLeft(path: string): Promise<void> {
  const gone = `${path}.gone`;
  // What was in the way of an earlier try.
  await removeTree(gone);
  try {
    await rename(path, gone);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  await removeTree(gone);
}

async function removeTree(path: string): Promise<void> {
  for (let left = TRIES; ; left -= 1) {
    try {
      await rm(path, { recursive: true, force: true });
      return;
    } catch (error) {
      if (!isErrno(error, 'ENOTEMPTY')) throw error;
      if (left === 0)
        throw new TapprepError(
          'CACHE_UNUSABLE',
          `${path} is to be removed, but another process goes on writing there`,
          {
            hint: shellLine`rm -r ${path}`,
            cause: error,
          },
        );
      await sleep(PAUSE_MS);
    }
  }
}
