/** Files that the user names, and what a shell puts in their place: a pipe, as `<(command)` is. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { isErrno, isTapprepError, TapprepError } from '../errors.ts';
import { shellLine } from '../shell-words.ts';
import { asPermission, MAX_TEXT_BYTES, readTextFile, tooLarge } from './files.ts';

/** Bytes that are asked for at first. */
const BLOCK = 64 * 1024;

/**
 * The text of a regular file, a pipe or /dev/null; null where it is none of them.
 * A pipe without a writer is empty.
 * @throws TapprepError PERMISSION, TOO_LARGE
 */
export async function readGivenText(path: string): Promise<string | null> {
  return (await readPipeText(path)) ?? readTextFile(path);
}

/** Major and minor number of /dev/null on Linux, as stat has them. */
const NULL_DEVICE = 0x103;

/** What a pipe carries, and that /dev/null is empty; null where it is neither. @throws TapprepError PERMISSION, TOO_LARGE */
export async function readPipeText(path: string): Promise<string | null> {
  const info = await stat(path).catch(() => null);
  if (info?.isCharacterDevice() === true && info.rdev === NULL_DEVICE) return '';
  return info?.isFIFO() === true ? (await readPipe(path)).toString('utf8') : null;
}

/** As readGivenText. @param what such as "the password file" @throws TapprepError USAGE where it cannot be read */
export async function requireGivenText(path: string, what: string): Promise<string> {
  const unread = (cause?: unknown): TapprepError =>
    new TapprepError('USAGE', `${what} ${path} cannot be read`, { hint: shellLine`ls -l ${path}`, cause });
  const text = await readGivenText(path).catch((cause: unknown) => {
    throw isTapprepError(cause, 'TOO_LARGE') ? cause : unread(cause);
  });
  if (text === null) throw unread();
  return text;
}

/** Not by a FileHandle: a thread of its own would wait for the writer, and nothing could end that. */
async function readPipe(path: string): Promise<Buffer> {
  const fd = openToRead(path);
  const chunks: Buffer[] = [];
  let total = 0;
  const take = (chunk: Buffer): void => {
    total += chunk.length;
    if (total > MAX_TEXT_BYTES) throw tooLarge(path);
    chunks.push(chunk);
  };
  if (!fstatSync(fd).isFIFO() || hasNoWriter(fd, take)) {
    closeSync(fd);
    return Buffer.concat(chunks);
  }
  // It closes the descriptor that it was given.
  for await (const chunk of new Socket({ fd, readable: true, writable: false })) take(chunk as Buffer);
  return Buffer.concat(chunks);
}

function openToRead(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw asPermission(error, path, 'read');
  }
}

/** Reads what is there: nothing at all, where nobody writes; EAGAIN, where somebody has not yet. */
function hasNoWriter(fd: number, take: (chunk: Buffer) => void): boolean {
  const block = Buffer.alloc(BLOCK);
  try {
    const bytesRead = readSync(fd, block, 0, block.length, null);
    take(block.subarray(0, bytesRead));
    return bytesRead === 0;
  } catch (error) {
    if (isErrno(error, 'EAGAIN')) return false;
    throw error;
  }
}
