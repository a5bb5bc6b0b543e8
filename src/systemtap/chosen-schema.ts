/** The form of the record of which SystemTap was proven for a kernel of a target. Foreign until checked. */
import * as z from 'zod';
import { FOLDER_PLACE, MENDED_PLACE } from '../resolve/folder-place.ts';
import { line, word } from '../resolve/target-schema.ts';

/** One file for each kernel, beside the journal. */
export interface ChosenRecord {
  readonly schema: 'tapprep-chosen/1';
  /** uname -r */
  readonly release: string;
  /** Name of the candidate: "portable 5.1 (debian trixie)". */
  readonly name: string;
  /** Upstream, "5.1". */
  readonly version: string;
  /** Its folder on the target. */
  readonly place: string;
  /** skip: compiled, and not loaded yet. */
  readonly hello: 'pass' | 'skip';
  /** ISO 8601, UTC. */
  readonly at: string;
}

const record: z.ZodType<ChosenRecord> = z
  .strictObject({
    schema: z.literal('tapprep-chosen/1'),
    release: word,
    name: line.max(200),
    version: z.string().regex(/^\d{1,4}(?:\.\d{1,4}){1,3}$/),
    place: z.union([z.string().regex(FOLDER_PLACE), z.string().regex(MENDED_PLACE)]),
    hello: z.enum(['pass', 'skip']),
    at: z.iso.datetime(),
  })
  .refine(
    ({ place, version }) => place.endsWith(`/systemtap-${version}`) || place.includes(`/systemtap-${version}-mended-`),
    'its place is that of another version',
  );

/** The record of a kernel, or null where the text is none, is of a later form or is for another kernel. */
export function parseChosen(text: string, release: string): ChosenRecord | null {
  if (text.length > 10_000) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const result = record.safeParse(value);
  return result.success && result.data.release === release ? result.data : null;
}
