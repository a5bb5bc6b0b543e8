/** Lines of a stream as they arrive, for commands that answer each one. */
import { addAbortSignal, type Readable } from 'node:stream';
import { interrupted } from '../interruption.ts';

/**
 * Yields the complete lines of each piece of a UTF-8 stream, so that a program on the other end of a pipe gets its answer
 * at once. A line of more than `maxChars` is given as null and never held in memory.
 * @throws TapprepError INTERRUPTED
 */
export async function* readLineBatches(
  stream: Readable,
  maxChars: number,
  signal: AbortSignal,
): AsyncGenerator<readonly (string | null)[]> {
  const decoder = new TextDecoder();
  let rest = '';
  let isTooLong = false;
  try {
    for await (const chunk of addAbortSignal(signal, stream)) {
      const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk as Uint8Array, { stream: true });
      const pieces = text.split('\n');
      const lines: (string | null)[] = [];
      for (const [index, piece] of pieces.entries()) {
        rest = isTooLong ? '' : rest + piece;
        if (rest.length > maxChars) {
          isTooLong = true;
          rest = '';
        }
        if (index === pieces.length - 1) continue;
        lines.push(isTooLong ? null : rest);
        rest = '';
        isTooLong = false;
      }
      if (lines.length > 0) yield lines;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    throw interrupted(signal, 'while reading standard input', { cause: error });
  }
  if (isTooLong || rest !== '') yield [isTooLong ? null : rest];
}
