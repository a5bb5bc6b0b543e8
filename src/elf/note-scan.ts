/** Finds the build-id of an ELF file that passes by as a stream, keeping only its headers and notes. */
import { TapprepError } from '../errors.ts';
import type { BuildId } from '../types.ts';
import { ELF_HEADER_BYTES, isElf, parseElfHeader, parseProgramHeaders } from './layout.ts';
import { findBuildId } from './notes.ts';

const PT_NOTE = 4;
const MAX_NOTE_BYTES = 64 * 1024;
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

interface Range {
  readonly offset: number;
  readonly size: number;
}

/** A scan of one stream; `name` is for messages. */
export function createNoteScan(name: string): NoteScan {
  let position = 0;
  let head = Buffer.alloc(0);
  let notes: Range | null = null;
  let littleEndian = true;
  let collected = Buffer.alloc(0);
  let state: 'head' | 'notes' | 'done' = 'head';

  const take = (chunk: Uint8Array, start: number, range: Range): void => {
    const from = Math.max(range.offset + collected.length - start, 0);
    const to = Math.min(range.offset + range.size - start, chunk.length);
    if (from < to) collected = Buffer.concat([collected, chunk.subarray(from, to)]);
    if (collected.length === range.size) state = 'done';
  };

  return {
    push(chunk) {
      const start = position;
      position += chunk.length;
      if (position > MAX_STREAM_BYTES) throw new TapprepError('TOO_LARGE', `${name} unpacks to more than any kernel`);
      if (state === 'head') {
        head = Buffer.concat([head, chunk]);
        const found = findNoteRange(head, name);
        if (found === 'more') return false;
        if (found === null) {
          state = 'done';
          return true;
        }
        notes = found;
        littleEndian = head[5] === 1;
        state = 'notes';
        take(head, 0, found);
        head = Buffer.alloc(0);
      } else if (state === 'notes' && notes !== null) {
        take(chunk, start, notes);
      }
      return state === 'done';
    },
    result() {
      if (state !== 'done')
        throw new TapprepError('BAD_PACKAGE', `${name} is cut off: it unpacks to ${position} bytes, before its notes`);
      return findBuildId(collected, littleEndian);
    },
  };
}

/** Where the notes lie; 'more' when the headers are not all there yet, null when there are none. */
function findNoteRange(head: Buffer, name: string): Range | 'more' | null {
  if (head.length < ELF_HEADER_BYTES) return 'more';
  if (!isElf(head)) return null;
  const header = parseElfHeader(head, name);
  const { offset, entrySize, count } = header.programHeaders;
  const end = offset + entrySize * count;
  if (end > MAX_HEADER_BYTES || count === 0) return null;
  if (head.length < end) return 'more';
  const segments = parseProgramHeaders(head.subarray(offset, end), header, name);
  const note = segments.find(({ type }) => type === PT_NOTE);
  if (note === undefined || note.fileSize === 0 || note.fileSize > MAX_NOTE_BYTES) return null;
  return note.offset < end ? null : { offset: note.offset, size: note.fileSize };
}
