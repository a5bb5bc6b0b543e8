/** Puts a portable SystemTap where the files of the target can be written here. */
import { createHash } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isErrno, isTapprepError, TapprepError } from '../../errors.ts';
import { refuseWhenStopped } from '../../interruption.ts';
import type { Host } from '../../host/host.ts';
import { type PortableSystemtap, verifyPortable } from './kept.ts';
import { MANIFEST_NAME, parseManifest, type PortableFile, type PortableManifest } from './manifest.ts';
import { findNoexecMount } from './noexec.ts';
import type { TargetFolder } from './target-folder.ts';
import { shellLine } from '../../shell-words.ts';

/** @param host this machine or a root directory */
export function createLocalFolder(host: Host): TargetFolder {
  const here = (path: string): string => {
    const local = host.localPath(path);
    if (local !== null) return local;
    throw new TapprepError('INTERNAL', `${host.name} has no path on this machine`);
  };
  return {
    holds: (path, manifest) => isPlaced(here(path), manifest),
    fill: (path, portable, signal) => copyFolder(portable, here(path), signal),
    findNoexecMount: (path) => findNoexecMount(here(path)),
  };
}

/** Whether the very folder is there already, whole. */
async function isPlaced(place: string, wanted: PortableManifest): Promise<boolean> {
  try {
    const manifest = parseManifest(await readFile(join(place, MANIFEST_NAME), 'utf8'), place);
    if (manifest.key !== wanted.key) return false;
    await verifyPortable({ directory: place, manifest: wanted });
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return false;
    if (isTapprepError(error, 'DIGEST_MISMATCH') || isTapprepError(error, 'BAD_PACKAGE')) return false;
    throw error;
  }
}

/** The marker first: until the folder has its name it is nothing but what `remove` has to recognise. */
async function copyFolder({ directory, manifest }: PortableSystemtap, to: string, signal: AbortSignal): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o755 });
  await createFile(join(to, MANIFEST_NAME), await readFile(join(directory, MANIFEST_NAME)), 0o644);
  const made = new Set<string>();
  for (const file of manifest.files) {
    refuseWhenStopped(signal, 'while a portable SystemTap was put in place');
    const folder = dirname(join(to, file.path));
    if (!made.has(folder)) await mkdir(folder, { recursive: true, mode: 0o755 });
    made.add(folder);
    await createFile(join(to, file.path), await readChecked(directory, file), file.mode);
  }
}

async function readChecked(directory: string, { path, sha256 }: PortableFile): Promise<Uint8Array> {
  const data = await readFile(join(directory, path));
  const found = createHash('sha256').update(data).digest('hex');
  if (found === sha256) return data;
  throw new TapprepError('DIGEST_MISMATCH', `${path} has sha256 ${found} but the manifest says ${sha256}`, {
    hint: shellLine`rm -r ${directory}`,
  });
}

async function createFile(path: string, data: Uint8Array, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(data);
    // The umask has cut the mode given to open.
    await file.chmod(mode);
  } finally {
    await file.close();
  }
}
