/** A local program as a filter: a file goes in, its output comes out in pieces. */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { RunResult } from './host.ts';

const STDERR_BYTES = 4096;
const PATH = '/usr/local/bin:/usr/bin:/bin';

/** How a filter ended: `missing` means that there is no such program. */
export type FilterEnd = Pick<RunResult, 'exitCode' | 'stderr'> & { readonly missing: boolean };

/**
 * Runs argv with the file as its standard input and yields what it prints; the generator's value is how it ended. A
 * consumer that stops early ends the program.
 */
export async function* filterFile(
  argv: readonly [string, ...string[]],
  path: string,
): AsyncGenerator<Uint8Array, FilterEnd, undefined> {
  // Loaded here: most runs unpack nothing that needs another program.
  const { execa } = await import('execa');
  const input = createReadStream(path);
  await once(input, 'open');
  const [file, ...args] = argv;
  try {
    const child = execa(file, args, {
      // An opened file stream: the program gets the descriptor itself, so xz can unpack blocks side by side.
      stdin: input,
      env: { LC_ALL: 'C', PATH },
      extendEnv: false,
      buffer: { stdout: false, stderr: true },
      maxBuffer: STDERR_BYTES,
      encoding: 'buffer',
      reject: false,
    });
    let finished = false;
    try {
      for await (const chunk of child.stdout as AsyncIterable<Uint8Array>) yield chunk;
      finished = true;
    } finally {
      if (!finished) child.kill('SIGKILL');
    }
    const result = await child;
    const stderr = Buffer.from(result.stderr ?? '').toString('utf8');
    return { exitCode: result.exitCode ?? null, stderr, missing: result.code === 'ENOENT' };
  } finally {
    input.destroy();
  }
}
