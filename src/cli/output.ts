/** The one way out: everything that is printed goes through here, so that no renderer can forget what must not be shown. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { escapeControl, escapeJsonControl, redact, toSafeJson } from '../errors.ts';

/** A stream for people and programs. Each text is written whole: secrets are masked and control characters escaped. */
export interface Output {
  /** Of the terminal that it is; null where it is none. */
  readonly columns: number | null;
  /** Text for people. */
  write(text: string): void;
  /** A report for programs, in lines of its own. */
  json(value: unknown): void;
  /** Values on one line each; false when the reader should be waited for. */
  jsonLines(values: readonly unknown[]): boolean;
  /** A line that may be JSON which somebody else wrote: where it is, it stays so, and its numbers stay as they are. */
  foreignLine(line: string): void;
  /** Resolves when the reader has caught up. */
  drained(signal: AbortSignal): Promise<void>;
}

/** The way out to a stream. */
export function createOutput(stream: Writable): Output {
  return {
    get columns() {
      // A terminal of which nobody said the size has 0.
      return (stream as Partial<NodeJS.WriteStream>).columns || null;
    },
    write: (text) => void stream.write(escapeControl(redact(text))),
    json: (value) => void stream.write(`${toSafeJson(value, 2)}\n`),
    jsonLines: (values) => stream.write(values.map((value) => `${toSafeJson(value)}\n`).join('')),
    foreignLine: (line) => void stream.write(`${cleanLine(line)}\n`),
    drained: async (signal) => void (await once(stream, 'drain', { signal })),
  };
}

function cleanLine(line: string): string {
  const value = parse(line);
  if (value === undefined) return escapeControl(redact(line));
  const safe = toSafeJson(value);
  // Written again only where something had to go: that could cost digits of large numbers.
  return safe === JSON.stringify(value) && line === escapeJsonControl(line) ? line : safe;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
