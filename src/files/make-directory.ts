/** Makes a directory with all above it, and says why where it cannot. */
import { mkdir, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isErrno } from '../errors.ts';

/**
 * @returns the uppermost that was made; null where all were there
 * @throws Node's error; of a file system that is read-only its own, where a recursive mkdir says ENOENT
 */
export async function makeDirectory(path: string, mode = 0o777): Promise<string | null> {
  try {
    return (await mkdir(path, { recursive: true, mode })) ?? null;
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    await mkdir(path, { mode });
    return path;
  }
}

/** Takes away a directory that makeDirectory made, and those above it as far as it made them, where nothing is in them. */
export async function removeEmpty(path: string, uppermost: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'ENOENT'].some((code) => isErrno(error, code))) return;
    throw error;
  }
  if (path !== uppermost) await removeEmpty(dirname(path), uppermost);
}
