/** Makes a directory with all above it, and says why where it cannot. */
import { mkdir, rmdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isErrno } from '../errors.ts';

/**
 * Step by step: where the kernel says ENOENT to a directory whose parent is there (/proc/x, an automounter), a recursive mkdir
 * of Node comes to no end (seen with 24).
 * @returns the uppermost that was made; null where all were there
 * @throws Node's error of the step that failed
 */
export async function makeDirectory(path: string, mode = 0o777): Promise<string | null> {
  try {
    return await makeOne(path, mode);
  } catch (error) {
    const parent = dirname(path);
    if (!isErrno(error, 'ENOENT') || parent === path) throw error;
    const uppermost = await makeDirectory(parent, mode);
    const made = await makeOne(path, mode);
    return uppermost ?? made;
  }
}

/** @returns the path where it was made, null where it was there */
async function makeOne(path: string, mode: number): Promise<string | null> {
  try {
    await mkdir(path, { mode });
    return path;
  } catch (error) {
    if (!isErrno(error, 'ENOENT') && (await isDirectory(path))) return null;
    throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => null);
  return info?.isDirectory() === true;
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
