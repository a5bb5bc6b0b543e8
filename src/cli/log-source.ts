/** Reads a log of any size from a file or standard input, in bounded memory. */
import { closeSync, constants, fstatSync, openSync, read } from 'node:fs';
import { Socket } from 'node:net';
import { resolve } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import { LogExcerpt } from '../diagnose/log-excerpt.ts';
import { NEEDLES } from '../diagnose/rules.ts';
import { isErrno, TapprepError } from '../errors.ts';
import { releaseMemory } from '../fetch/memory.ts';
import type { Context } from './context.ts';

/** What reading a log needs of the process. */
export type LogContext = Pick<Context, 'stdin' | 'cwd' | 'signal'>;

/** Reads in pieces of this size, always into the same memory. */
const READ_BYTES = 256 * 1024;

/** What is said of a source that is not there. */
export interface LogWords {
  /** What follows its path. */
  readonly absent: string;
  readonly hint: string;
}

const OF_EXPLAIN: LogWords = { absent: 'is neither a file nor a code', hint: 'tapprep explain --help' };

/** What another errno of opening means to the reader. */
const REFUSALS: readonly (readonly [string, string])[] = [
  ['EACCES', 'cannot be read'],
  ['ENOTDIR', 'is not a file'],
];

/** What is kept of a log: a path, or "-" or null for standard input. @throws TapprepError USAGE, INTERRUPTED */
export async function readLogSource(
  context: LogContext,
  source: string | null,
  words: LogWords = OF_EXPLAIN,
): Promise<string> {
  const excerpt = new LogExcerpt(NEEDLES);
  if (source === null || source === '-') await readStream(context, context.stdin, excerpt);
  else await readFrom(context, resolve(context.cwd, source), excerpt, words);
  return excerpt.finish();
}

async function readStream({ signal }: LogContext, stream: Readable, excerpt: LogExcerpt): Promise<void> {
  try {
    for await (const chunk of addAbortSignal(signal, stream)) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : (chunk as Uint8Array);
      excerpt.push(bytes);
      releaseMemory(bytes);
    }
  } catch (error) {
    throw signal.aborted ? interrupted(error) : error;
  }
}

function interrupted(cause?: unknown): TapprepError {
  return new TapprepError('INTERRUPTED', 'stopped while reading a log', { cause });
}

async function readFrom(context: LogContext, path: string, excerpt: LogExcerpt, words: LogWords): Promise<void> {
  const fd = openPatiently(path, words);
  const stat = fstatSync(fd);
  // A stream closes the descriptor that it was given.
  if (stat.isFIFO()) return await readStream(context, new Socket({ fd, readable: true, writable: false }), excerpt);
  try {
    if (stat.isDirectory()) throw new TapprepError('USAGE', `${path} is a directory, not a log`);
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (;;) {
      if (context.signal.aborted) throw interrupted();
      const { bytesRead } = await readPiece(fd, buffer, 0, READ_BYTES, null);
      if (bytesRead === 0) return;
      excerpt.push(buffer.subarray(0, bytesRead));
    }
  } finally {
    closeSync(fd);
  }
}

const readPiece = promisify(read);

/** Opening a pipe otherwise waits for its writer, and nothing could end that: so the reading waits, which a signal ends. */
function openPatiently(path: string, { absent, hint }: LogWords): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const why = isErrno(error, 'ENOENT') ? absent : REFUSALS.find(([code]) => isErrno(error, code))?.[1];
    if (why === undefined) throw error;
    throw new TapprepError('USAGE', `${path} ${why}`, { hint, cause: error });
  }
}
