/** Whether a file is a bundle, by its first entry alone: for who is given one in the place of something else. */
import { open, stat } from 'node:fs/promises';
import { decodeHeader, HEADER_BYTES } from './tar-entry.ts';

/** The path of a bundle's first entry: its directory, and the manifest. */
export const MANIFEST_ENTRY: RegExp = /^(tapprep-[\w.+~^:@-]{1,200})\/manifest\.json$/;

/** False for what is no regular file, a pipe above all, or cannot be read: who opens it then says so. */
export async function isBundle(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => null);
  const file = info?.isFile() === true ? await open(path).catch(() => null) : null;
  if (file === null) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    return bytesRead === HEADER_BYTES && MANIFEST_ENTRY.test(decodeHeader(buffer)?.path ?? '');
  } finally {
    await file.close();
  }
}
