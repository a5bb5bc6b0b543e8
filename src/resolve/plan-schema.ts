/** The form of a saved plan. Foreign until checked: file names are plain, addresses are of known schemes, places tapprep's own. */
import * as z from 'zod';
import { TapprepError } from '../errors.ts';
import { describeOtherVersion, listFaults } from '../foreign-form.ts';
import type {
  FileItem,
  FolderItem,
  Plan,
  PlanItem,
  Provision,
  RepositoryTrust,
  RpmExpectation,
  TrustRequirement,
} from '../types.ts';
import { DEBUG_FILE, DEBUGINFO_PLACE } from './debuginfod/place.ts';
import { FOLDER_PLACE } from './folder-place.ts';
import {
  digest,
  fingerprint,
  matchEvidence,
  packageArch,
  packageName,
  packageRole,
  packageVersion,
  sha256,
  upstreamVersion,
} from './package-schema.ts';
import { buildId, targetSchema, word } from './target-schema.ts';

const MAX_PLAN_BYTES = 64 * 1024 * 1024;

const text = z.string().max(16_384);
const bytes = z.int().nonnegative().nullable();

const repositoryTrust: z.ZodType<RepositoryTrust> = z.object({
  metadata: z.enum(['signed', 'unsigned']),
  packages: z.enum(['signed', 'unsigned']),
  fingerprints: z.array(fingerprint),
  keyrings: z.array(text),
  keyBlocks: z.array(z.string().max(1024 * 1024)).exactOptional(),
  allow: z.array(z.enum(['sha1', 'dsa', 'v3', 'short-rsa', 'expired-key'])),
});
const trust: z.ZodType<TrustRequirement> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('signed-index'), digest, signer: fingerprint, index: text }),
  z.object({
    kind: z.literal('rpm-signature'),
    trust: repositoryTrust,
    digest: digest.nullable(),
    vendor: text.nullable(),
    buildId: buildId.nullable().exactOptional(),
  }),
  z.object({ kind: z.literal('unsigned-index'), digest, index: text, buildId: buildId.nullable() }),
]);
const expects: z.ZodType<RpmExpectation> = z.object({
  vendor: text.nullable(),
  buildHost: text.nullable(),
  buildTime: z.int().nullable(),
  sourceRpm: text.nullable(),
  provides: z.array(text),
});

const debugFileName = z.string().regex(DEBUG_FILE);

const packaged: z.ZodType<PlanItem> = z.object({
  kind: z.enum(['package', 'image']),
  role: packageRole,
  name: packageName,
  version: packageVersion,
  arch: packageArch,
  fileName: z.string().regex(/^(?!\.{1,2}$)[\w.+~^:%-]{1,255}$/),
  urls: z.array(z.string().regex(/^(https?|ftp|file|front-end):\/\//)).min(1),
  sizeBytes: bytes,
  installedBytes: bytes,
  trust,
  match: matchEvidence,
  repository: text,
  install: z.boolean(),
  files: z.array(debugFileName).min(1).max(100).exactOptional(),
  wave: z.int().nonnegative().exactOptional(),
  replaces: text.nullable(),
  because: z.object({ needs: text, by: packageName }).exactOptional(),
  expects: expects.exactOptional(),
});

const folder: z.ZodType<FolderItem> = z
  .object({
    kind: z.literal('folder'),
    role: z.literal('systemtap'),
    name: z.string(),
    version: packageVersion,
    upstream: upstreamVersion,
    arch: packageArch,
    distro: word,
    suite: z.string().regex(/^[a-z][\w.+/-]{0,80}$/),
    place: z.string().regex(FOLDER_PLACE),
    packages: z.array(z.preprocess(withKind, packaged)).min(1).max(1000),
    starter: sha256,
    sizeBytes: bytes,
    installedBytes: bytes,
    repository: text,
    install: z.literal(true),
  })
  .refine(({ place, name }) => place.endsWith(`/${name}`), 'a folder is named as its place is')
  .refine(({ packages }) => packages.every((item) => !item.install), 'what a folder is made of is never installed');

const looseFile: z.ZodType<FileItem> = z.object({
  kind: z.literal('file'),
  role: z.literal('debuginfo'),
  name: z.literal('vmlinux'),
  version: word,
  arch: packageArch,
  buildId,
  urls: z.array(z.string().regex(/^https?:\/\//)).min(1),
  place: z.string().regex(DEBUGINFO_PLACE),
  sizeBytes: bytes,
  installedBytes: bytes,
  repository: z.literal('debuginfod'),
  install: z.literal(true),
});

/** Plans from before kinds have packages only. */
function withKind(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.hasOwn(value, 'kind')) return value;
  const isImage = 'install' in value && value.install === false && 'role' in value && value.role === 'image';
  return { ...value, kind: isImage ? 'image' : 'package' };
}

const item: z.ZodType<Provision> = z.preprocess(withKind, z.union([packaged, folder, looseFile]));

/** A plan, which is a lock as well. */
export const planSchema: z.ZodType<Plan> = z.object({
  schema: z.literal('tapprep-plan/1'),
  target: targetSchema,
  items: z.array(item).max(10_000),
  present: z.array(z.object({ role: packageRole, name: packageName, version: packageVersion })).max(10_000),
  downloadBytes: z.int().nonnegative(),
  installedBytes: z.int().nonnegative(),
  notes: z.array(text).max(10_000),
  mends: z
    .array(
      z.object({
        name: text,
        by: z
          .array(z.object({ id: word, sha256 }))
          .min(1)
          .max(50),
      }),
    )
    .max(50)
    .exactOptional(),
});

/** A plan from its JSON text. @throws TapprepError BAD_LOCK with the place and the reason of each fault */
export function checkPlan(content: string, source: string): Plan {
  if (content.length > MAX_PLAN_BYTES) throw new TapprepError('BAD_LOCK', `${source} is larger than any plan`);
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw new TapprepError('BAD_LOCK', `${source} is no JSON`, { cause });
  }
  const other = describeOtherVersion(value, 'tapprep-plan/1');
  if (other !== null) throw new TapprepError('BAD_LOCK', `${source} ${other}`, { hint: 'tapprep --version' });
  const result = planSchema.safeParse(value);
  if (result.success) return result.data;
  const faults = listFaults(result.error);
  throw new TapprepError('BAD_LOCK', `${source} is no plan of tapprep: ${faults.join('; ')}`, { facts: { faults } });
}
