/** The form of a file of verdicts in the cache. */
import { z } from 'zod';
import type { VerdictFile } from './verdicts.ts';

const outcome = z.enum(['pass', 'fail', 'skip']);

export const verdictFileSchema = z.object({
  schema: z.literal('tapprep-verdicts/1'),
  kernel: z.string(),
  verdicts: z.array(
    z.object({
      candidate: z.string(),
      rungs: z.object({ hello: outcome, 'kernel.function': outcome }),
      reason: z.string().nullable(),
      at: z.string(),
    }),
  ),
}) satisfies z.ZodType<VerdictFile>;
