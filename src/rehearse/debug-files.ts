/** Takes a vmlinux and modules out of a debug package, as a stream: what is not wanted never reaches the disk. */
import { DEBUG_FOLDERS } from '../detect/debug-places.ts';
import { join } from 'node:path';
import { readElf } from '../elf/read-elf.ts';
import { TapprepError } from '../errors.ts';
import { copyVerified } from '../files/private-copy.ts';
import type { Artifact, BuildId } from '../types.ts';
import { readDebFiles } from './deb-files.ts';
import { readRpmFiles } from './rpm-files.ts';

/** One that was found and looked at. */
export interface TakenFile {
  readonly name: string;
  /** Here. */
  readonly path: string;
  /** Below usr/lib/debug/lib/modules/RELEASE. */
  readonly place: string;
  readonly buildId: BuildId | null;
}

/**
 * The wanted files of a package that was verified, under paths of our own making below `directory`.
 * @param buildId of the kernel, null where it is not known
 * @throws TapprepError USAGE for a name that the package does not have; BUILD_ID_MISMATCH, NOT_DEBUGINFO; BAD_PACKAGE
 */
export async function takeDebugFiles(
  { item, path, evidence }: Artifact,
  kernel: { readonly release: string; readonly buildId: BuildId | null },
  directory: string,
  signal: AbortSignal,
): Promise<readonly TakenFile[]> {
  const names = item.files ?? [];
  // What is read is the copy that was digested, whatever becomes of the original meanwhile.
  const copy = join(directory, 'package');
  await copyVerified(path, copy, evidence.sha256, signal);
  const found = new Map<string, string>();
  const placeOf = (entry: string): string | null => {
    const place = placeInTree(entry, kernel.release);
    const name = place === null ? undefined : names.find((each) => isCalled(place, each));
    if (place === null || name === undefined || found.has(name)) return null;
    found.set(name, place);
    return join(directory, 'files', place);
  };
  const read = item.fileName.endsWith('.rpm') ? readRpmFiles : readDebFiles;
  await read(copy, item.fileName, directory, placeOf);
  const absent = names.filter((name) => !found.has(name));
  if (absent.length > 0) {
    throw new TapprepError('USAGE', `${item.fileName} has no debug information of ${absent.join(' and ')}`, {
      hint: 'modinfo --field name MODULE.ko, for the name that a module has',
      facts: { absent },
    });
  }
  return Promise.all(
    names.map(async (name): Promise<TakenFile> => {
      const place = found.get(name) ?? '';
      const taken = join(directory, 'files', place);
      return { name, path: taken, place, buildId: await checkDebugFile(name, taken, item.fileName, kernel.buildId) };
    }),
  );
}

async function checkDebugFile(
  name: string,
  path: string,
  from: string,
  wanted: BuildId | null,
): Promise<BuildId | null> {
  const elf = await readElf(path);
  if (elf?.hasDebugInfo !== true)
    throw new TapprepError('NOT_DEBUGINFO', `${name} of ${from} has no DWARF: it has no .debug_info section`);
  if (name === 'vmlinux' && wanted !== null && elf.buildId !== wanted) {
    throw new TapprepError(
      'BUILD_ID_MISMATCH',
      `vmlinux of ${from} has build-id ${elf.buildId ?? 'none'}, but the kernel has ${wanted}`,
    );
  }
  return elf.buildId;
}

/** Where stap looks for what a package has in one of the places of the distributions; null for anything else. */
function placeInTree(entry: string, release: string): string | null {
  const path = entry.replace(/^(?:\.?\/)+/, '');
  if (path.split('/').includes('..')) return null;
  if (path === `usr/lib/debug/boot/vmlinux-${release}`) return 'vmlinux';
  const start = DEBUG_FOLDERS.map((folder) => `${folder}/${release}/`).find((folder) => path.startsWith(folder));
  return start === undefined ? null : path.slice(start.length);
}

/** vmlinux, or kernel/fs/ext4/ext4.ko, ext4.ko.debug, ext4.ko-5.14.0-427.el9.x86_64.debug; "-" and "_" are one. */
function isCalled(place: string, name: string): boolean {
  const base = place.split('/').at(-1) ?? '';
  if (name === 'vmlinux') return /^vmlinux(?:\.debug|-[\w.+~-]+\.debug)?$/.test(place);
  const module = /^(.+)\.ko(?:\.debug|-[\w.+~-]+\.debug)?$/.exec(base)?.[1];
  return module?.replaceAll('-', '_') === name.replaceAll('-', '_');
}
