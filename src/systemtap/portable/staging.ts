/** A portable SystemTap in the making: packages are unpacked into it one after the other, and what is taken is written down. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { TapprepError } from '../../errors.ts';
import { readElf, type ElfInfo } from '../../elf/read-elf.ts';
import { refuseWhenStopped } from '../../interruption.ts';
import type { Artifact } from '../../types.ts';
import { readDebFiles, type DebFiles } from './deb-files.ts';
import { documentationOf, libraryNameOf, modeOf, placeOf } from './layout.ts';
import type { PortableFile } from './manifest.ts';

/** What one package has beside the libraries in the pool. */
interface Unpacked {
  readonly artifact: Artifact;
  readonly copyright: Buffer | null;
  /** The package whose documentation directory stands for its own; null where it has its own. */
  readonly documentedBy: string | null;
}

/** A library in the pool: a file of its own, or another name of one. */
type Pooled = { readonly package: string } & ({ readonly linksTo: string } | { readonly path: string });

/** The state of one making. */
export interface Staging {
  /** The folder that is made. */
  readonly directory: string;
  /** Beside it, for what is only looked at; taken away by the caller. */
  readonly poolDirectory: string;
  readonly unpacked: Map<string, Unpacked>;
  readonly pool: Map<string, Pooled>;
  /** By place. */
  readonly files: Map<string, PortableFile>;
}

/** @param base an empty directory that exists */
export function openStaging(base: string): Staging {
  return {
    directory: join(base, 'folder'),
    poolDirectory: join(base, 'pool'),
    unpacked: new Map(),
    pool: new Map(),
    files: new Map(),
  };
}

/** Packages read at once: each takes a process for its compression and holds what it wants in memory. */
const AT_ONCE = 4;

/**
 * Unpacks packages: their libraries into the pool and, where `takeFiles` says so, their other wanted files into the folder.
 * @throws TapprepError BAD_PACKAGE, TOO_LARGE, TOOL_MISSING
 */
export async function unpackInto(
  staging: Staging,
  artifacts: readonly Artifact[],
  takeFiles: boolean,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(staging.poolDirectory, { recursive: true });
  for (let at = 0; at < artifacts.length; at += AT_ONCE) {
    refuseWhenStopped(signal, 'while putting a portable SystemTap together');
    const some = artifacts.slice(at, at + AT_ONCE);
    const contents = await Promise.all(some.map(({ path }) => readDebFiles(path, isWanted, staging.poolDirectory)));
    // In order, so that of two files with one name the same one is always taken.
    for (const [index, content] of contents.entries()) {
      const artifact = some[index];
      if (artifact !== undefined) await putPackage(staging, artifact, content, takeFiles);
    }
  }
}

function isWanted(path: string): boolean {
  return libraryNameOf(path) !== null || placeOf(path) !== null || documentationOf(path) !== null;
}

async function putPackage(staging: Staging, artifact: Artifact, content: DebFiles, takeFiles: boolean): Promise<void> {
  const { name } = artifact.item;
  let copyright: Buffer | null = null;
  for (const [path, data] of content.files) {
    const library = libraryNameOf(path);
    const place = placeOf(path);
    if (library !== null) await poolFile(staging, name, library, data);
    else if (path === `usr/share/doc/${name}/copyright`) copyright = data;
    else if (takeFiles && place !== null) await putFile(staging, place, data, name);
  }
  for (const [path, target] of content.links) {
    const library = libraryNameOf(path);
    if (library !== null) poolLink(staging, name, library, posix.basename(target));
  }
  if (takeFiles) await takeLinked(staging, content, name);
  staging.unpacked.set(name, { artifact, copyright, documentedBy: documentationLink(content, name) });
}

async function poolFile(staging: Staging, owner: string, library: string, data: Buffer): Promise<void> {
  const there = staging.pool.get(library);
  if (there !== undefined && 'path' in there) return;
  const path = join(staging.poolDirectory, library);
  await writeFile(path, data, { mode: 0o600 });
  staging.pool.set(library, { package: owner, path });
}

function poolLink(staging: Staging, owner: string, library: string, linksTo: string): void {
  if (!staging.pool.has(library) && library !== linksTo) staging.pool.set(library, { package: owner, linksTo });
}

/** A link among the wanted files becomes a copy of what it stands for, where the package itself has that. */
async function takeLinked(staging: Staging, content: DebFiles, owner: string): Promise<void> {
  for (const [path, target] of content.links) {
    const place = libraryNameOf(path) === null ? placeOf(path) : null;
    const meant = posix.normalize(target.startsWith('/') ? target.slice(1) : posix.join(posix.dirname(path), target));
    const data = content.files.get(meant);
    if (place !== null && data !== undefined) await putFile(staging, place, data, owner);
  }
}

function documentationLink(content: DebFiles, name: string): string | null {
  const target = content.links.get(`usr/share/doc/${name}`);
  return target === undefined ? null : posix.basename(target);
}

/** Writes a file of the folder and remembers whose it is. */
export async function putFile(staging: Staging, place: string, data: Uint8Array, owner: string | null): Promise<void> {
  const path = join(staging.directory, place);
  const mode = modeOf(place);
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await writeFile(path, data, { mode });
  const sha256 = createHash('sha256').update(data).digest('hex');
  staging.files.set(place, { path: place, sha256, bytes: data.length, mode, package: owner });
}

/** Takes a library out of the pool into lib/, under the name by which it is needed; null where the pool has none. */
export async function takeLibrary(
  staging: Staging,
  name: string,
): Promise<{ readonly elf: ElfInfo; readonly package: string } | null> {
  let found = staging.pool.get(name);
  for (let hops = 0; found !== undefined && 'linksTo' in found && hops < 8; hops += 1) {
    found = staging.pool.get(found.linksTo);
  }
  if (found === undefined || !('path' in found)) return null;
  const elf = await readElf(found.path);
  if (elf === null) throw new TapprepError('BAD_PACKAGE', `${name} of ${found.package} is no library`);
  await putFile(staging, `lib/${name}`, await readFile(found.path), found.package);
  return { elf, package: found.package };
}

/** Puts the terms of every package that gave a file beside the files; names those whose terms lie in another package. */
export async function putCopyrights(staging: Staging): Promise<readonly string[]> {
  const missing = new Set<string>();
  for (const name of new Set(Array.from(staging.files.values(), (file) => file.package))) {
    const own = name === null ? undefined : staging.unpacked.get(name);
    if (name === null || own === undefined) continue;
    const keeper = own.documentedBy ?? name;
    const text = staging.unpacked.get(keeper)?.copyright ?? null;
    if (text !== null) await putFile(staging, `share/doc/${keeper}/copyright`, text, keeper);
    else missing.add(keeper);
  }
  return [...missing];
}
