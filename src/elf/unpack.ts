/** Streams through a decoder, of which the reader may take as little as it wants. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pipeline } from 'node:stream';
import type { Duplex, Readable } from 'node:stream';
import { isErrno, messageOf, TapprepError } from '../errors.ts';
import { describeAnyInstall, type Tool } from '../host/tools.ts';

/**
 * What a decoder of Node makes of `input`; leaving the loop ends both.
 * @throws TapprepError BAD_PACKAGE
 */
export async function* throughDecoder(input: Readable, decoder: Duplex): AsyncIterable<Buffer> {
  // Errors come out of the loop below: the pipeline hands those of the input on to the decoder.
  pipeline(input, decoder, () => undefined);
  try {
    for await (const chunk of decoder) yield chunk as Buffer;
  } catch (error) {
    throw new TapprepError('BAD_PACKAGE', `a kernel image cannot be unpacked: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * What a program makes of `input`, from its standard input to its standard output; leaving the loop ends it.
 * How it ends is not asked: kernels carry a size word behind the stream that every decoder calls garbage.
 * @throws TapprepError TOOL_MISSING
 */
export async function* throughTool(input: Readable, tool: Tool, args: readonly string[]): AsyncIterable<Buffer> {
  const child = spawn(tool, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const closed = once(child, 'close').catch((error: unknown) => error);
  pipeline(input, child.stdin, () => undefined);
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    const failure: unknown = await closed;
    if (isErrno(failure, 'ENOENT')) throw toolMissing(tool, failure);
  } finally {
    input.destroy();
    child.kill('SIGKILL');
    await closed;
  }
}

function toolMissing(tool: Tool, cause: unknown): TapprepError {
  return new TapprepError('TOOL_MISSING', `${tool} is needed to read a kernel image but is not installed`, {
    hint: describeAnyInstall(tool),
    facts: { tool },
    cause,
  });
}
