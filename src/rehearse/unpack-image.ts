/** Unpacks kernel image packages for the virtual machine, beside the root and not into it. */
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Artifact } from '../types.ts';

export interface UnpackedImage {
  readonly directory: string;
  /** vmlinuz of the release. */
  readonly kernelImage: string;
}

/** Where a kernel of a release lies in its package: Debian's /boot, EL's and Debian's (since 6.19) module directory. */
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
  const name = artifacts
    .map(({ evidence }) => evidence.sha256.slice(0, 16))
    .toSorted()
    .join('-');
  const directory = join(imagesDir, name);
  if (!(await isDirectory(directory))) {
    const making = `${directory}.making`;
    await rm(making, { recursive: true, force: true });
    await mkdir(making, { recursive: true });
    for (const artifact of artifacts) await unpackOne(local, artifact, making, signal);
    await rename(making, directory);
  }
  for (const place of kernelPlaces(release)) {
    const path = join(directory, place);
    if (await isFile(path)) return { directory, kernelImage: path };
  }
  const names = artifacts.map(({ item }) => item.fileName).join(', ');
  throw new TapprepError('BAD_PACKAGE', `no kernel of ${release} is in ${names}, where one was expected`, {
    facts: { looked: kernelPlaces(release) },
  });
}

async function unpackOne(local: Host, { path, item }: Artifact, directory: string, signal: AbortSignal): Promise<void> {
  const argv = ['dpkg-deb', '--extract', path, directory];
  const result = await local.run(argv, { signal, timeoutMs: 300_000 });
  if (result.exitCode === 0) return;
  throw new TapprepError('BAD_PACKAGE', `${item.fileName} could not be unpacked: ${result.stderr.trim().slice(-300)}`);
}

async function isDirectory(path: string): Promise<boolean> {
  return readdir(path).then(
    () => true,
    (error: unknown) => absent(error),
  );
}

async function isFile(path: string): Promise<boolean> {
  const { stat } = await import('node:fs/promises');
  return stat(path).then(
    (found) => found.isFile(),
    (error: unknown) => absent(error),
  );
}

function absent(error: unknown): false {
  if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return false;
  throw error;
}
