/** Small files of the cache: whole or not there. */
import { rm } from 'node:fs/promises';
import { isTapprepError } from '../errors.ts';
import { writeWhole } from '../files/write-whole.ts';

const OPTIONS = { mode: 0o600, durable: false, place: 'CACHE_UNUSABLE', other: 'CACHE_UNUSABLE' } as const;

/**
 * Not synced: it is only a memory, and one that a power failure emptied is no JSON and counts as forgotten.
 * @throws TapprepError NO_SPACE | PERMISSION | CACHE_UNUSABLE
 */
export async function writeAtomic(path: string, text: string): Promise<void> {
  try {
    await writeWhole(path, text, OPTIONS);
  } catch (error) {
    // A directory in the file's place, made by hand: a file cannot be renamed over it.
    if (!isTapprepError(error, 'CACHE_UNUSABLE') || error.facts['errno'] !== 'EISDIR') throw error;
    await rm(path, { recursive: true });
    await writeWhole(path, text, OPTIONS);
  }
}
