/** The forms of verdicts: a file of them in the cache, and a list that is taken elsewhere. Foreign until checked. */
import * as z from 'zod';
import { fingerprint, packageVersion, sha256, upstreamVersion } from '../resolve/package-schema.ts';
import { buildId, line, word } from '../resolve/target-schema.ts';
import type { Blame, StepId } from '../types.ts';
import type { VerdictList } from './verdict-list.ts';
import type { SeenVerdict, StoredVerdict, VerdictFile } from './verdicts.ts';

const STEPS = {
  tools: true,
  'build-tree': true,
  'build-id': true,
  hello: true,
  timer: true,
  'kernel.trace': true,
  'kprobe.function': true,
  'kernel.function': true,
  syscall: true,
  process: true,
  script: true,
} as const satisfies Record<StepId, true>;
const BLAMES = { target: true, systemtap: true, script: true, 'this-machine': true } as const satisfies Record<
  Blame,
  true
>;

const outcome = z.enum(['pass', 'fail', 'skip']);
/** Words of tools: many lines, and of control characters only those that end and indent lines. */
const words = z
  .string()
  .max(1000)
  .regex(/^[^\u0000-\u0008\u000b-\u001f\u007f]*$/);

const kernel = z.object({
  distro: word,
  release: word,
  arch: word,
  package: line.max(300).nullable(),
  buildId: buildId.nullable(),
  unameV: line.max(300).nullable(),
});

const systemtap = z
  .object({
    kind: z.enum(['distro', 'portable', 'build']),
    version: upstreamVersion,
    packageVersion: packageVersion.nullable(),
    from: z.object({ distro: word, suite: word }).nullable(),
    mends: z.array(z.object({ id: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,80}$/), sha256 })).max(20),
  })
  .refine(
    ({ kind, from }) => (kind === 'distro') === (from === null),
    'only the distribution’s own comes from nowhere else',
  );

export const seenVerdictSchema = z.object({
  kernel,
  systemtap,
  rungs: z.object({ hello: outcome, 'kernel.function': outcome }),
  failed: z.object({ step: z.enum(keysOf(STEPS)), blame: z.enum(keysOf(BLAMES)).nullable() }).nullable(),
  reason: words.nullable(),
  at: z.iso.datetime(),
  tapprep: z.string().regex(/^\d[\w.+-]{0,60}$/),
}) satisfies z.ZodType<SeenVerdict>;

const origin: z.ZodType<StoredVerdict['origin']> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('here') }),
  z.object({ kind: z.literal('imported'), signer: fingerprint.nullable(), at: z.iso.datetime() }),
]);

export const verdictFileSchema: z.ZodType<VerdictFile> = z.object({
  schema: z.literal('tapprep-verdicts/2'),
  release: word,
  arch: word,
  verdicts: z.array(z.object({ ...seenVerdictSchema.shape, origin })),
});

/** More than any matrix has. */
const MAX_LISTED = 20_000;

export const verdictListSchema: z.ZodType<VerdictList> = z.object({
  schema: z.literal('tapprep-verdict-list/1'),
  /** ISO 8601, UTC. */
  made: z.iso.datetime(),
  verdicts: z
    .array(
      seenVerdictSchema
        .refine(
          ({ kernel: { package: version, buildId: id, unameV } }) =>
            [version, id, unameV].some((mark) => mark !== null),
          'nothing tells this kernel build from another one of its release',
        )
        .refine(({ rungs }) => rungs.hello !== 'skip', 'hello world was not tried'),
    )
    .max(MAX_LISTED),
});

function keysOf<Key extends string>(table: Readonly<Record<Key, true>>): readonly Key[] {
  return Object.keys(table) as Key[];
}
