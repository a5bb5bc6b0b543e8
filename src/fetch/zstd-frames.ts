/** Where the frames of a zstd file lie (RFC 8878 section 3): Node's decoder stops after the first and says nothing. */
import type { FileHandle } from 'node:fs/promises';

/** One frame: first byte, and the byte after its last. */
export interface ZstdFrame {
  readonly start: number;
  readonly end: number;
}

const FRAME_MAGIC = 0xfd2fb528;
/** 0x184D2A50 to 0x184D2A5F hold whatever a packer likes and no content. */
const SKIPPABLE_MAGIC = 0x184d2a5;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
/** Packers that cut a file for several threads make thousands; more are no sane file. */
const MAX_FRAMES = 1 << 16;
const WINDOW_BYTES = 4096;

/**
 * Walks over the block headers without decoding anything.
 * @throws Error in words when the file does not consist of whole frames from its first byte to its last
 */
export async function listZstdFrames(file: FileHandle): Promise<readonly ZstdFrame[]> {
  const { size } = await file.stat();
  const bytesAt = createWindow(file);
  const frames: ZstdFrame[] = [];
  for (let start = 0; start < size;) {
    const magic = (await bytesAt(start, 4)).readUInt32LE();
    if (magic >>> 4 === SKIPPABLE_MAGIC) {
      start += 8 + (await bytesAt(start + 4, 4)).readUInt32LE();
    } else if (magic === FRAME_MAGIC) {
      const end = await findEnd(start, bytesAt);
      frames.push({ start, end });
      start = end;
    } else {
      throw new Error(`no frame begins at byte ${start}`);
    }
    if (start > size) throw new Error(`the last frame ends at byte ${start}, the file at ${size}`);
    if (frames.length > MAX_FRAMES) throw new Error(`more than ${MAX_FRAMES} frames`);
  }
  return frames;
}

type BytesAt = (position: number, length: number) => Promise<Buffer>;

async function findEnd(start: number, bytesAt: BytesAt): Promise<number> {
  const descriptor = (await bytesAt(start + 4, 1)).readUInt8();
  const contentSizeFlag = descriptor >> 6;
  const singleSegment = (descriptor & 0x20) !== 0;
  const hasChecksum = (descriptor & 0x04) !== 0;
  const contentSize = contentSizeFlag === 0 && singleSegment ? 1 : (CONTENT_SIZE_BYTES[contentSizeFlag] ?? 0);
  const dictionary = DICTIONARY_BYTES[descriptor & 0x03] ?? 0;
  let at = start + 5 + (singleSegment ? 0 : 1) + dictionary + contentSize;
  for (let last = false; !last;) {
    const header = (await bytesAt(at, 3)).readUIntLE(0, 3);
    const type = (header >> 1) & 0x03;
    if (type === RESERVED_BLOCK) throw new Error(`the block at byte ${at} is of no known type`);
    last = (header & 1) === 1;
    at += 3 + (type === RLE_BLOCK ? 1 : header >> 3);
  }
  return at + (hasChecksum ? 4 : 0);
}

/** Reads a few bytes anywhere, keeping what lies round them: blocks may be tiny. */
function createWindow(file: FileHandle): BytesAt {
  const window = Buffer.alloc(WINDOW_BYTES);
  let from = 0;
  let filled = 0;
  return async (position, length) => {
    if (position < from || position + length > from + filled) {
      from = position;
      ({ bytesRead: filled } = await file.read(window, 0, WINDOW_BYTES, position));
      if (filled < length) throw new Error(`it ends within a frame, at byte ${position + filled}`);
    }
    return window.subarray(position - from, position - from + length);
  };
}
