/** Takes the kernel out of its package for the virtual machine, beside the root and not into it. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isErrno, TapprepError } from '../errors.ts';
import { unpackFile } from '../fetch/unpack.ts';
import type { Host } from '../host/host.ts';
import { readRpmFileHead } from '../trust/rpm-verify.ts';
import type { Artifact } from '../types.ts';
import { type FileSink, readCpioFiles } from './cpio-files.ts';

export interface UnpackedImage {
  readonly directory: string;
  /** vmlinuz of the release. */
  readonly kernelImage: string;
}

/** Where a kernel of a release lies in its package: Debian's and EL's /boot, the module directory of newer ones. */
function kernelPlaces(release: string): readonly string[] {
  return [`boot/vmlinuz-${release}`, `usr/lib/modules/${release}/vmlinuz`, `lib/modules/${release}/vmlinuz`];
}

/**
 * The unpacked files of the image artifacts, kept by digest.
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
  const directory = join(imagesDir, digests.toSorted().join('-'));
  if ((await kindOf(directory)) !== 'directory') {
    await mkdir(imagesDir, { recursive: true });
    // Not under a fixed name: another process may unpack the same kernel at this moment.
    const making = await mkdtemp(`${directory}.making-`);
    try {
      for (const artifact of artifacts) {
        if (artifact.item.fileName.endsWith('.rpm')) await unpackRpm(artifact, kernelPlaces(release), making);
        else await unpackDeb(local, artifact, making, signal);
      }
      await moveUnlessThere(making, directory);
    } finally {
      await rm(making, { recursive: true, force: true });
    }
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

async function unpackDeb(local: Host, { path, item }: Artifact, directory: string, signal: AbortSignal): Promise<void> {
  const argv = ['dpkg-deb', '--extract', path, directory];
  const result = await local.run(argv, { signal, timeoutMs: 300_000 });
  if (result.exitCode === 0) return;
  throw new TapprepError('BAD_PACKAGE', `${item.fileName} could not be unpacked: ${result.stderr.trim().slice(-300)}`);
}

/** Only the kernel, under a path of our own making: no name in the package ever becomes a path. */
async function unpackRpm({ path, item }: Artifact, places: readonly string[], directory: string): Promise<void> {
  const { payloadStart } = await readRpmFileHead(path, item.fileName);
  const payload = join(directory, 'payload');
  await pipeline(createReadStream(path, { start: payloadStart }), createWriteStream(payload));
  await readCpioFiles(unpackFile(payload), item.fileName, (entry) => {
    const place = places.find((wanted) => wanted === entry.replace(/^\.?\//, ''));
    return place === undefined ? null : createFileSink(join(directory, place));
  });
  await rm(payload);
}

function createFileSink(path: string): FileSink {
  const file = mkdir(dirname(path), { recursive: true }).then(() => open(path, 'w', 0o644));
  return {
    write: async (piece) => {
      await (await file).write(piece);
    },
    end: async () => (await file).close(),
  };
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
