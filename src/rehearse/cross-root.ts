/** What a root of this machine's architecture gets of a kernel of another one: files out of its packages, nothing installed. */
import { DEBUG_FOLDERS } from '../detect/debug-places.ts';
import { copyFile, cp, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isErrno, TapprepError } from '../errors.ts';
import { copyVerified } from '../files/private-copy.ts';
import { withTemporaryDirectory } from '../files/temporary-directory.ts';
import type { Host } from '../host/host.ts';
import type { Artifact } from '../types.ts';
import { readDebFiles } from './deb-files.ts';

/** Where /lib of a package goes: a root whose /lib is a link stays one only when nothing is unpacked over it. */
const PLACES = [
  ['usr/src', 'usr/src'],
  ['lib/modules', 'usr/lib/modules'],
  ['usr/lib/modules', 'usr/lib/modules'],
] as const;

const UNPACK_TIMEOUT_MS = 300_000;

/** Puts the build tree that the packages of headers hold into a root. @throws TapprepError BAD_PACKAGE, DIGEST_MISMATCH */
export async function putHeaders(
  local: Host,
  artifacts: readonly Artifact[],
  root: string,
  signal: AbortSignal,
): Promise<void> {
  await withTemporaryDirectory(dirname(root), 'headers-', async (work) => {
    for (const { item, path, evidence } of artifacts) {
      const copy = join(work, item.fileName);
      const files = join(work, 'files', item.name);
      await mkdir(dirname(files), { recursive: true });
      await copyVerified(path, copy, evidence.sha256, signal);
      const result = await local.run(['dpkg-deb', '--extract', copy, files], { signal, timeoutMs: UNPACK_TIMEOUT_MS });
      if (result.exitCode !== 0) {
        const words = result.stderr.trim().slice(-300);
        throw new TapprepError('BAD_PACKAGE', `${item.fileName} could not be unpacked: ${words}`);
      }
      for (const [from, to] of PLACES) await copyInto(join(files, from), join(root, to));
    }
  });
}

async function copyInto(from: string, to: string): Promise<void> {
  const names = await readdir(from).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  });
  if (names.length === 0) return;
  await mkdir(to, { recursive: true });
  for (const name of names)
    await cp(join(from, name), join(to, name), {
      recursive: true,
      verbatimSymlinks: true,
      errorOnExist: true,
      force: false,
    });
}

/** What stap reads of a debug package: the kernel with its debug information, and the table of its symbols. */
const DEBUG_FILE = new RegExp(
  String.raw`^(?:\./)?((?:usr/lib/debug/boot|(?:${DEBUG_FOLDERS.join('|')})/[^/]+)/(?:vmlinux|System\.map)[^/]*)$`,
);

/**
 * Puts the kernel's vmlinux and System.map into a root, the latter in /boot as well, where every stap looks; modules' debug
 * information stays out.
 * @throws TapprepError BAD_PACKAGE
 */
export async function putDebugFiles(
  { item, path, evidence }: Artifact,
  release: string,
  root: string,
  signal: AbortSignal,
): Promise<void> {
  await withTemporaryDirectory(dirname(root), 'debug-', async (work) => {
    const copy = join(work, 'package.deb');
    await copyVerified(path, copy, evidence.sha256, signal);
    const taken: string[] = [];
    await readDebFiles(copy, item.fileName, work, (entry) => {
      const place = DEBUG_FILE.exec(entry)?.[1];
      if (place === undefined || place.includes('..')) return null;
      taken.push(place);
      return join(root, place);
    });
    for (const place of taken.filter((each) => /\/System\.map[^/]*$/.test(each))) {
      await mkdir(join(root, 'boot'), { recursive: true });
      await copyFile(join(root, place), join(root, 'boot', `System.map-${release}`));
    }
    if (taken.some((place) => /\/vmlinux[^/]*$/.test(place))) return;
    throw new TapprepError('BAD_PACKAGE', `${item.fileName} has no vmlinux, where one was expected`, {
      facts: { taken },
    });
  });
}

/** A program of the other architecture, which a probe of a process can name: the same file at the same path in the guest. */
export async function putWitness(program: string, root: string, place: string): Promise<void> {
  const path = join(root, place);
  await mkdir(dirname(path), { recursive: true });
  await copyFile(program, path);
}
