/** Reads a log of any size from a file or standard input, in bounded memory. */
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LogExcerpt } from '../diagnose/log-excerpt.ts';
import { NEEDLES } from '../diagnose/rules.ts';
import { isErrno, TapprepError } from '../errors.ts';
import { releaseMemory } from '../fetch/memory.ts';
import type { Context } from './context.ts';

/** What reading a log needs of the process. */
export type LogContext = Pick<Context, 'stdin' | 'cwd' | 'signal'>;

/** Reads in pieces of this size, always into the same memory. */
const READ_BYTES = 256 * 1024;

/** What an errno of opening means to the reader. */
const REFUSALS: readonly (readonly [string, string])[] = [
  ['ENOENT', 'is neither a file nor a code'],
  ['EACCES', 'cannot be read'],
  ['ENOTDIR', 'is not a file'],
];

/** What is kept of a log: a path, or "-" or null for standard input. @throws TapprepError USAGE */
export async function readLogSource(context: LogContext, source: string | null): Promise<string> {
  const excerpt = new LogExcerpt(NEEDLES);
  if (source === null || source === '-') await readStream(context, excerpt);
  else await readFrom(context, resolve(context.cwd, source), excerpt);
  return excerpt.finish();
}

async function readStream(context: LogContext, excerpt: LogExcerpt): Promise<void> {
  for await (const chunk of context.stdin) {
    context.signal.throwIfAborted();
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : (chunk as Uint8Array);
    excerpt.push(bytes);
    releaseMemory(bytes);
  }
}

async function readFrom(context: LogContext, path: string, excerpt: LogExcerpt): Promise<void> {
  const file = await open(path, 'r').catch((error: unknown) => {
    const known = REFUSALS.find(([code]) => isErrno(error, code));
    if (known === undefined) throw error;
    throw new TapprepError('USAGE', `${path} ${known[1]}`, { hint: 'tapprep explain --help', cause: error });
  });
  try {
    if ((await file.stat()).isDirectory()) throw new TapprepError('USAGE', `${path} is a directory, not a log`);
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (;;) {
      context.signal.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES);
      if (bytesRead === 0) return;
      excerpt.push(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
