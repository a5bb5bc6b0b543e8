/**
 * The forms of what tapprep prints with --json and keeps in files, published as JSON Schemas. Fields may be added within a
 * version; those that are named here keep their names and meanings.
 */
import * as z from 'zod';
import { factsSchema } from '../detect/facts-schema.ts';
import { journalSchema } from '../install/journal-schema.ts';
import { packageArch, packageName, packageVersion } from '../resolve/package-schema.ts';
import { planSchema } from '../resolve/plan-schema.ts';
import { targetSchema } from '../resolve/target-schema.ts';
import { verdictListSchema } from '../systemtap/verdicts-schema.ts';

const text = z.string();
const names = z.array(text);

const remedy = z.looseObject({ kind: text, by: z.enum(['tapprep', 'user', 'admin of the host', 'nobody']) });
const diagnosis = z.object({
  code: z.string().regex(/^[A-Z][A-Z0-9_]+$/),
  confidence: z.enum(['certain', 'likely', 'possible']),
  evidence: names,
  cause: text,
  remedies: z.array(remedy),
  fix: names,
  otherwise: text.nullable(),
});

const error = z.object({
  code: z.string().regex(/^[A-Z][A-Z0-9_]+$/),
  message: text,
  hint: text.nullable(),
  facts: z.record(text, z.unknown()),
  doc: text.optional(),
  diagnoses: z.array(diagnosis),
  exit: z.int().min(1).max(255),
});

const step = z.object({
  step: text,
  id: text,
  script: text.nullable(),
  required: z.boolean(),
  status: z.enum(['pass', 'fail', 'skip']),
  blame: z.enum(['target', 'systemtap', 'script', 'this-machine']).nullable(),
  reason: text.nullable(),
  output: text,
  seconds: z.number().nonnegative(),
});

/** What a guest's kernel said of its policy on modules. */
const policy = z.object({
  efi: z.boolean(),
  secureBoot: z.boolean().nullable(),
  lockdown: text.nullable(),
  sigEnforce: z.boolean().nullable(),
  trustedKeys: z.object({
    keyrings: z.array(z.object({ name: text, keys: z.int().nonnegative() })),
    keys: z.array(z.object({ name: text, id: text.nullable(), keyring: text.nullable() })),
  }),
});

const verify = z.object({
  target: targetSchema,
  ranIn: z.enum(['local', 'vm']).nullable(),
  runtime: z.enum(['module', 'bpf']).optional(),
  policy: policy.optional(),
  signedBy: z.object({ name: text, keyId: text.nullable() }).optional(),
  steps: z.array(step),
  ready: z.boolean(),
  diagnoses: z.array(diagnosis),
});

const tried = z.array(z.looseObject({}));

const installed = z.object({ name: packageName, version: packageVersion, arch: packageArch });
const install = z.object({
  host: text,
  plan: planSchema,
  install: z
    .object({
      installed: z.array(installed),
      replaced: z.array(z.object({ name: packageName, from: packageVersion, to: packageVersion })),
      unchanged: z.int().nonnegative(),
      again: names.optional(),
      journal: text.nullable(),
    })
    .nullable(),
  commands: z.array(names),
  verify: verify.nullable(),
  systemtap: tried,
  stages: z.array(z.object({ stage: text, seconds: z.number().nonnegative() })),
});

const rehearse = z.object({
  plan: planSchema,
  root: text,
  reusedRoot: z.boolean(),
  verify,
  systemtap: tried,
  stages: z.array(z.object({ stage: text, seconds: z.number().nonnegative() })),
});

const stepStatus = z.enum(['pass', 'fail', 'skip']);
const rehearsals = z.object({
  schema: z.literal('tapprep-rehearsals/1'),
  distro: text,
  kernels: z.array(
    z.object({
      release: text,
      ready: z.boolean(),
      systemtap: text.nullable(),
      hello: stepStatus,
      'kernel.function': stepStatus,
      code: text.nullable(),
      reason: text.nullable(),
      seconds: z.number().nonnegative(),
    }),
  ),
});

const seen = z.object({
  release: text.nullable(),
  distribution: text.nullable(),
  systemtap: text.nullable(),
  testedKernels: text.nullable(),
});

interface Published {
  readonly title: string;
  readonly version: number;
  readonly schema: z.ZodType;
}

/** One row a schema; its file is NAME.VERSION.schema.json, and a change that breaks a reader is a new version. */
export const SCHEMAS: Readonly<Record<string, Published>> = {
  facts: { title: 'facts of a machine: "facts" of tapprep detect --json', version: 1, schema: factsSchema },
  detect: {
    title: 'tapprep detect --json',
    version: 1,
    schema: z.object({ facts: factsSchema, target: targetSchema.nullable(), error: error.optional() }),
  },
  plan: {
    title: 'tapprep plan --json',
    version: 1,
    schema: z.intersection(
      planSchema,
      z.looseObject({
        systemtap: z.array(z.looseObject({})),
        asked: z.array(z.object({ repository: text, tier: text, url: text.nullable(), answer: text, plan: text })),
      }),
    ),
  },
  lock: { title: 'what tapprep plan --out writes and install --lock takes', version: 1, schema: planSchema },
  verify: { title: 'tapprep verify --json', version: 1, schema: verify.extend({ systemtap: tried.optional() }) },
  install: { title: 'tapprep install --json', version: 1, schema: install },
  rehearse: { title: 'tapprep rehearse --json', version: 1, schema: rehearse },
  rehearsals: { title: 'tapprep rehearse --kernels --json', version: 1, schema: rehearsals },
  'verdict-list': {
    title: 'what tapprep verdicts export writes and verdicts import takes',
    version: 1,
    schema: verdictListSchema,
  },
  journal: { title: '/var/lib/tapprep/journal.json of a target', version: 1, schema: journalSchema },
  explain: {
    title: 'tapprep explain --json of a log',
    version: 1,
    schema: z.object({ diagnoses: z.array(diagnosis), seen }),
  },
  version: {
    title: 'tapprep --version --json',
    version: 1,
    schema: z.object({
      version: text,
      commit: text.nullable(),
      node: text,
      mirrors: z.string().regex(/^\d{4}-\d\d-\d\d$/),
      systemtap: names,
    }),
  },
  config: {
    title: 'tapprep config show --json',
    version: 1,
    schema: z.object({
      files: z.array(z.object({ path: text, isThere: z.boolean() })),
      values: z.array(z.object({ key: text, value: z.union([text, z.boolean(), names]), source: text })),
      never: z.array(z.object({ option: text, source: text })),
    }),
  },
  error: { title: 'what any command prints with --json where it fails', version: 1, schema: z.object({ error }) },
};

/** The JSON Schema (2020-12) of a row. Fields that it does not name may be there: they come with later releases. */
export function publishedSchema(name: string): object {
  const row = SCHEMAS[name];
  if (row === undefined) throw new Error(`no schema ${name}`);
  const made = z.toJSONSchema(row.schema, {
    target: 'draft-2020-12',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return { $id: `tapprep:${name}/${String(row.version)}`, title: row.title, ...made };
}
