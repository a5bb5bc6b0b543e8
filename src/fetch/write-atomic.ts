/** Small files of the cache: whole or not there. */
import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { isErrno } from '../errors.ts';
import { diskFailure } from './failure.ts';

/**
 * Writes a small file by a temporary one beside it and rename. Not synced: it is only a memory, and one that a power
 * failure emptied is no JSON and counts as forgotten. @throws TapprepError NO_SPACE | PERMISSION | CACHE_UNUSABLE
 */
export async function writeAtomic(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, text, { flag: 'wx', mode: 0o600 });
    await rename(temporary, path).catch(async (error: unknown) => {
      // A directory in the file's place, made by hand: a file cannot be renamed over it.
      if (!isErrno(error, 'EISDIR')) throw error;
      await rm(path, { recursive: true });
      await rename(temporary, path);
    });
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw diskFailure(error, path);
  }
}
