/** Makes a directory with all above it, and says why where it cannot. */
import { mkdir } from 'node:fs/promises';
import { isErrno } from '../errors.ts';

/**
 * @returns whether anything was made
 * @throws Node's error; of a file system that is read-only its own, where a recursive mkdir says ENOENT
 */
export async function makeDirectory(path: string, mode = 0o777): Promise<boolean> {
  try {
    return (await mkdir(path, { recursive: true, mode })) !== undefined;
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    await mkdir(path, { mode });
    return true;
  }
}
