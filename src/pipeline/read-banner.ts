/** `--banner TEXT|FILE`: the line itself, or the first one in a file: a log, /proc/version, a memory image. */
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Banner, findBanner } from '../detect/banner.ts';
import { isErrno, TapprepError } from '../errors.ts';

const PIECE_BYTES = 4 * 1024 * 1024;
/** What a banner may be cut by at the end of a piece. */
const OVERLAP = 1024;
/** A memory image has the banner of its kernel in its first gigabytes; more is not searched. */
const MAX_BYTES = 16 * 1024 ** 3;

/** @throws TapprepError USAGE where there is no banner, or no such file; INTERRUPTED */
export async function readBanner(given: string, cwd: string, signal: AbortSignal): Promise<Banner> {
  const direct = findBanner(given);
  if (direct !== null) return direct;
  const shown = given.length > 120 ? `${given.slice(0, 120)}…` : given;
  if (given.includes('\n') || given.startsWith('Linux version ')) throw noBanner(`"${shown}" is no whole banner`);
  const found = await searchFile(resolve(cwd, given), signal).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENAMETOOLONG')) throw noBanner(`there is no file ${shown}`);
    if (isErrno(error, 'EACCES'))
      throw new TapprepError('PERMISSION', `${shown} cannot be read by this user`, { cause: error });
    if (isErrno(error, 'EISDIR')) throw noBanner(`${shown} is a directory`);
    throw error;
  });
  if (found === null) throw noBanner(`the file ${shown} holds none`);
  return found;
}

async function searchFile(path: string, signal: AbortSignal): Promise<Banner | null> {
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafe(PIECE_BYTES);
    let carry = '';
    for (let at = 0; at < MAX_BYTES;) {
      if (signal.aborted) throw new TapprepError('INTERRUPTED', `stopped while reading ${path}`);
      const { bytesRead } = await file.read(buffer, 0, PIECE_BYTES, null);
      if (bytesRead === 0) return null;
      const text = carry + buffer.toString('latin1', 0, bytesRead);
      const found = text.includes('Linux version ') ? findBanner(text) : null;
      if (found !== null) return found;
      carry = text.slice(-OVERLAP);
      at += bytesRead;
    }
    return null;
  } finally {
    await file.close();
  }
}

function noBanner(why: string): TapprepError {
  return new TapprepError(
    'USAGE',
    `--banner takes a line that begins with "Linux version", or a file that has one, but ${why}`,
  );
}
