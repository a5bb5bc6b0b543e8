/**
 * The Packages file of rpm up to 4.15 and EL8: a hash of Berkeley DB 3 to 5 (db_page.h: DBMETA, PAGE, HKEYDATA, HOFFPAGE),
 * header blobs by package number. Every bucket's pages are of one type, so the file is read page by page. Pure.
 */
import { brokenDatabase, countBlobs } from './broken.ts';

const HASH_MAGIC = 0x061561;
const PAGE = { hashUnsorted: 2, overflow: 7, hash: 13 } as const;
const ITEM = { inPage: 1, offPage: 3 } as const;
const HEAD_BYTES = 26;
const META = { magic: 12, pageSize: 20, encryption: 24, lastPage: 32 } as const;
const AT = { next: 16, count: 20, used: 22, type: 25 } as const;

/** Integers in the byte order of the machine that wrote the file. */
interface Words {
  u16(at: number): number;
  u32(at: number): number;
}

/** Bytes of the file. */
interface Item {
  readonly from: number;
  readonly end: number;
}

/** Whether a file begins as such a database does. */
export function isBerkeleyHash(file: Buffer): boolean {
  return file.length >= 72 && [file.readUInt32LE(META.magic), file.readUInt32BE(META.magic)].includes(HASH_MAGIC);
}

/** The header blob of each package. @throws TapprepError BAD_FACTS where the file is cut or not consistent */
export function readBerkeleyHash(file: Buffer, path: string): readonly Buffer[] {
  const isLittle = file.readUInt32LE(META.magic) === HASH_MAGIC;
  const words: Words = isLittle
    ? { u16: (at) => file.readUInt16LE(at), u32: (at) => file.readUInt32LE(at) }
    : { u16: (at) => file.readUInt16BE(at), u32: (at) => file.readUInt32BE(at) };
  const size = words.u32(META.pageSize);
  const pages = words.u32(META.lastPage) + 1;
  if (size < 512 || size > 65_536 || (size & (size - 1)) !== 0)
    throw brokenDatabase(path, `states pages of ${size} bytes`);
  if (file[META.encryption] !== 0) throw brokenDatabase(path, 'is encrypted');
  if (file.length < pages * size)
    throw brokenDatabase(path, `has ${file.length} bytes where it states ${pages} pages of ${size}`);
  const blobs: Buffer[] = [];
  const count = countBlobs(path, file.length);
  for (let page = 1; page < pages; page += 1) {
    const start = page * size;
    const type = file[start + AT.type];
    if (type !== PAGE.hash && type !== PAGE.hashUnsorted) continue;
    const items: Item[] = [];
    const itemCount = words.u16(start + AT.count);
    if (HEAD_BYTES + itemCount * 2 > size) throw brokenDatabase(path, `has ${itemCount} items on page ${page}`);
    // Keys and values take turns, from the end of the page towards its beginning.
    for (let index = 0; index < itemCount; index += 1) {
      const from = words.u16(start + HEAD_BYTES + index * 2);
      const end = items.at(-1)?.from ?? start + size;
      if (from < HEAD_BYTES || start + from >= end)
        throw brokenDatabase(path, `has an item at byte ${from} of page ${page}`);
      items.push({ from: start + from, end });
    }
    for (let index = 0; index + 1 < itemCount; index += 2) {
      const [key, value] = [items[index], items[index + 1]];
      if (key === undefined || value === undefined || file[key.from] !== ITEM.inPage) continue;
      // Number 0 holds the next free number.
      if (file.subarray(key.from + 1, key.end).every((byte) => byte === 0)) continue;
      const type = file[value.from];
      if (type === ITEM.inPage) {
        count(value.end - value.from);
        blobs.push(file.subarray(value.from + 1, value.end));
      } else if (type === ITEM.offPage && value.end - value.from >= 12) {
        count(words.u32(value.from + 8));
        blobs.push(readOverflow(file, value.from, words, { size, pages, path }));
      } else throw brokenDatabase(path, `has an item of type ${type} on page ${page}`);
    }
  }
  return blobs;
}

/** What does not fit into a page lies in a chain of its own. */
function readOverflow(
  file: Buffer,
  item: number,
  words: Words,
  { size, pages, path }: { readonly size: number; readonly pages: number; readonly path: string },
): Buffer {
  const length = words.u32(item + 8);
  const parts: Buffer[] = [];
  let left = length;
  for (let page = words.u32(item + 4); left > 0; page = words.u32(page * size + AT.next)) {
    if (page === 0 || page >= pages || file[page * size + AT.type] !== PAGE.overflow)
      throw brokenDatabase(path, `has a value of ${length} bytes that ends ${left} bytes early, at page ${page}`);
    const used = Math.min(words.u16(page * size + AT.used), left);
    if (used === 0 || used > size - HEAD_BYTES) throw brokenDatabase(path, `has ${used} bytes on page ${page}`);
    const from = page * size + HEAD_BYTES;
    parts.push(file.subarray(from, from + used));
    left -= used;
  }
  return Buffer.concat(parts);
}
