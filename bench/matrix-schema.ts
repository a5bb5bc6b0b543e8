/** The form of docs/matrix.json: what the matrix has tried so far, so that a run goes on where the last one ended. */
import * as z from 'zod';
import type { SeenVerdict } from '../src/systemtap/verdicts.ts';
import { seenVerdictSchema } from '../src/systemtap/verdicts-schema.ts';

const fit = z.enum(['fits', 'mended', 'unfit', 'unknown']);

const tried = z.object({
  /** Name of the candidate. */
  name: z.string(),
  /** What was expected from the indexes alone, before anything was downloaded. */
  predicted: z.object({ hello: fit, 'kernel.function': fit }),
  /** What compiling and loading showed; null where the outcome says nothing of the SystemTap. */
  seen: z.nullable(seenVerdictSchema),
  /** Why there is no verdict; null where there is one. */
  why: z.string().nullable(),
  /** It could not be mended, which is what its failure is. */
  refused: z.boolean(),
  /** ISO 8601, UTC. */
  at: z.iso.datetime(),
  /** Of the checkout that tried it; null where that is none. */
  commit: z.string().nullable(),
  seconds: z.number().nonnegative(),
});

const kernel = z.object({
  /** "debian:12" */
  distro: z.string(),
  /** "bookworm-backports" */
  suite: z.string(),
  release: z.string(),
  flavour: z.string(),
  /** Of its packages. */
  version: z.string(),
  /** Whether every SystemTap was tried. */
  done: z.boolean(),
  tried: z.array(tried),
  /** What kept it from being rehearsed the last time; null where nothing did. */
  error: z.object({ code: z.string(), message: z.string(), at: z.iso.datetime() }).nullable(),
});

const state = z.object({ schema: z.literal('tapprep-matrix/1'), kernels: z.array(kernel) });

export type MatrixTry = Omit<z.infer<typeof tried>, 'seen'> & { readonly seen: SeenVerdict | null };
export type MatrixKernel = Omit<z.infer<typeof kernel>, 'tried'> & { readonly tried: readonly MatrixTry[] };
export interface MatrixState {
  readonly schema: 'tapprep-matrix/1';
  readonly kernels: readonly MatrixKernel[];
}

/** @throws Error for a file that is no such state: nothing of it is thrown away unseen */
export function parseMatrixState(text: string, path: string): MatrixState {
  const result = state.safeParse(JSON.parse(text));
  if (result.success) return result.data;
  const [first] = result.error.issues;
  throw new Error(`${path} is no state of the matrix: ${first?.path.join('.')}: ${first?.message}`);
}
