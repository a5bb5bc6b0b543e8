/**
 * Packages.db of SUSE (rpm's lib/backend/ndb/rpmpkg.c): a page of slots that name blobs, all little-endian; a blob is a header
 * with a head and a tail around it. Pure.
 */
import { brokenDatabase, countBlobs } from './broken.ts';

const MAGIC = word('RpmP');
const SLOT_MAGIC = word('Slot');
const HEAD_MAGIC = word('BlbS');
const TAIL_MAGIC = word('BlbE');
const SLOT_BYTES = 16;
const BLOCK_BYTES = 16;
const PAGE_BYTES = 4096;
const HEAD_BYTES = 16;
const TAIL_BYTES = 12;
/** The database's own header takes the place of two slots. */
const FIRST_SLOT = 2;

export function isNdb(file: Buffer): boolean {
  return file.length >= 32 && file.readUInt32LE(0) === MAGIC;
}

/** The header blob of each package. @throws TapprepError BAD_FACTS where the file is cut or not consistent */
export function readNdb(file: Buffer, path: string): readonly Buffer[] {
  const version = file.readUInt32LE(4);
  if (version !== 0) throw brokenDatabase(path, `is of version ${version}, and only 0 is known`);
  const end = file.readUInt32LE(12) * PAGE_BYTES;
  if (end === 0 || end > file.length)
    throw brokenDatabase(path, `has ${file.length} bytes where its slots alone take ${end}`);
  const blobs: Buffer[] = [];
  const count = countBlobs(path, file.length);
  for (let at = FIRST_SLOT * SLOT_BYTES; at < end; at += SLOT_BYTES) {
    if (file.readUInt32LE(at) !== SLOT_MAGIC) throw brokenDatabase(path, `has no slot at byte ${at}`);
    const [index, block, blocks] = [4, 8, 12].map((offset) => file.readUInt32LE(at + offset)) as [
      number,
      number,
      number,
    ];
    if (index === 0) continue;
    const blob = readBlob(file, { index, start: block * BLOCK_BYTES, bytes: blocks * BLOCK_BYTES }, path);
    count(blob.length);
    blobs.push(blob);
  }
  return blobs;
}

function readBlob(
  file: Buffer,
  { index, start, bytes }: { readonly index: number; readonly start: number; readonly bytes: number },
  path: string,
): Buffer {
  const tail = start + bytes - TAIL_BYTES;
  if (start + bytes > file.length || bytes < HEAD_BYTES + TAIL_BYTES)
    throw brokenDatabase(path, `has ${file.length} bytes, and package ${index} lies at ${start} with ${bytes}`);
  const length = file.readUInt32LE(start + 12);
  const isWhole =
    file.readUInt32LE(start) === HEAD_MAGIC &&
    file.readUInt32LE(start + 4) === index &&
    file.readUInt32LE(tail + 4) === length &&
    file.readUInt32LE(tail + 8) === TAIL_MAGIC &&
    length <= bytes - HEAD_BYTES - TAIL_BYTES;
  if (!isWhole) throw brokenDatabase(path, `has no whole package ${index} at byte ${start}`);
  return file.subarray(start + HEAD_BYTES, start + HEAD_BYTES + length);
}

function word(text: string): number {
  return Buffer.from(text, 'latin1').readUInt32LE(0);
}
