/** The shape of HostFacts as a schema: whatever comes from a file or another machine passes through it. */
import * as z from 'zod';
import { TapprepError } from '../errors.ts';
import { run } from '../make-remedy.ts';
import type { BuildId, HostFacts } from '../types.ts';
import { OWN_PATH } from './own-kernel.ts';
import { keepDirectives } from './source-directives.ts';
import { isStapCache } from './stap-cache.ts';

/** Each is one line wherever it is printed: what a machine says of itself begins no line of tapprep's. */
const ONE_LINE = /^[^\p{Cc}\u2028\u2029]*$/u;
const text = z.string().max(16_384).regex(ONE_LINE, 'more than one line');
const name = z.string().min(1).max(1024).regex(ONE_LINE, 'more than one line');
/** A name of the file system, of which probe.sh prints no others: nothing in it is for a shell. */
const fileName = z.string().regex(/^[A-Za-z0-9._+~:@%,=/^-]{1,1024}$/, 'not a plain file name');
const path = fileName.regex(/^\//, 'not an absolute path');
const ownPath = path.regex(OWN_PATH, 'not a path that kbuild takes');
const cachePath = path.refine(isStapCache, 'not where stap keeps a cache');
/** What becomes part of a path or an address: the name of a root, of a lock, of a suite. */
const plain = z.string().regex(/^(?!.*\.\.)[^/\u0000-\u001f\u007f]{0,64}$/u, 'not a plain word');
const word = plain.nullable();
const count = z.int().min(0);
const optionalText = text.nullable();
const flag = z.boolean().nullable();
// A brand exists only for the type checker; the pattern is what makes the value one.
const buildId = z.string().regex(/^[0-9a-f]{16,64}$/) as z.ZodType as z.ZodType<BuildId>;

const tool = z.strictObject({ path, version: name });
/** No word of it is an option of the program that gets it. */
const packageWord = name.regex(/^(?!-)/, 'begins with a dash');
const packageName = { name: packageWord, version: packageWord, arch: packageWord };

/** Facts as `tapprep detect --json` prints them. */
export const factsSchema = z.strictObject({
  schema: z.literal('tapprep-facts/1'),
  source: z.enum(['host', 'root', 'declared']),
  root: path.nullable(),
  os: z.strictObject({
    id: word,
    versionId: word,
    codename: word,
    prettyName: optionalText,
    idLike: z.array(name).max(50),
    from: path.nullable(),
  }),
  kernel: z.strictObject({
    release: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._+~:@%=^-]{0,63}$/, 'not a kernel release')
      .nullable(),
    unameV: optionalText,
    arch: z.string().regex(/^[\w.+-]{1,64}$/, 'not an architecture'),
    running: z.boolean(),
    buildId: buildId.nullable(),
    vermagic: optionalText,
    procVersion: optionalText,
    versionSignature: optionalText,
    compiler: optionalText,
    installedReleases: z.array(fileName).max(1000),
    cmdline: optionalText,
  }),
  packageManager: z.enum(['dpkg', 'rpm']).nullable(),
  frontends: z.array(name).max(50),
  kernelPackages: z
    .array(
      z.strictObject({
        ...packageName,
        vendor: optionalText,
        buildTime: count.nullable(),
        buildHost: optionalText,
      }),
    )
    .max(5000),
  packages: z.array(z.strictObject(packageName)).max(100_000),
  own: z.strictObject({ buildTree: ownPath.nullable(), vmlinux: ownPath.nullable() }).exactOptional(),
  buildTree: z
    .strictObject({
      link: ownPath,
      linksTo: fileName.nullable(),
      exists: z.boolean(),
      hasConfig: z.boolean(),
      hasModuleSymvers: z.boolean(),
      hasMakefile: z.boolean(),
      release: optionalText,
      utsVersion: optionalText,
      compileHost: optionalText,
      ownerPackage: optionalText,
    })
    .nullable(),
  debuginfo: z
    .array(
      z.strictObject({
        path,
        sizeBytes: count,
        buildId: buildId.nullable(),
        hasDwarf: flag,
        ownerPackage: optionalText,
      }),
    )
    .max(1000),
  systemMap: z.strictObject({ path, stub: z.boolean() }).nullable(),
  compiler: tool.nullable(),
  make: tool.nullable(),
  systemtap: z
    .strictObject({
      path,
      version: optionalText,
      testedKernels: optionalText,
      package: optionalText,
      staprunPath: path.nullable(),
      staprunVersion: optionalText,
      staprunMode: optionalText,
      tapsetCount: count.nullable(),
      examplesPath: path.nullable(),
      cachePaths: z.array(cachePath).max(100),
      temporaryPaths: z.array(path).max(100),
      moduleDirectory: z.boolean(),
      hello: z.enum(['pass', 'skip']).exactOptional(),
    })
    .nullable(),
  security: z.strictObject({
    lockdown: optionalText,
    secureBoot: flag,
    efi: flag.exactOptional(),
    trustedKeys: z
      .strictObject({
        keyrings: z.array(z.strictObject({ name, keys: count })).max(50),
        keys: z
          .array(
            z.strictObject({
              name: z.string().max(300),
              id: z
                .string()
                .regex(/^[0-9a-f]{8,128}$/)
                .nullable(),
              keyring: name.nullable(),
            }),
          )
          .max(200),
      })
      .nullable()
      .exactOptional(),
    moduleSigEnforce: flag,
    modulesDisabled: flag,
    fips: flag,
    kptrRestrict: count.nullable(),
    container: optionalText,
    wsl: z.boolean(),
    selinux: optionalText,
  }),
  config: z.record(z.string().regex(/^CONFIG_[A-Za-z0-9_]{1,100}$/), optionalText),
  configFrom: path.nullable(),
  user: z.strictObject({ uid: count, name: fileName.nullable(), groups: z.array(fileName).max(2000) }),
  space: z
    .array(z.strictObject({ path: name, freeBytes: count, freeInodes: count.nullable(), writable: z.boolean() }))
    .max(1000),
  repositories: z.array(z.strictObject({ path: name, text: z.string().max(1024 * 1024) })).max(1000),
}) satisfies z.ZodType<HostFacts>;

/**
 * Checks foreign facts against the schema; of the package source files only what tapprep reads is kept.
 * @param source what to call them in an error: a file name, "probe output"
 * @throws TapprepError BAD_FACTS with the path of each fault and its reason
 */
export function checkFacts(value: unknown, source: string): HostFacts {
  const result = factsSchema.safeParse(value);
  if (result.success) return { ...result.data, repositories: result.data.repositories.map(keepDirectives) };
  const faults = result.error.issues.map(
    (issue) => `${issue.path.map(String).join('.') || 'the whole'}: ${issue.message}`,
  );
  const more = faults.length > 3 ? ` (and ${faults.length - 3} more)` : '';
  throw new TapprepError(
    'BAD_FACTS',
    `${source} is not what "tapprep detect --json" prints: ${faults.slice(0, 3).join('; ')}${more}`,
    {
      remedy: run('tapprep detect --json >facts.json'),
      facts: { source, faults: faults.slice(0, 50) },
    },
  );
}

/** The same as a JSON schema (2020-12). */
export function factsJsonSchema(): object {
  return z.toJSONSchema(factsSchema);
}
