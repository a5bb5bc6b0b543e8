/** Collects one output stream of a program within fixed memory: its head, its tail, and how much is missing between. */
import { StringDecoder } from 'node:string_decoder';

/** Bytes kept of each end of a stream. */
const KEPT_BYTES = 4 * 1024 * 1024;
/** A line longer than this is handed to onLine in pieces. */
const LINE_BYTES = 64 * 1024;

export interface BoundedOutput {
  push(chunk: Uint8Array): void;
  /** Ends the stream and returns its text; a line of its own says how many bytes were left out. */
  end(): string;
}

/** @param kept bytes kept of the head, and again of the tail */
export function createBoundedOutput(onLine?: (line: string) => void, kept = KEPT_BYTES): BoundedOutput {
  const head: Uint8Array[] = [];
  const tail: Uint8Array[] = [];
  let headBytes = 0;
  let tailBytes = 0;
  let leftOut = 0;
  const lines = onLine === undefined ? null : createLineSplitter(onLine);

  const pushTail = (chunk: Uint8Array): void => {
    if (chunk.length === 0) return;
    tail.push(chunk);
    tailBytes += chunk.length;
    for (let first = tail[0]; first !== undefined && tailBytes - first.length >= kept; first = tail[0]) {
      tail.shift();
      tailBytes -= first.length;
      leftOut += first.length;
    }
  };
  return {
    push(chunk) {
      lines?.push(chunk);
      const room = Math.max(0, kept - headBytes);
      if (room > 0) {
        head.push(chunk.subarray(0, room));
        headBytes += Math.min(room, chunk.length);
      }
      pushTail(chunk.subarray(room));
    },
    end() {
      lines?.end();
      const rest = Buffer.concat(tail);
      const cut = Math.max(0, rest.length - kept);
      const missing = leftOut + cut;
      const marker = missing === 0 ? '' : `\n[${missing} bytes of output left out]\n`;
      return Buffer.concat(head).toString('utf8') + marker + rest.subarray(cut).toString('utf8');
    },
  };
}

function createLineSplitter(onLine: (line: string) => void): { push(chunk: Uint8Array): void; end(): void } {
  const decoder = new StringDecoder('utf8');
  let partial = '';
  const take = (text: string): void => {
    const lines = (partial + text).split('\n');
    partial = lines.pop() ?? '';
    for (const line of lines) onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
    if (partial.length < LINE_BYTES) return;
    onLine(partial);
    partial = '';
  };
  return {
    push: (chunk) => take(decoder.write(chunk)),
    end: () => {
      take(decoder.end());
      if (partial !== '') onLine(partial);
    },
  };
}
