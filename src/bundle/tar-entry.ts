/** The one form that an entry of a bundle's tar has, to the byte: what is written, and all that is accepted when reading. */
import { Header, Pax } from 'tar';

const BLOCK_BYTES = 512;

/** Of the header of an entry. */
export const HEADER_BYTES: number = BLOCK_BYTES;

/** Two empty blocks end a tar. */
export const TRAILER_BYTES: number = 2 * BLOCK_BYTES;

/** A regular file of a bundle. */
export interface TarFile {
  /** In the archive, with its root directory. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly mode: 0o644 | 0o755;
}

/** The header of a file: owner root, time 0. A path that the plain form cannot hold gets a pax header before it. */
export function encodeHeader({ path, sizeBytes, mode }: TarFile): Buffer {
  const fields = { path, mode, size: sizeBytes, uid: 0, gid: 0, uname: 'root', gname: 'root', mtime: new Date(0) };
  const block = Buffer.alloc(BLOCK_BYTES);
  const header = new Header({ ...fields, type: 'File', linkpath: '' });
  if (!header.encode(block)) return block;
  return Buffer.concat([new Pax({ path, uid: 0, gid: 0, mtime: new Date(0) }).encode(), block]);
}

/** What a header block says of itself; null when it is none or its checksum does not fit. Believe none of it. */
export function decodeHeader(block: Buffer): { readonly path: string; readonly sizeBytes: number } | null {
  const header = block.length === BLOCK_BYTES ? parseHeader(block) : null;
  if (
    header === null ||
    !header.cksumValid ||
    header.type !== 'File' ||
    header.path === undefined ||
    header.size === undefined
  )
    return null;
  return { path: header.path, sizeBytes: header.size };
}

/** Zero bytes that follow a file of this size. */
export function paddingBytes(sizeBytes: number): number {
  return (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

function parseHeader(block: Buffer): Header | null {
  try {
    return new Header(block, 0);
  } catch {
    // It throws on numbers that are none: no header either.
    return null;
  }
}
