/** Puts a portable SystemTap together from the signed packages of one Debian suite, or takes the one that is kept. */
import { createHash } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, TapprepError } from '../../errors.ts';
import { tapprep } from '../../make-remedy.ts';
import { diskError } from '../../files/disk-error.ts';
import { openPrivateDirectory } from '../../files/private-directory.ts';
import { withTemporaryDirectory } from '../../files/temporary-directory.ts';
import { writeWhole } from '../../files/write-whole.ts';
import { readElf } from '../../elf/read-elf.ts';
import type { Artifact, FolderItem } from '../../types.ts';
import { findKept, type PortableSystemtap } from './kept.ts';
import { PORTABLE_PROGRAMS, REQUIRED_FILES } from './layout.ts';
import { MANIFEST_NAME, type PortableManifest, type PortablePackage } from './manifest.ts';
import { LICENCES_PACKAGE } from './packages.ts';
import { planFolder, readStarter } from './plan-folder.ts';
import type { AssemblyContext, PortableContext, PortableRequest } from './request.ts';
import { openStaging, putCopyrights, putFile, takeLibrary, unpackInto, type Staging } from './staging.ts';

const MAX_BYTES = 256 * 1024 * 1024;
const C_LIBRARY = /^libc\.so\.\d+(?:\.\d+)?$/;
/** Opened by the C library by name, when a thread is ended. */
const OPENED_BY_C_LIBRARY = ['libgcc_s.so.1'];

/**
 * The portable SystemTap of a suite: from the cache where it is kept there whole, else planned and made.
 * @throws TapprepError as planFolder and assembleFolder
 */
export async function assemblePortable(context: PortableContext, request: PortableRequest): Promise<PortableSystemtap> {
  const { reader, cacheDir, acquire } = context;
  const { emit, signal } = reader;
  const { sha256 } = await readStarter();
  const kept = await findKept(await openPrivateDirectory(cacheDir, 'systemtap'), { ...request, starter: sha256 }, emit);
  return kept ?? assembleFolder({ emit, signal, acquire, cacheDir }, await planFolder(context, request));
}

/**
 * The folder that a plan names: from the cache where it is kept there, made of these very packages, else made of them.
 * @throws TapprepError LOCK_STALE where another tapprep made the plan, whose folder would differ; BAD_PACKAGE, what acquiring
 *   may throw (DIGEST_MISMATCH, NETWORK …), NO_SPACE, PERMISSION, INTERRUPTED
 */
export async function assembleFolder(context: AssemblyContext, folder: FolderItem): Promise<PortableSystemtap> {
  const { cacheDir, emit, signal } = context;
  const starter = await readStarter();
  if (starter.sha256 !== folder.starter) {
    throw new TapprepError(
      'LOCK_STALE',
      `the plan wants ${folder.name} with the start script ${folder.starter.slice(0, 12)}, but this tapprep has ${starter.sha256.slice(0, 12)}`,
      {
        remedy: tapprep('plan', '--out', 'FILE'),
        hint: 'makes a new lock',
        facts: { wanted: folder.starter, found: starter.sha256 },
      },
    );
  }
  const parent = await openPrivateDirectory(cacheDir, 'systemtap');
  const kept = await findKept(parent, { ...folder, version: folder.upstream }, emit);
  if (kept !== null) return kept;
  // In one order whatever order they came in, so that of two files with one name the same one is always taken.
  const artifacts = (await context.acquire(folder.packages)).toSorted((a, b) => (a.item.name < b.item.name ? -1 : 1));
  return withTemporaryDirectory(parent, '.making-', async (base) => {
    const staging = openStaging(base);
    await unpackInto(staging, artifacts.filter(isTakenWhole), true, signal);
    await unpackInto(
      staging,
      artifacts.filter((each) => !isTakenWhole(each)),
      false,
      signal,
    );
    await collectLibraries(staging);
    await collectCopyrights(staging);
    for (const name of PORTABLE_PROGRAMS) {
      if (staging.files.has(`libexec/${name}`)) await putFile(staging, `bin/${name}`, starter.text, null);
    }
    return await keep(staging, await describe(staging, folder), parent);
  }).catch((error: unknown) => {
    throw diskError(error, parent, { what: 'a portable SystemTap of 60 MB does not fit: ' });
  });
}

/** Of the others only libraries are taken, and the terms of those. */
function isTakenWhole({ item: { role, name } }: Artifact): boolean {
  return role === 'systemtap' || name === LICENCES_PACKAGE;
}

/** A library name that somebody needs, and the package of whoever does. */
interface Need {
  readonly library: string;
  readonly by: string;
}

/** Follows NEEDED from the programs until every name is in lib/. */
async function collectLibraries(staging: Staging): Promise<void> {
  const missing = REQUIRED_FILES.filter((place) => !staging.files.has(place));
  if (missing.length > 0) {
    throw new TapprepError('BAD_PACKAGE', `the packages of SystemTap have no ${missing.join(', ')}`, {
      facts: { missing },
    });
  }
  const left = await takeAll(staging, await needsOfPrograms(staging));
  const [first] = left;
  if (first === undefined) return;
  throw new TapprepError('BAD_PACKAGE', `${first.by} needs ${first.library}, which none of its dependencies has`, {
    facts: { needs: left },
  });
}

async function needsOfPrograms(staging: Staging): Promise<readonly Need[]> {
  const needs: Need[] = [];
  for (const { path, package: owner } of staging.files.values()) {
    if (!path.startsWith('libexec/') || owner === null) continue;
    const elf = await readElf(join(staging.directory, path));
    if (elf === null) throw new TapprepError('BAD_PACKAGE', `${path} of ${owner} is no program`);
    const loader = elf.interpreter?.split('/').at(-1);
    const names = [...(loader === undefined ? [] : [loader]), ...elf.needed];
    needs.push(...names.map((library) => ({ library, by: owner })));
  }
  return needs;
}

/** Takes what the pool has, and what that needs in turn; returns what the pool has not. */
async function takeAll(staging: Staging, needs: readonly Need[]): Promise<readonly Need[]> {
  const left = new Map<string, Need>();
  const queue = [...needs];
  for (let need = queue.shift(); need !== undefined; need = queue.shift()) {
    if (staging.files.has(`lib/${need.library}`) || left.has(need.library)) continue;
    const taken = await takeLibrary(staging, need.library);
    if (taken === null) {
      left.set(need.library, need);
      continue;
    }
    const opened = C_LIBRARY.test(need.library) ? OPENED_BY_C_LIBRARY : [];
    queue.push(...[...taken.elf.needed, ...opened].map((library) => ({ library, by: taken.package })));
  }
  return [...left.values()];
}

/** Some packages keep their terms in another one's documentation directory (libstdc++6 in gcc-14-base). */
async function collectCopyrights(staging: Staging): Promise<void> {
  const none = await putCopyrights(staging);
  if (none.length > 0) throw new TapprepError('BAD_PACKAGE', `no copyright file was found for ${none.join(', ')}`);
}

async function describe(
  staging: Staging,
  { distro, suite, arch, upstream, version: packageVersion }: FolderItem,
): Promise<PortableManifest> {
  const files = [...staging.files.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > MAX_BYTES)
    throw new TapprepError('TOO_LARGE', `a portable SystemTap of ${bytes} bytes is larger than any`);
  const names = new Set(files.map((file) => file.package));
  const packages = [...staging.unpacked.values()]
    .filter(({ artifact }) => names.has(artifact.item.name))
    .map(({ artifact }) => toPackage(artifact))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const loader = files.find(({ path }) => /^lib\/ld[^/]*$/.test(path))?.path.slice('lib/'.length) ?? '';
  const library = files.find(({ path }) => path.startsWith('lib/') && C_LIBRARY.test(path.slice('lib/'.length)))?.path;
  const minimumKernel =
    library === undefined ? null : ((await readElf(join(staging.directory, library)))?.minimumKernel ?? null);
  const key = createHash('sha256')
    .update(JSON.stringify([packages.map(({ sha256 }) => sha256), files.map(({ path, sha256 }) => [path, sha256])]))
    .digest('hex')
    .slice(0, 12);
  return {
    schema: 'tapprep-systemtap/1',
    version: upstream,
    packageVersion,
    distro,
    suite,
    arch,
    minimumKernel,
    loader,
    key,
    packages,
    files,
  };
}

function toPackage({ item, evidence }: Artifact): PortablePackage {
  const { name, version, arch, fileName, trust } = item;
  const index = trust.kind === 'rpm-signature' ? '' : trust.index;
  return { name, version, arch, fileName, sha256: evidence.sha256, index, signer: evidence.signer };
}

/** Gives the folder its name, manifest first; who comes second to the same name takes the one that is there. */
async function keep(staging: Staging, manifest: PortableManifest, parent: string): Promise<PortableSystemtap> {
  const directory = join(parent, `${manifest.version}-${manifest.arch}-${manifest.key}`);
  await writeWhole(join(staging.directory, MANIFEST_NAME), `${JSON.stringify(manifest, null, 1)}\n`, { mode: 0o644 });
  try {
    await rename(staging.directory, directory);
  } catch (error) {
    if (!isErrno(error, 'ENOTEMPTY') && !isErrno(error, 'EEXIST')) throw error;
  }
  return { directory, manifest };
}
