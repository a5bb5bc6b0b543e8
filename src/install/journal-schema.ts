/**
 * The form of the journal. It lies where root believes it, but is read as foreign: each field of an entry is checked.
 * What is not known to this version is kept as it is.
 */
import * as z from 'zod';
import type { Journal, JournalEntry } from './journal.ts';

const word = z.string().regex(/^(?!-)[\w.+:~^-]+$/);
/** Absolute, and of nothing that a terminal or a line of a script would take for something else. */
const path = z
  .string()
  .regex(/^\/[^\p{Cc}\p{Cf}\u2028\u2029]+$/u)
  .refine((value) => !value.split('/').some((part) => part === '..' || part === '.'));

const listed = z.looseObject({ name: word, version: word, arch: word });

const entry = z.looseObject({
  at: word,
  tapprep: word,
  release: word,
  manager: z.enum(['dpkg', 'rpm']).optional(),
  bundle: word.optional(),
  folder: path.optional(),
  state: z.enum(['started', 'done', 'failed', 'removed']),
  begun: z.literal(false).optional(),
  packages: z.array(listed),
  replaced: z.array(z.looseObject({ name: word, from: word, to: word })),
  removed: z.array(listed).optional(),
  files: z.array(path),
  placed: z.array(z.looseObject({ path, sha256: word })).optional(),
  configured: z.array(listed).optional(),
  unsigned: z.array(z.looseObject({ path, url: z.string(), sha256: word, buildId: word })).optional(),
  mended: z
    .array(z.looseObject({ file: word.or(z.string().regex(/^[\w.-]+(?:\/[\w.-]+)+$/)), from: word, to: word }))
    .optional(),
}) satisfies z.ZodType<JournalEntry>;

export const journalSchema = z.looseObject({
  schema: z.literal('tapprep-journal/1'),
  entries: z.array(entry),
}) satisfies z.ZodType<Journal>;
