/** The forms of what the cache remembers beside its files: of an address, and of an unfinished download. */
import * as z from 'zod';
import { digest, sha256 } from '../resolve/package-schema.ts';
import type { SavedIndexEntry } from './index-entry.ts';
import type { PartRecord } from './part-record.ts';

const bytes = z.int().nonnegative();
const text = z.string().nullable();

export const indexEntrySchema = z.object({
  schema: z.literal('tapprep-index/1'),
  url: text,
  sha256,
  sizeBytes: bytes,
  etag: text,
  lastModified: text,
  fetchedAt: z.number().nonnegative(),
}) satisfies z.ZodType<SavedIndexEntry>;

export const partRecordSchema = z.object({
  schema: z.literal('tapprep-part/1'),
  url: z.string(),
  urlHash: z.string(),
  etag: text,
  lastModified: text,
  size: bytes.nullable(),
  expected: digest.nullable(),
  boot: z.string(),
  reached: bytes.nullable().default(null),
}) satisfies z.ZodType<PartRecord>;
