/** Writes files whole: their name holds the old content or the new one and nothing between, whatever ends the run. */
import { constants, createReadStream, type Stats } from 'node:fs';
import { access, type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isErrno, TapprepError } from '../errors.ts';
import { diskError, type DiskErrorOptions } from './disk-error.ts';
import { shellLine } from '../shell-words.ts';

/** The content, or what writes it into the open file. */
export type Content = string | Uint8Array | ((file: FileHandle) => Promise<unknown>);

export interface WriteOptions extends DiskErrorOptions {
  /** user: of what a user asks for, as this user's umask has it. */
  readonly mode: number | 'user';
  /** Whether file and name are synced to the disk before this returns; true unless told. */
  readonly durable?: boolean;
}

const MADE_WITH = 0o600;
/** What a killed run leaves of a file: beside it, hidden, and never under its name. */
const TEMPORARY = /^\..*\.tapprep-\d+$/s;

/** Whether a file name is one that writing gives, until the file is whole. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY.test(name);
}

/**
 * Asks what writeWhole asks, and writes nothing: before long work, whose result would have no place at its end.
 * @throws TapprepError PERMISSION | USAGE, or as the options say
 */
export async function checkPlace(path: string, options: DiskErrorOptions): Promise<void> {
  try {
    await requireFileOrNothing(path, options);
    await access(dirname(path), constants.W_OK | constants.X_OK);
  } catch (error) {
    throw diskError(error, path, options);
  }
}

/**
 * Writes beside the target, syncs and renames. A symbolic link under the name is replaced, not followed, where it leads to a
 * file or nowhere; the directory has to be there.
 * @throws TapprepError NO_SPACE | PERMISSION | USAGE, or as the options say
 */
export async function writeWhole(path: string, content: Content, options: WriteOptions): Promise<void> {
  const { mode, durable = true } = options;
  try {
    await requireFileOrNothing(path, options);
    const { file, temporary } = await openBeside(path, mode === 'user' ? 0o666 : MADE_WITH);
    try {
      await (typeof content === 'function' ? content(file) : file.writeFile(content));
      // The umask may cut a mode that is given to open.
      if (mode !== 'user' && mode !== MADE_WITH) await file.chmod(mode);
      if (durable) await file.sync();
      await file.close();
      await rename(temporary, path);
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(temporary, { force: true });
      throw error;
    }
    if (durable) await syncDirectory(dirname(path));
  } catch (error) {
    throw diskError(error, path, options);
  }
}

/** Puts a copy of a file in its place as a whole. @throws as writeWhole */
export function copyWhole(source: string, path: string, options: WriteOptions): Promise<void> {
  return writeWhole(path, (file) => file.writeFile(createReadStream(source)), options);
}

/** rename(2) would put a file in the place of /dev/null, or of the link /dev/stdout, for everybody on the machine. */
async function requireFileOrNothing(path: string, { what = '', hint, place }: DiskErrorOptions): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  });
  if (found === null || found.isFile()) return;
  const errno = found.isDirectory() ? 'EISDIR' : 'EEXIST';
  throw new TapprepError(
    place ?? 'USAGE',
    `${what}${path} is ${kindOf(found)} (${errno}), and only a file is replaced`,
    {
      hint: hint ?? shellLine`ls -ld ${path}`,
      facts: { path, errno },
    },
  );
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return 'a directory';
  if (found.isFIFO()) return 'a pipe';
  return found.isSocket() ? 'a socket' : 'a device';
}

async function openBeside(
  path: string,
  mode: number,
): Promise<{ readonly file: FileHandle; readonly temporary: string }> {
  // Exclusive creation makes a guessable name safe; a file left by a killed run only moves the counter on.
  for (let counter = 0; ; counter += 1) {
    const temporary = join(dirname(path), `.${basename(path)}.tapprep-${counter}`);
    try {
      return { file: await open(temporary, 'wx', mode), temporary };
    } catch (error) {
      if (!isErrno(error, 'EEXIST') || counter > 1000) throw error;
    }
  }
}

/** Brings the names of a directory to the disk. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A write may take less than it was given. */
export async function writeAll(file: FileHandle, data: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < data.length;) {
    const { bytesWritten } = await file.write(data, done, data.length - done, at + done);
    done += bytesWritten;
  }
}
