/** Finds the build-id of an ELF file that passes by as a stream, keeping only its headers and notes. */
import { TapprepError } from '../errors.ts';
import type { BuildId } from '../types.ts';
import { ELF_HEADER_BYTES, isElf, parseElfHeader, parseProgramHeaders } from './layout.ts';
import { findBuildId } from './notes.ts';

const PT_NOTE = 4;
const MAX_NOTE_BYTES = 64 * 1024;
const MAX_RANGES = 16;
const MAX_HEADER_BYTES = 64 * 1024;
const MAX_STREAM_BYTES = 1024 * 1024 * 1024;

export interface NoteScan {
  /** Takes the next bytes; true when nothing more is needed. */
  push(chunk: Uint8Array): boolean;
  /**
   * The build-id, null where the file has none.
   * @throws TapprepError BAD_PACKAGE when the stream ended before its notes
   */
  result(): BuildId | null;
}

/** One run of notes, and what has passed of it. */
interface NoteRange {
  readonly offset: number;
  readonly size: number;
  bytes: Buffer;
}

/** A scan of one stream; `name` is for messages. */
export function createNoteScan(name: string): NoteScan {
  let position = 0;
  // Kept until the program headers are complete; null from then on.
  let head: Buffer | null = Buffer.alloc(0);
  let ranges: readonly NoteRange[] = [];
  let littleEndian = true;

  const isDone = (): boolean => head === null && ranges.every(({ size, bytes }) => bytes.length === size);
  const take = (chunk: Buffer, start: number): void => {
    for (const range of ranges) {
      const from = Math.max(range.offset + range.bytes.length - start, 0);
      const to = Math.min(range.offset + range.size - start, chunk.length);
      if (from < to) range.bytes = Buffer.concat([range.bytes, chunk.subarray(from, to)]);
    }
  };

  return {
    push(chunk) {
      const start = position;
      position += chunk.length;
      if (position > MAX_STREAM_BYTES) throw new TapprepError('TOO_LARGE', `${name} unpacks to more than any kernel`);
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      if (head === null) {
        take(bytes, start);
        return isDone();
      }
      head = Buffer.concat([head, bytes]);
      const found = findNoteRanges(head, name);
      if (found === null) return false;
      ranges = found;
      littleEndian = head[5] === 1;
      take(head, 0);
      head = null;
      return isDone();
    },
    result() {
      if (!isDone())
        throw new TapprepError('BAD_PACKAGE', `${name} is cut off: it unpacks to ${position} bytes, before its notes`);
      for (const { bytes } of ranges) {
        const found = findBuildId(bytes, littleEndian);
        if (found !== null) return found;
      }
      return null;
    },
  };
}

/** Where the notes lie; null while the headers are not all there. */
function findNoteRanges(head: Buffer, name: string): readonly NoteRange[] | null {
  if (head.length < ELF_HEADER_BYTES) return null;
  if (!isElf(head)) return [];
  const header = parseElfHeader(head, name);
  const { offset, entrySize, count } = header.programHeaders;
  const end = offset + entrySize * count;
  if (end > MAX_HEADER_BYTES || count === 0) return [];
  if (head.length < end) return null;
  return parseProgramHeaders(head.subarray(offset, end), header, name)
    .filter(({ type, fileSize }) => type === PT_NOTE && fileSize > 0 && fileSize <= MAX_NOTE_BYTES)
    .slice(0, MAX_RANGES)
    .map((segment) => ({ offset: segment.offset, size: segment.fileSize, bytes: Buffer.alloc(0) }));
}
