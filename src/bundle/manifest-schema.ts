/** The form of a bundle's manifest.json. Foreign until checked: paths are plain and lie where their kind belongs. */
import * as z from 'zod';
import {
  digest,
  fingerprint,
  matchEvidence,
  packageArch,
  packageName,
  packageRole,
  packageVersion,
  sha256,
} from '../resolve/package-schema.ts';
import { line, targetSchema, word } from '../resolve/target-schema.ts';

const bytes = z.int().nonnegative().max(1e12);
/** Relative, plain, no component that begins with a dot. */
const path = z
  .string()
  .max(400)
  .regex(/^(?:[A-Za-z0-9_+~^%:@][\w.+~^%:@-]*\/){0,6}[A-Za-z0-9_+~^%:@][\w.+~^%:@-]*$/);

const file = z.strictObject({ path, sizeBytes: bytes, sha256, mode: z.union([z.literal(0o644), z.literal(0o755)]) });

const expects = z.strictObject({
  vendor: line.nullable(),
  buildHost: line.nullable(),
  buildTime: z.int().nullable(),
  sourceRpm: line.nullable(),
  provides: z.array(line).max(100),
});

const packaged = z.strictObject({
  path: path.regex(/^(?:packages|folders\/systemtap-[0-9.]+)\/[^/]+$/),
  sha256,
  sizeBytes: bytes,
  installedBytes: bytes.nullable(),
  role: packageRole,
  name: packageName,
  version: packageVersion,
  arch: packageArch,
  match: matchEvidence,
  because: z.strictObject({ needs: line, by: packageName }).exactOptional(),
  wave: z.int().nonnegative().max(1000),
  install: z.boolean(),
  replaces: word.nullable(),
  repository: line,
  urls: z.array(line).min(1).max(200),
  trust: z.strictObject({
    kind: z.enum(['signed-index', 'rpm-signature', 'unsigned-index']),
    digest: digest.nullable(),
    index: line.nullable(),
  }),
  expects: expects.nullable(),
  signer: fingerprint.nullable(),
  checks: z.array(line).max(100),
});

const index = z.strictObject({
  repository: line,
  suite: line,
  url: line,
  signer: fingerprint.nullable(),
  release: path.regex(/^evidence\//),
  signature: path.regex(/^evidence\//).nullable(),
  packages: z
    .array(z.strictObject({ path: path.regex(/^evidence\//), name: z.string().regex(/^[\w.+/-]{1,300}$/) }))
    .min(1)
    .max(50),
});

const moduleOf = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][\w.-]{0,80}$/),
  module: z.string().regex(/^[a-z0-9_]{1,55}$/),
  path: path.regex(/^modules\/[^/]+$/),
  script: path.regex(/^scripts\/[^/]+$/),
  sha256,
  signedBy: z
    .strictObject({
      name: line,
      keyId: z
        .string()
        .regex(/^[0-9a-f]{8,128}$/)
        .nullable(),
      hash: word,
    })
    .exactOptional(),
  arguments: z
    .array(z.strictObject({ name: z.string().regex(/^[a-z]{1,20}$/), type: z.enum(['integer', 'file']) }))
    .max(10),
  proven: z.strictObject({ expected: z.array(line).max(50), seconds: z.number().nonnegative() }),
});

const folder = z.strictObject({
  name: z.string().regex(/^systemtap-\d{1,4}(?:\.\d{1,4}){1,3}$/),
  version: packageVersion,
  distro: z.string().regex(/^[a-z][\w.-]{0,40}$/),
  suite: z.string().regex(/^[a-z][\w.-]{0,80}$/),
  archive: path.regex(/^folders\/[^/]+\.tar\.gz$/),
  list: path.regex(/^folders\/[^/]+\.sums$/),
  installedBytes: bytes,
  packages: z.array(packaged).min(1).max(1000),
  indexes: z.array(index).max(50),
});

export const manifestSchema = z.strictObject({
  schema: z.literal('tapprep-bundle/1'),
  kind: z.enum(['packages', 'compiled']),
  tapprep: word,
  target: targetSchema,
  dependencies: z.enum(['asked', 'unknown', 'none']),
  warnings: z.array(line).max(200),
  notes: z.array(line).max(500),
  packages: z.array(packaged).max(10_000),
  present: z.array(z.strictObject({ role: word, name: word, version: word })).max(10_000),
  indexes: z.array(index).max(50),
  modules: z.array(moduleOf).max(500),
  folders: z.array(folder).min(1).max(10).exactOptional(),
  tries: z
    .array(z.string().regex(/^(?:distro|systemtap-[0-9.]{1,30})$/))
    .max(11)
    .exactOptional(),
  files: z.array(file).min(1).max(20_000),
});

/** What a manifest says, once its form was checked; meaning is checked in manifest.ts. */
export type ManifestForm = z.infer<typeof manifestSchema>;
