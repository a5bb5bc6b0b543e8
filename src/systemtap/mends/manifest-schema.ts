/** manifest.json of a mended SystemTap: which one it is, what was changed, and by what. Foreign until checked. */
import * as z from 'zod';
import { FOLDER_PLACE } from '../../resolve/folder-place.ts';

export interface MendedManifest {
  readonly schema: 'tapprep-mended/1';
  /** Upstream, "4.8". */
  readonly version: string;
  /** Name of the SystemTap that it is made of: "4.8-2 of the distribution". */
  readonly of: string;
  /** Folder of that one; null for the distribution's own. */
  readonly base: string | null;
  /** Names of the rows of the table. */
  readonly mends: readonly string[];
  /** The header that the compiler includes first; null for none. */
  readonly header: { readonly name: string; readonly sha256: string } | null;
  /** Further words for the compiler. */
  readonly flags: readonly string[];
  /** Files of the runtime that were changed, by their SHA-256 before and after. */
  readonly files: readonly { readonly file: string; readonly from: string; readonly to: string }[];
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const name = z.string().regex(/^[a-z0-9][\w.-]{0,60}$/);

const manifest: z.ZodType<MendedManifest> = z.strictObject({
  schema: z.literal('tapprep-mended/1'),
  version: z.string().regex(/^\d{1,4}(?:\.\d{1,4}){1,3}$/),
  of: z.string().max(200),
  base: z.string().regex(FOLDER_PLACE).nullable(),
  mends: z.array(name).min(1).max(50),
  header: z.strictObject({ name, sha256 }).nullable(),
  flags: z.array(z.string().regex(/^-[\w=-]{1,60}$/)).max(50),
  files: z
    .array(z.strictObject({ file: z.string().regex(/^[\w.-]+(?:\/[\w.-]+)*$/), from: sha256, to: sha256 }))
    .max(200),
});

/** null where the text is no such manifest. */
export function parseMendedManifest(text: string): MendedManifest | null {
  if (text.length > 100_000) return null;
  try {
    return manifest.safeParse(JSON.parse(text)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
