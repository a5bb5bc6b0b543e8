/** Files on this machine, read and written so that a crash or a hostile name can do no harm. */
import { constants } from 'node:fs';
import { chmod, open, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isErrno, TapprepError } from '../errors.ts';
import { diskError } from '../files/disk-error.ts';
import { makeDirectory } from '../files/make-directory.ts';
import { copyWhole, writeWhole } from '../files/write-whole.ts';

/** No text file that tapprep reads from a target is larger. */
export const MAX_TEXT_BYTES = 64 * 1024 * 1024;

/**
 * The text of a regular file, or null when there is none.
 * @param follow whether the last component may be a symbolic link
 * @throws TapprepError PERMISSION, TOO_LARGE
 */
export async function readTextFile(path: string, follow = true): Promise<string | null> {
  // O_NONBLOCK: a FIFO planted under the name must not stop us.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | (follow ? 0 : constants.O_NOFOLLOW);
  let file: FileHandle;
  try {
    file = await open(path, flags);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENXIO', 'ELOOP'].some((code) => isErrno(error, code))) return null;
    throw asPermission(error, path, 'read');
  }
  try {
    const info = await file.stat();
    if (!info.isFile()) return null;
    return await readBounded(file, path, info.size === 0 ? MOST_BLOCK : Math.min(info.size + 1, MOST_BLOCK));
  } finally {
    await file.close();
  }
}

const MOST_BLOCK = 256 * 1024;

/** What is said of a file that is longer than any text. */
export function tooLarge(path: string): TapprepError {
  return new TapprepError('TOO_LARGE', `${path} is larger than ${MAX_TEXT_BYTES} bytes, no such text file is expected`);
}

async function readBounded(file: FileHandle, path: string, block: number): Promise<string> {
  // Not readFile: the size of files in /proc is 0, and the bound must hold while reading.
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(block), 0, block, null);
    if (bytesRead === 0) return Buffer.concat(chunks).toString('utf8');
    total += bytesRead;
    if (total > MAX_TEXT_BYTES) throw tooLarge(path);
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

/**
 * Writes beside the target, syncs and renames, so that the name holds the old or the new content and nothing between.
 * A symbolic link under the name is replaced, not followed. Missing directories are made with mode 0755.
 * @throws TapprepError PERMISSION, NO_SPACE
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array, mode: number): Promise<void> {
  await makeParent(path);
  await writeWhole(path, data, { mode, ...TARGET_FILE });
}

/** Puts a copy of a file in its place as a whole, as writeFileAtomic does. @throws TapprepError PERMISSION, NO_SPACE */
export async function copyFileAtomic(source: string, path: string, mode: number): Promise<void> {
  await makeParent(path);
  await copyWhole(source, path, { mode, ...TARGET_FILE });
}

async function makeParent(path: string): Promise<void> {
  const directory = resolve(dirname(path));
  try {
    const uppermost = await makeDirectory(directory, 0o755);
    // Whatever the umask of who runs tapprep: others of the target read there, and a package that comes later keeps the mode.
    for (
      let made = uppermost === null ? null : directory;
      made !== null;
      made = made === uppermost ? null : dirname(made)
    )
      await chmod(made, 0o755);
  } catch (error) {
    throw diskError(error, path, TARGET_FILE);
  }
}

/** A place that cannot take a file is the target's doing, and not what the user named. */
const TARGET_FILE = { place: 'PERMISSION' } as const;

/** Removes a file or a link; absent is fine. @throws TapprepError PERMISSION */
export async function removeFileIfThere(path: string): Promise<void> {
  try {
    await rm(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return;
    throw asPermission(error, path, 'removed');
  }
}

/** Whether a path leads to a regular file. */
export async function isRegularFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    // Absent, or hidden from this user.
    return false;
  }
}

/** Whether a path is a regular file that somebody may execute. */
export async function isExecutableFile(path: string): Promise<boolean> {
  try {
    const status = await stat(path);
    return status.isFile() && (status.mode & 0o111) !== 0;
  } catch {
    // Absent, or hidden from this user: either way not to be run from there.
    return false;
  }
}

/** What an errno says that means a right is missing; any other error as it is. */
export function asPermission(error: unknown, path: string, what: string): unknown {
  if (!['EACCES', 'EPERM', 'EROFS', 'EISDIR'].some((code) => isErrno(error, code))) return error;
  return new TapprepError('PERMISSION', `${path} cannot be ${what} by this user`, { facts: { path }, cause: error });
}
