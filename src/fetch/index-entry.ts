/** What is remembered of an address: which content it gave, and how to ask whether that changed. */
import { readFile } from 'node:fs/promises';
import type { Sha256 } from '../types.ts';
import { indexEntrySchema } from './records-schema.ts';
import { writeAtomic } from './write-atomic.ts';

export interface IndexEntry {
  /** Without credentials; null where the entry stands for a digest. */
  readonly url: string | null;
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** Milliseconds since the epoch. */
  readonly fetchedAt: number;
}

/** As it lies in the cache. */
export interface SavedIndexEntry extends IndexEntry {
  readonly schema: 'tapprep-index/1';
}

/** Reads an entry; null when it is absent or damaged: then the address is asked again, which is always right. */
export async function readIndex(path: string): Promise<IndexEntry | null> {
  try {
    return indexEntrySchema.safeParse(JSON.parse(await readFile(path, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}

/** Writes an entry. @throws TapprepError NO_SPACE | PERMISSION */
export async function writeIndex(path: string, entry: IndexEntry): Promise<void> {
  const saved: SavedIndexEntry = { schema: 'tapprep-index/1', ...entry };
  await writeAtomic(path, JSON.stringify(saved));
}
