/** Takes the kernel out of its package for the virtual machine, beside the root and not into it. */
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isErrno, TapprepError } from '../errors.ts';
import { copyVerified } from '../files/private-copy.ts';
import { openPrivateDirectory } from '../files/private-directory.ts';
import { withTemporaryDirectory } from '../files/temporary-directory.ts';
import type { Host } from '../host/host.ts';
import type { Artifact, PlanItem } from '../types.ts';
import { readRpmFiles } from './rpm-files.ts';

export interface UnpackedImage {
  readonly directory: string;
  /** vmlinuz of the release, or vmlinux where its architecture boots that. */
  readonly kernelImage: string;
}

/** Where a kernel of a release lies in its package: Debian's and EL's /boot, the module directory of newer ones. */
export function kernelPlaces(release: string): readonly string[] {
  const modules = [`usr/lib/modules/${release}`, `lib/modules/${release}`];
  // Kernels of ppc64le are not packed (seen in Debian's packages).
  return [`boot/vmlinuz-${release}`, ...modules.map((folder) => `${folder}/vmlinuz`), `boot/vmlinux-${release}`];
}

/**
 * The unpacked files of the image artifacts, kept by digest.
 * @param imagesDir "images" of the cache
 * @throws TapprepError BAD_PACKAGE when no kernel of this release is among them, TOOL_MISSING
 */
export async function unpackImage(
  local: Host,
  artifacts: readonly Artifact[],
  release: string,
  imagesDir: string,
  signal: AbortSignal,
): Promise<UnpackedImage> {
  const digests = artifacts.map(({ evidence }) => evidence.sha256.slice(0, 16));
  // Kept images are taken on the word of this directory: nobody else can put anything there.
  const parent = await openPrivateDirectory(dirname(imagesDir), basename(imagesDir));
  const directory = join(parent, digests.toSorted().join('-'));
  if ((await kindOf(directory)) !== 'directory') {
    // Not under a fixed name: another process may unpack the same kernel at this moment.
    await withTemporaryDirectory(parent, `${basename(directory)}.making-`, async (making) => {
      const files = join(making, 'files');
      await mkdir(files);
      for (const { item, path, evidence } of artifacts) {
        // What is unpacked is the copy that was digested, whatever becomes of the original meanwhile.
        const copy = join(making, item.fileName);
        await copyVerified(path, copy, evidence.sha256, signal);
        if (item.fileName.endsWith('.rpm')) await unpackRpm(copy, item, kernelPlaces(release), files);
        else await unpackDeb(local, copy, item, files, signal);
        await rm(copy);
      }
      await moveUnlessThere(files, directory);
    });
  }
  for (const place of kernelPlaces(release)) {
    const path = join(directory, place);
    if ((await kindOf(path)) === 'file') return { directory, kernelImage: path };
  }
  const names = artifacts.map(({ item }) => item.fileName).join(', ');
  throw new TapprepError('BAD_PACKAGE', `no kernel of ${release} is in ${names}, where one was expected`, {
    facts: { looked: kernelPlaces(release) },
  });
}

/** The first to be done gives the directory its name; what others made of the same packages is the same. */
async function moveUnlessThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isErrno(error, 'ENOTEMPTY') && !isErrno(error, 'EEXIST')) throw error;
  }
}

async function unpackDeb(
  local: Host,
  path: string,
  item: PlanItem,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  const argv = ['dpkg-deb', '--extract', path, directory];
  const result = await local.run(argv, { signal, timeoutMs: 300_000 });
  if (result.exitCode === 0) return;
  throw new TapprepError('BAD_PACKAGE', `${item.fileName} could not be unpacked: ${result.stderr.trim().slice(-300)}`);
}

/** Only the kernel. */
function unpackRpm(path: string, item: PlanItem, places: readonly string[], directory: string): Promise<void> {
  return readRpmFiles(path, item.fileName, directory, (entry) => {
    const place = places.find((wanted) => wanted === entry.replace(/^\.?\//, ''));
    return place === undefined ? null : join(directory, place);
  });
}

async function kindOf(path: string): Promise<'file' | 'directory' | 'other' | null> {
  try {
    const found = await stat(path);
    return found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other';
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return null;
    throw error;
  }
}
