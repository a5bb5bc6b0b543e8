/** A compiled bundle made small: most of it are shared libraries, which gzip halves, and busybox unpacks. */
import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { TapprepError } from '../errors.ts';
import { explainDisk } from './disk.ts';

/** Whether the name of a bundle says that it is compressed. */
export function isCompressedName(name: string): boolean {
  return /\.(?:gz|tgz)$/.test(name);
}

/**
 * Writes the gzip of a tar, complete under its name or not there. Its header holds no name and no time: the same tar gives
 * the same bytes. Returns its size.
 * @throws TapprepError NO_SPACE | PERMISSION | INTERRUPTED
 */
export async function compressBundle(tar: string, out: string, signal: AbortSignal): Promise<number> {
  const temporary = `${out}.${randomBytes(6).toString('hex')}.part`;
  try {
    const sink = createWriteStream(temporary, { flags: 'wx', mode: 0o644, flush: true });
    await pipeline(createReadStream(tar), createGzip({ level: 9 }), sink, { signal });
    await rename(temporary, out);
    return sink.bytesWritten;
  } catch (error) {
    await rm(temporary, { force: true });
    if (signal.aborted)
      throw new TapprepError('INTERRUPTED', 'stopped while a bundle was compressed', { cause: error });
    throw explainDisk(error, out);
  }
}
