/** The form of a saved plan. Foreign until checked: file names are plain, addresses are of known schemes. */
import { z } from 'zod';
import { TapprepError } from '../errors.ts';
import type { Plan } from '../types.ts';
import { digest, fingerprint, packageArch, packageName, packageRole, packageVersion } from './package-schema.ts';

const MAX_PLAN_BYTES = 64 * 1024 * 1024;

const trustOf = z.strictObject({
  metadata: z.enum(['signed', 'unsigned']),
  packages: z.enum(['signed', 'unsigned']),
  fingerprints: z.array(fingerprint),
  keyrings: z.array(z.string()),
  allow: z.array(z.enum(['sha1', 'dsa', 'v3', 'short-rsa', 'expired-key'])),
});
const trust = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('signed-index'), digest, signer: fingerprint, index: z.string() }),
  z.looseObject({
    kind: z.literal('rpm-signature'),
    trust: z.looseObject(trustOf.shape),
    digest: digest.nullable(),
    vendor: z.string().nullable(),
  }),
  z.looseObject({ kind: z.literal('unsigned-index'), digest, index: z.string(), buildId: z.string().nullable() }),
]);

const item = z.looseObject({
  role: packageRole,
  name: packageName,
  version: packageVersion,
  arch: packageArch,
  fileName: z.string().regex(/^[\w.+~^:%-]{1,255}$/),
  urls: z.array(z.string().regex(/^(https?|ftp|file):\/\//)).min(1),
  sizeBytes: z.int().nonnegative().nullable(),
  installedBytes: z.int().nonnegative().nullable(),
  trust,
  match: z.string(),
  repository: z.string(),
  install: z.boolean(),
  wave: z.int().nonnegative().optional(),
  replaces: z.string().nullable(),
});

const plan = z.looseObject({
  schema: z.literal('tapprep-plan/1'),
  target: z.looseObject({ family: z.enum(['deb', 'rpm']), distro: z.string(), arch: z.string(), release: z.string() }),
  items: z.array(item).max(10_000),
  present: z.array(z.looseObject({ role: z.string(), name: z.string(), version: z.string() })),
  downloadBytes: z.number(),
  installedBytes: z.number(),
  notes: z.array(z.string()),
});

/** A plan from its JSON text. @throws TapprepError BAD_LOCK with the place and the reason of each fault */
export function checkPlan(text: string, source: string): Plan {
  if (text.length > MAX_PLAN_BYTES) throw new TapprepError('BAD_LOCK', `${source} is larger than any plan`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TapprepError('BAD_LOCK', `${source} is no JSON`, { cause });
  }
  const result = plan.safeParse(value);
  if (result.success) return value as Plan;
  const faults = result.error.issues.slice(0, 20).map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new TapprepError('BAD_LOCK', `${source} is no plan of tapprep: ${faults.join('; ')}`, { facts: { faults } });
}
