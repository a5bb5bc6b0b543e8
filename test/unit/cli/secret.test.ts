import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';
import { expect, test } from 'vitest';
import { askSecret } from '../../../src/cli/secret.ts';

/** A terminal that notes in which order it is told to be silent and asked. */
function terminal(): { readonly input: ReadStream; readonly output: WriteStream; readonly seen: string[] } {
  const seen: string[] = [];
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (on: boolean) => void seen.push(on ? 'echo off' : 'echo on'),
  });
  const output = Object.assign(new EventEmitter(), { write: (text: string) => void seen.push(text) });
  return { input: input as unknown as ReadStream, output: output as unknown as WriteStream, seen };
}

test('a password that is typed as soon as it is asked for is not shown: echo is off before the question', async () => {
  const { input, output, seen } = terminal();
  const answer = askSecret(input, output, 'password: ', new AbortController().signal);
  (input as unknown as PassThrough).write('hunter2\r');
  expect(await answer).toBe('hunter2');
  expect(seen).toEqual(['echo off', 'password: ', 'echo on', '\n']);
});
