/** Files on this machine, read and written so that a crash or a hostile name can do no harm. */
import { constants, createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isErrno, TapprepError } from '../errors.ts';

/** No text file that tapprep reads from a target is larger. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;

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

async function readBounded(file: FileHandle, path: string, block: number): Promise<string> {
  // Not readFile: the size of files in /proc is 0, and the bound must hold while reading.
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(block), 0, block, null);
    if (bytesRead === 0) return Buffer.concat(chunks).toString('utf8');
    total += bytesRead;
    if (total > MAX_TEXT_BYTES) {
      throw new TapprepError(
        'TOO_LARGE',
        `${path} is larger than ${MAX_TEXT_BYTES} bytes, no such text file is expected`,
      );
    }
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

/**
 * Writes beside the target, syncs and renames, so that the name holds the old or the new content and nothing between.
 * A symbolic link under the name is replaced, not followed. Missing directories are made with mode 0755.
 * @throws TapprepError PERMISSION, NO_SPACE
 */
export function writeFileAtomic(path: string, data: string | Uint8Array, mode: number): Promise<void> {
  return fillAtomic(path, mode, (file) => file.writeFile(data));
}

/** Puts a copy of a file in its place as a whole, as writeFileAtomic does. @throws TapprepError PERMISSION, NO_SPACE */
export function copyFileAtomic(source: string, path: string, mode: number): Promise<void> {
  return fillAtomic(path, mode, (file) => file.writeFile(createReadStream(source)));
}

async function fillAtomic(path: string, mode: number, fill: (file: FileHandle) => Promise<void>): Promise<void> {
  const directory = dirname(path);
  try {
    await mkdir(directory, { recursive: true, mode: 0o755 });
    const { file, temporary } = await openBeside(directory, basename(path));
    try {
      await fill(file);
      // The umask has cut the mode given to open.
      await file.chmod(mode);
      await file.sync();
      await file.close();
      await rename(temporary, path);
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(temporary, { force: true });
      throw error;
    }
    await syncDirectory(directory);
  } catch (error) {
    if (isErrno(error, 'ENOSPC') || isErrno(error, 'EDQUOT')) {
      throw new TapprepError('NO_SPACE', `no space left to write ${path}`, { facts: { path }, cause: error });
    }
    throw asPermission(error, path, 'written');
  }
}

async function openBeside(directory: string, name: string): Promise<{ file: FileHandle; temporary: string }> {
  // Exclusive creation makes a guessable name safe; a file left by a killed run only moves the counter on.
  for (let counter = 0; ; counter += 1) {
    const temporary = join(directory, `.${name}.tapprep-${counter}`);
    try {
      return { file: await open(temporary, 'wx', 0o600), temporary };
    } catch (error) {
      if (!isErrno(error, 'EEXIST') || counter > 1000) throw error;
    }
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

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

function asPermission(error: unknown, path: string, what: string): unknown {
  if (!['EACCES', 'EPERM', 'EROFS', 'EISDIR'].some((code) => isErrno(error, code))) return error;
  return new TapprepError('PERMISSION', `${path} cannot be ${what} by this user`, { facts: { path }, cause: error });
}
