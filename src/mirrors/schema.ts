/** The shape of a mirror list: the only place that knows its rules. docs/mirrors.md explains it to people. */
import * as z from 'zod';
import { isSafeTemplate, namesInTemplate, PLACEHOLDERS } from './placeholders.ts';

const text = z.string().min(1).max(400);
const day = z.iso.date();
const id = z.string().regex(/^[a-z0-9][a-z0-9._-]{1,63}$/, 'lower-case letters, digits, ".", "_" and "-" only');
const word = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+:~-]{0,63}$/, 'one word');
const template = z
  .string()
  .min(1)
  .max(500)
  .refine(isSafeTemplate, { error: `must be plain text with placeholders of these: ${PLACEHOLDERS.join(', ')}` });
const url = template.refine((value) => /^(https?|ftp):\/\/[^/\s]+\/\S*$/.test(value) && !value.includes('/../'), {
  error: 'must be an http, https or ftp address',
});
const baseUrl = url.refine((value) => value.endsWith('/'), { error: 'must end in "/"' });

const keySchema = z.strictObject({
  fingerprint: z.string().regex(/^[0-9A-F]{40}$/, '40 upper-case hex digits'),
  name: text,
  expires: day.nullable(),
  file: z.string().startsWith('/').max(200).optional().describe('Where the key lies on a host of that distribution'),
  verified: z.strictObject({ source: text, date: day.nullable() }).nullable(),
});

const trustSchema = z.strictObject({
  metadata: z.enum(['signed', 'unsigned']).describe('Signature over the index (InRelease, repomd.xml.asc)'),
  packages: z.enum(['signed', 'unsigned']).describe('Signatures inside the packages (rpm headers)'),
  keys: z.array(id).max(20).describe('Names from "keys"'),
  keyrings: z.array(z.string().startsWith('/').max(200)).max(5).optional(),
  allow: z
    .array(z.enum(['sha1', 'dsa', 'v3', 'short-rsa', 'expired-key']))
    .default([])
    .describe('Weaknesses of old signatures that are accepted here'),
});

const entrySchema = z.strictObject({
  id,
  versions: z
    .array(z.string().regex(/^(\*|[A-Za-z0-9][A-Za-z0-9._-]*(\.\*)?)$/, '"6.8", "7.*", a codename, or "*"'))
    .min(1)
    .max(80),
  archs: z.array(word).max(20).optional().describe('Base architectures; left out: any'),
  kernels: z
    .array(word)
    .max(20)
    .optional()
    .describe('Only for these kernels, by package stem (kernel-uek) or kernel family (elrepo)'),
  kind: z.enum(['deb', 'rpm-md', 'listing', 'template', 'launchpad']),
  host: z.enum(['official', 'mirror']).default('official'),
  urls: z.array(baseUrl).max(20).describe('Addresses of the same content, in the order to try'),
  discovery: z.strictObject({ kind: z.enum(['metalink', 'mirror-list']), url }).optional(),
  parts: z.array(template).min(1).max(20).optional().describe('One repository for each: the values of {part}'),
  keyOf: template.optional().describe('Which of "keys" {keyid} stands for, by its name'),
  suites: z.array(template).min(1).max(10).optional().describe('deb: one repository for each'),
  components: z.array(word).min(1).max(10).optional().describe('deb'),
  content: z.array(z.enum(['image', 'devel', 'debuginfo', 'program-debuginfo', 'systemtap', 'toolchain'])).min(1),
  state: z.strictObject({
    status: z.enum(['live', 'vault', 'archive', 'snapshot', 'retired']),
    since: day.nullable(),
    note: text.optional(),
  }),
  trust: trustSchema.optional().describe('Left out: that of the group'),
  auth: z.enum(['none', 'entitlement', 'scc', 'login']).default('none'),
  verified: z.strictObject({ source: text, date: day.nullable() }).nullable(),
  reason: text.optional().describe('Why it could not be verified'),
});

const groupSchema = z.strictObject({
  title: text,
  distros: z.array(word).min(1).max(20).describe('ID of os-release, compared without case'),
  vendor: text.describe('Who built the packages'),
  trust: trustSchema,
  entries: z.array(entrySchema).min(1).max(60),
});

const table = z.record(z.string().max(40), z.record(z.string().max(40), word));

const systemtapSchema = z.strictObject({
  portable: z.array(
    z.strictObject({
      distro: word,
      suite: word,
      version: z.string().regex(/^[0-9]+\.[0-9]+$/),
      packageVersion: word.optional().describe('The package revision that was tried; predictions go by it'),
      verified: z.strictObject({ source: text, date: day.nullable() }).nullable(),
      note: text.optional(),
    }),
  ),
  sources: z.array(
    z.strictObject({
      distro: word,
      suite: word.describe('Whose archives are asked; no index of theirs has to name the file any more'),
      version: z.string().regex(/^[0-9]+\.[0-9]+$/),
      path: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9._/+-]{0,198}\.tar\.(gz|xz|bz2)$/)
        .describe('Below the base URL of an archive'),
      sizeBytes: z.int().positive(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      verified: z.strictObject({ source: text, date: day }),
      note: text.optional(),
    }),
  ),
  note: text.optional(),
});

const fileShape = z.strictObject({
  $schema: z.string().max(200).optional(),
  format: z.literal('tapprep-mirrors/1'),
  about: text.optional(),
  keys: z.record(id, keySchema).default({}),
  codenames: table.default({}).describe('VERSION_ID to codename, by distribution'),
  kernelMinors: table.default({}).describe('Build number of a kernel to minor release, by dist tag'),
  pointReleases: table.default({}).describe('Minor release to its directory, by distribution'),
  uekReleases: z.record(z.string().max(40), word).default({}).describe('Kernel version to Oracle UEK release'),
  systemtap: systemtapSchema.optional(),
  groups: z.array(groupSchema).max(200).default([]),
});

type Issue = { readonly path: readonly (string | number)[]; readonly message: string };

function entryIssues(entry: z.infer<typeof entrySchema>): readonly Issue[] {
  const isDeb = entry.kind === 'deb';
  const uses = (name: string): boolean => entry.urls.some((value) => namesInTemplate(value).includes(name));
  const rules: readonly (readonly [boolean, string, string])[] = [
    [entry.urls.length === 0 && entry.discovery === undefined, 'urls', 'an entry needs urls or a discovery'],
    [isDeb && (!entry.suites || !entry.components), 'suites', 'a deb entry needs suites and components'],
    [!isDeb && entry.suites !== undefined, 'suites', 'only a deb entry has suites'],
    [!isDeb && entry.components !== undefined, 'components', 'only a deb entry has components'],
    [isDeb && entry.parts !== undefined, 'parts', 'a deb entry has suites, not parts'],
    [uses('part') && entry.parts === undefined, 'parts', 'the urls name {part} but there are no parts'],
    [uses('keyid') !== (entry.keyOf !== undefined), 'keyOf', 'the urls name {keyid} where keyOf says of which key'],
    [entry.kind !== 'rpm-md' && entry.discovery !== undefined, 'discovery', 'only an rpm-md entry has a discovery'],
    [entry.verified === null && entry.reason === undefined, 'reason', 'an entry that is not verified says why'],
  ];
  return rules.filter(([broken]) => broken).map(([, path, message]) => ({ path: [path], message }));
}

/** A mirror list file as written. */
const mirrorFileSchema = fileShape.superRefine((file, context) => {
  const seen = new Map<string, string>();
  file.groups.forEach((group, g) => {
    group.entries.forEach((entry, e) => {
      const at = ['groups', g, 'entries', e];
      const before = seen.get(entry.id);
      if (before !== undefined) {
        context.addIssue({ code: 'custom', path: [...at, 'id'], message: `"${entry.id}" is also the id of ${before}` });
      }
      seen.set(entry.id, `groups[${g}].entries[${e}]`);
      for (const issue of entryIssues(entry)) {
        context.addIssue({ code: 'custom', path: [...at, ...issue.path], message: issue.message });
      }
    });
  });
});

/** What a mirror list file holds, as written: what has a default may be left out. */
export type MirrorFile = z.input<typeof mirrorFileSchema>;

/** The JSON Schema of a mirror list file, for editors; mirrors.schema.json is its text. */
export function mirrorJsonSchema(): object {
  return z.toJSONSchema(fileShape, { io: 'input', target: 'draft-2020-12' });
}

/** Faults of a parsed file as "groups[2].entries[0].urls[1]: reason", all of them; null when there are none. */
export function checkMirrorFile(
  value: unknown,
): { readonly file: MirrorFile; readonly faults: null } | { readonly file: null; readonly faults: readonly string[] } {
  const result = mirrorFileSchema.safeParse(value);
  if (result.success) return { file: result.data, faults: null };
  return { file: null, faults: result.error.issues.map((issue) => `${formatPath(issue.path)}: ${issue.message}`) };
}

function formatPath(path: readonly PropertyKey[]): string {
  let out = '';
  for (const part of path) {
    out += typeof part === 'number' ? `[${part}]` : `${out === '' ? '' : '.'}${String(part)}`;
  }
  return out === '' ? '(top)' : out;
}
