/** The form of what is kept beside a rehearsal root. */
import * as z from 'zod';
import { packageArch, packageName, packageVersion } from '../resolve/package-schema.ts';
import type { RootRecord } from './kept-root.ts';

export const rootSchema = z.object({
  schema: z.literal('tapprep-root/1'),
  key: z.string(),
  base: z.array(z.object({ name: packageName, version: packageVersion, arch: packageArch })),
}) satisfies z.ZodType<RootRecord>;
