/** The lines that the guest's init writes to the second serial port, taken out of whatever else may come there. */
import { TapprepError } from '../errors.ts';

/** One line `@NONCE SEQUENCE VERB WORDS…`, taken apart. */
export interface Frame {
  readonly verb: string;
  readonly words: readonly string[];
}

export interface FrameParser {
  /**
   * Takes the next bytes, cut anywhere, and returns the frames that they complete.
   * @throws TapprepError VM_FAILED when a frame is missing between two others
   */
  push(chunk: Uint8Array): readonly Frame[];
}

/** Longest line that the guest writes is about 2100 bytes; anything longer is none of its own. */
const MAX_LINE = 4096;

/**
 * A parser for one boot.
 * @param nonce chosen for this boot and known to nothing that runs in the guest but its init: a line without it, or with
 * a number that was there before, is not a report
 */
export function createFrameParser(nonce: string): FrameParser {
  const prefix = `@${nonce} `;
  let line = '';
  let tooLong = false;
  let expected = 0;

  const parse = (text: string): Frame | null => {
    if (!text.startsWith(prefix)) return null;
    const [sequence = '', verb = '', ...words] = text.slice(prefix.length).split(' ');
    if (!/^\d{1,9}$/.test(sequence) || verb === '') return null;
    const number = Number(sequence);
    if (number < expected) return null;
    if (number > expected) {
      throw new TapprepError(
        'VM_FAILED',
        `the guest's report ${expected} is missing: the next that arrived is ${number}`,
      );
    }
    expected += 1;
    return { verb, words };
  };

  return {
    push(chunk) {
      const frames: Frame[] = [];
      for (const part of Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
        .toString('latin1')
        .split(/(\n)/)) {
        if (part !== '\n') {
          tooLong ||= line.length + part.length > MAX_LINE;
          line = tooLong ? '' : line + part;
          continue;
        }
        const frame = tooLong ? null : parse(line.replace(/\r$/, ''));
        if (frame !== null) frames.push(frame);
        line = '';
        tooLong = false;
      }
      return frames;
    },
  };
}
