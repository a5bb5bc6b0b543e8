/** Puts a portable SystemTap together from the signed packages of one Debian suite, or takes the one that is kept. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { assetUrl } from '../../host/asset.ts';
import { ERROR_CODES, isErrno, isTapprepError, TapprepError } from '../../errors.ts';
import { tapprep } from '../../make-remedy.ts';
import { refuseWhenStopped } from '../../interruption.ts';
import { readElf } from '../../elf/read-elf.ts';
import { readDebRepositories } from '../../resolve/deb/reader.ts';
import { createUniverse, type Universe } from '../../resolve/deb/universe.ts';
import type { Artifact } from '../../types.ts';
import { findKept, type PortableSystemtap } from './kept.ts';
import { PORTABLE_PROGRAMS, REQUIRED_FILES } from './layout.ts';
import { MANIFEST_NAME, type PortableManifest, type PortablePackage } from './manifest.ts';
import {
  findSystemtapPackages,
  LICENCES_PACKAGE,
  nextDependencies,
  ROOT_PACKAGE,
  toItem,
  upstreamVersion,
} from './packages.ts';
import type { PortableContext, PortableRequest } from './request.ts';
import { openWorkshop, putCopyrights, putFile, takeLibrary, unpackInto, type Workshop } from './workshop.ts';

const MAX_BYTES = 256 * 1024 * 1024;
const WRAPPER = assetUrl('systemtap/portable/wrapper.sh');
const C_LIBRARY = /^libc\.so\.\d+(?:\.\d+)?$/;
/** Opened by the C library by name, when a thread is ended. */
const OPENED_BY_C_LIBRARY = ['libgcc_s.so.1'];

/**
 * The portable SystemTap of a suite: from the cache where it is kept there whole, else made.
 * @throws TapprepError NO_REPOSITORY, NO_EXACT_PACKAGE, BAD_PACKAGE, what reading the repositories and acquiring may
 *   throw (EXPIRED_RELEASE, DIGEST_MISMATCH, NETWORK …), NO_SPACE, PERMISSION.
 */
export async function assemblePortable(context: PortableContext, request: PortableRequest): Promise<PortableSystemtap> {
  const parent = join(context.cacheDir, 'systemtap');
  const wrapper = await readFile(WRAPPER);
  const kept = await findKept(parent, request, wrapper, context.reader.emit);
  if (kept !== null) return kept;
  const universe = await readUniverse(context, request);
  await mkdir(parent, { recursive: true, mode: 0o755 });
  const base = await mkdtemp(join(parent, '.making-'));
  try {
    const workshop = openWorkshop(base);
    const packages = findSystemtapPackages(universe, request.suite);
    await unpackAll(context, workshop, [...packages, ...universe.versions(LICENCES_PACKAGE).slice(0, 1)], true);
    await collectLibraries(context, workshop, universe);
    await collectCopyrights(context, workshop, universe);
    for (const name of PORTABLE_PROGRAMS) {
      if (workshop.files.has(`libexec/${name}`)) await putFile(workshop, `bin/${name}`, wrapper, null);
    }
    const manifest = await describe(workshop, request, packages[0]?.version ?? '');
    return await keep(workshop, manifest, parent);
  } catch (error) {
    if (!isErrno(error, 'ENOSPC') && !isErrno(error, 'EDQUOT')) throw error;
    throw new TapprepError('NO_SPACE', `no space left in ${parent} for a portable SystemTap of 60 MB`, {
      cause: error,
    });
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

/** Every repository carries the whole suite, so the first that can be read and has it is enough. */
async function readUniverse(context: PortableContext, request: PortableRequest): Promise<Universe> {
  const { reader } = context;
  const failures: unknown[] = [];
  for (const repository of await context.findRepositories(request)) {
    const wanted = { roots: [ROOT_PACKAGE, LICENCES_PACKAGE], wantsName: () => false };
    const read = await readDebRepositories([repository], request.debArch, wanted, reader);
    failures.push(...read.failures.map(({ error }) => error));
    const universe = createUniverse(read.records);
    if (universe.versions(ROOT_PACKAGE).length === 0) continue;
    for (const text of read.notes) reader.emit({ type: 'note', level: 'warning', text });
    return universe;
  }
  // What was checked and refused says more than what did not answer.
  const refusal = failures.find((error) => isTapprepError(error) && ERROR_CODES[error.code].exit === 'verification');
  if (failures.length > 0) throw refusal ?? failures[0];
  throw new TapprepError('NO_REPOSITORY', `no repository is known for suite ${request.suite} of ${request.distro}`, {
    remedy: tapprep('mirrors', 'list'),
  });
}

type Records = ReturnType<Universe['versions']>;

async function unpackAll(
  context: PortableContext,
  workshop: Workshop,
  records: Records,
  takeFiles: boolean,
): Promise<void> {
  refuseWhenStopped(context.reader.signal, 'while putting a portable SystemTap together');
  await unpackInto(workshop, await context.acquire(records.map(toItem)), takeFiles);
}

/** A library name that somebody needs, and the package of whoever does. */
interface Need {
  readonly library: string;
  readonly by: string;
}

/** Follows NEEDED from the programs until every name is in lib/. */
async function collectLibraries(context: PortableContext, workshop: Workshop, universe: Universe): Promise<void> {
  const missing = REQUIRED_FILES.filter((place) => !workshop.files.has(place));
  if (missing.length > 0) {
    throw new TapprepError('BAD_PACKAGE', `the packages of SystemTap have no ${missing.join(', ')}`, {
      facts: { missing },
    });
  }
  let open: readonly Need[] = await needsOfPrograms(workshop);
  while (open.length > 0) {
    const left = await takeAll(workshop, open);
    const looked = new Set(workshop.unpacked.keys());
    const next = new Map(
      [...new Set(left.map(({ by }) => by))]
        .flatMap((name) => nextDependencies(recordOf(name, workshop, universe), universe, looked))
        .map((record) => [record.name, record]),
    );
    const [first] = left;
    if (first !== undefined && next.size === 0) {
      throw new TapprepError('BAD_PACKAGE', `${first.by} needs ${first.library}, which none of its dependencies has`, {
        facts: { needs: left },
      });
    }
    await unpackAll(context, workshop, [...next.values()], false);
    open = left;
  }
}

async function needsOfPrograms(workshop: Workshop): Promise<readonly Need[]> {
  const needs: Need[] = [];
  for (const { path, package: owner } of workshop.files.values()) {
    if (!path.startsWith('libexec/') || owner === null) continue;
    const elf = await readElf(join(workshop.directory, path));
    if (elf === null) throw new TapprepError('BAD_PACKAGE', `${path} of ${owner} is no program`);
    const loader = elf.interpreter?.split('/').at(-1);
    const names = [...(loader === undefined ? [] : [loader]), ...elf.needed];
    needs.push(...names.map((library) => ({ library, by: owner })));
  }
  return needs;
}

/** Takes what the pool has, and what that needs in turn; returns what the pool has not. */
async function takeAll(workshop: Workshop, needs: readonly Need[]): Promise<readonly Need[]> {
  const left = new Map<string, Need>();
  const queue = [...needs];
  for (let need = queue.shift(); need !== undefined; need = queue.shift()) {
    if (workshop.files.has(`lib/${need.library}`) || left.has(need.library)) continue;
    const taken = await takeLibrary(workshop, need.library);
    if (taken === null) {
      left.set(need.library, need);
      continue;
    }
    const opened = C_LIBRARY.test(need.library) ? OPENED_BY_C_LIBRARY : [];
    queue.push(...[...taken.elf.needed, ...opened].map((library) => ({ library, by: taken.package })));
  }
  return [...left.values()];
}

function recordOf(name: string, workshop: Workshop, universe: Universe): Records[number] {
  const version = workshop.unpacked.get(name)?.artifact.item.version ?? '';
  const record = universe.find(name, version);
  if (record === null) throw new TapprepError('INTERNAL', `${name} ${version} was unpacked but is in no index`);
  return record;
}

/** Some packages keep their terms in another one's documentation directory (libstdc++6 in gcc-14-base). */
async function collectCopyrights(context: PortableContext, workshop: Workshop, universe: Universe): Promise<void> {
  const elsewhere = await putCopyrights(workshop);
  const looked = elsewhere.filter((name) => !workshop.unpacked.has(name));
  const keepers = looked.flatMap((name) => universe.versions(name).slice(0, 1));
  await unpackAll(context, workshop, keepers, false);
  const none = await putCopyrights(workshop);
  if (none.length > 0) throw new TapprepError('BAD_PACKAGE', `no copyright file was found for ${none.join(', ')}`);
}

async function describe(
  workshop: Workshop,
  { distro, suite, arch }: PortableRequest,
  packageVersion: string,
): Promise<PortableManifest> {
  const files = [...workshop.files.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > MAX_BYTES)
    throw new TapprepError('TOO_LARGE', `a portable SystemTap of ${bytes} bytes is larger than any`);
  const names = new Set(files.map((file) => file.package));
  const packages = [...workshop.unpacked.values()]
    .filter(({ artifact }) => names.has(artifact.item.name))
    .map(({ artifact }) => toPackage(artifact))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const loader = files.find(({ path }) => /^lib\/ld[^/]*$/.test(path))?.path.slice('lib/'.length) ?? '';
  const library = files.find(({ path }) => path.startsWith('lib/') && C_LIBRARY.test(path.slice('lib/'.length)))?.path;
  const minimumKernel =
    library === undefined ? null : ((await readElf(join(workshop.directory, library)))?.minimumKernel ?? null);
  const key = createHash('sha256')
    .update(JSON.stringify([packages.map(({ sha256 }) => sha256), files.map(({ path, sha256 }) => [path, sha256])]))
    .digest('hex')
    .slice(0, 12);
  return {
    schema: 'tapprep-systemtap/1',
    version: upstreamVersion(packageVersion),
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
async function keep(workshop: Workshop, manifest: PortableManifest, parent: string): Promise<PortableSystemtap> {
  const directory = join(parent, `${manifest.version}-${manifest.arch}-${manifest.key}`);
  const marker = await open(join(workshop.directory, MANIFEST_NAME), 'wx', 0o644);
  try {
    await marker.writeFile(`${JSON.stringify(manifest, null, 1)}\n`);
    await marker.sync();
  } finally {
    await marker.close();
  }
  try {
    await rename(workshop.directory, directory);
  } catch (error) {
    if (!isErrno(error, 'ENOTEMPTY') && !isErrno(error, 'EEXIST')) throw error;
  }
  return { directory, manifest };
}
