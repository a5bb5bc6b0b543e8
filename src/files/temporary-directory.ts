/** A directory that is there for the time of some work. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { diskError, type DiskErrorOptions } from './disk-error.ts';

/**
 * Makes `parent`/`prefix`XXXXXX (0700), does the work in it, and takes it away whatever happened. `parent` has to be there.
 * @throws TapprepError NO_SPACE | PERMISSION, and what the work throws
 */
export async function withTemporaryDirectory<Result>(
  parent: string,
  prefix: string,
  work: (directory: string) => Promise<Result>,
  options: DiskErrorOptions = {},
): Promise<Result> {
  const directory = await mkdtemp(join(parent, prefix)).catch((error: unknown) => {
    throw diskError(error, parent, options);
  });
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
