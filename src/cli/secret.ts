/** Passwords: from a file or the terminal, never from argv, shown nowhere. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';
import { TapprepError } from '../errors.ts';
import { requireGivenText } from '../host/given-file.ts';
import { askLine } from './ask-line.ts';

/** The first line of a file. @throws TapprepError USAGE */
export async function readSecretFile(path: string): Promise<string> {
  const text = await requireGivenText(path, 'the password file');
  const [line = ''] = text.split(/\r?\n/);
  if (line !== '') return line;
  throw new TapprepError('USAGE', `the password file ${path} begins with an empty line`);
}

/** Asks on a terminal that shows nothing of the answer; null for an empty one. */
export async function askSecret(
  input: ReadStream,
  output: WriteStream,
  question: string,
  signal: AbortSignal,
): Promise<string | null> {
  // Readline echoes to its output, so that goes nowhere; it switches the terminal's own echo off as it is made. Only then
  // comes the question: an answer that is quicker would be shown.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const asker = createInterface({ input, output: nowhere, terminal: true });
  output.write(question);
  try {
    const answer = await askLine(asker, '', signal);
    return answer === '' ? null : answer;
  } finally {
    output.write('\n');
  }
}
