/** What a stream says from a line of its own on: a login shell may print whatever it likes before. */

export interface AfterMark {
  /** What of the next bytes comes after the mark's line. */
  take(chunk: Uint8Array): Uint8Array;
  /** The rest of the mark's line; null until it was seen. */
  readonly word: string | null;
  /** What came before the mark, its beginning and its end: a login shell's files speak before the program that fails. */
  readonly before: string;
}

/** Bytes kept of what came before. */
const KEPT_BYTES = 4096;
/** No mark's line is longer. */
const LINE_BYTES = 256;

function shorten(text: string): string {
  return text.length <= KEPT_BYTES ? text : text.slice(0, KEPT_BYTES / 2) + text.slice(-KEPT_BYTES / 2);
}

/** Waits for `MARK[ WORD]` at the end of a line: what came before need not have ended its own. */
export function createAfterMark(mark: string): AfterMark {
  let held = Buffer.alloc(0);
  let before = '';
  let word: string | null = null;
  return {
    get word() {
      return word;
    },
    get before() {
      return before + (word === null ? held.toString('utf8') : '');
    },
    take(chunk) {
      if (word !== null) return chunk;
      held = Buffer.concat([held, chunk]);
      let at = held.indexOf(mark);
      let end = at === -1 ? -1 : held.indexOf('\n', at);
      // A line that goes on for longer is none of the mark's: a hostile machine must not fill the memory with it.
      while (at !== -1 && (end === -1 ? held.length : end) - at > mark.length + LINE_BYTES) {
        at = held.indexOf(mark, at + 1);
        end = at === -1 ? -1 : held.indexOf('\n', at);
      }
      if (end === -1) {
        // Only the end can still become the mark.
        const settled = at === -1 ? Math.max(0, held.length - mark.length - LINE_BYTES) : at;
        before = shorten(before + held.subarray(0, settled).toString('utf8'));
        held = held.subarray(settled);
        return new Uint8Array();
      }
      before = shorten(before + held.subarray(0, at).toString('utf8'));
      word = held
        .subarray(at + mark.length, end)
        .toString('utf8')
        .trim();
      const rest = held.subarray(end + 1);
      held = Buffer.alloc(0);
      return rest;
    },
  };
}
