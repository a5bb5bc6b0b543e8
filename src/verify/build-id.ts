/** Whether the installed debug information was made from the very build of the kernel that it is used for. */
import { readFileSync, statSync } from 'node:fs';
import { readKernelImageBuildId } from '../elf/kernel-image.ts';
import { findBuildId } from '../elf/notes.ts';
import { readElf } from '../elf/read-elf.ts';
import { vmlinuxPlaces } from '../detect/debug-places.ts';
import { collectFacts } from '../detect/facts.ts';
import { type Host, isRemote } from '../host/host.ts';
import { ownVmlinux } from '../detect/own-kernel.ts';
import type { BuildId, OwnKernel, Target } from '../types.ts';

/** vmlinux with debug information, as far as it was found. */
export interface Debuginfo {
  /** On the target. */
  readonly path: string;
  readonly buildId: BuildId | null;
  readonly hasDwarf: boolean;
}

/**
 * Where it lies, and whether nothing else lies there: the file that was named and no other, else that of the tree that was
 * named, else where distributions put it (man stappaths; elfutils searches in this order).
 */
function debuginfoPlaces({
  release,
  own,
}: Pick<Target, 'release' | 'own'>): readonly (readonly [path: string, only: boolean])[] {
  const named = ownVmlinux(own);
  if (named !== null && own?.vmlinux != null) return [[named, true]];
  return [
    ...(named === null ? [] : [[named, false] as const]),
    ...vmlinuxPlaces(release).map((path) => [path, true] as const),
    // These may be a plain kernel, or one with BTF only, as in the headers of Debian 13.
    [`/boot/vmlinux-${release}`, false],
    [`/lib/modules/${release}/build/vmlinux`, false],
    [`/lib/modules/${release}/vmlinux`, false],
  ];
}

/** What a build leaves in its tree (Linux: the Makefile in boot/ of each architecture). */
const TREE_IMAGES = ['arch/x86/boot/bzImage', 'arch/arm64/boot/Image', 'arch/s390/boot/bzImage'] as const;

/** Where the bootable image lies: in the tree that was named, below /boot, or with the modules on distributions that boot from there. */
function imagePlaces(release: string, own: OwnKernel | undefined): readonly string[] {
  const tree = own?.buildTree ?? null;
  const built = tree === null ? [] : TREE_IMAGES.map((name) => `${tree}/${name}`);
  return [
    ...built,
    `/boot/vmlinuz-${release}`,
    `/lib/modules/${release}/vmlinuz`,
    `/usr/lib/modules/${release}/vmlinuz`,
  ];
}

/**
 * The debug information of one kernel on a target; null where there is none.
 * @throws TapprepError BAD_PACKAGE for a file that is no well-formed ELF file
 */
export async function findDebuginfo(host: Host, target: Pick<Target, 'release' | 'own'>): Promise<Debuginfo | null> {
  if (isRemote(host)) return findThere(host, target);
  for (const [path, only] of debuginfoPlaces(target)) {
    const local = existingFile(host, path);
    const elf = local === null ? null : await readElf(local);
    if (elf !== null && (only || elf.hasDebugInfo)) return { path, buildId: elf.buildId, hasDwarf: elf.hasDebugInfo };
  }
  return null;
}

/** Hundreds of megabytes stay where they are: the probe of that machine reads them. */
async function findThere(host: Host, { release, own }: Pick<Target, 'release' | 'own'>): Promise<Debuginfo | null> {
  const { debuginfo } = await collectFacts(host, { release, own });
  for (const [path, only] of debuginfoPlaces({ release, ...(own === undefined ? {} : { own }) })) {
    const found = debuginfo.find((each) => each.path === path);
    if (found === undefined || !(only || found.hasDwarf === true)) continue;
    // Where no program there could tell, nothing stands against it.
    return { path, buildId: found.buildId, hasDwarf: found.hasDwarf !== false };
  }
  return null;
}

/** The kernel image of a target, as a path on this machine; null where there is none. */
export async function findKernelImage(host: Host, release: string, own?: OwnKernel): Promise<string | null> {
  for (const path of imagePlaces(release, own)) {
    const local = await host.fetchFile(path);
    if (local !== null) return local;
  }
  return null;
}

/** The build-id of a kernel image on this machine. @throws TapprepError TOOL_MISSING, BAD_PACKAGE */
export function readImageBuildId(path: string): Promise<BuildId | null> {
  return readKernelImageBuildId(path);
}

/** The build-id of the kernel that runs this machine (Linux: Documentation/ABI/testing/sysfs-kernel-notes). */
export function readRunningBuildId(): BuildId | null {
  const path = '/sys/kernel/notes';
  // x86_64, arm64, ppc64le: s390x, the one big-endian machine left, has no local check.
  return statSync(path, { throwIfNoEntry: false }) === undefined ? null : findBuildId(readFileSync(path), true);
}

function existingFile(host: Host, path: string): string | null {
  const local = host.localPath(path);
  return local !== null && statSync(local, { throwIfNoEntry: false })?.isFile() === true ? local : null;
}
