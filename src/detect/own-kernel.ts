/** A build tree and a vmlinux that were named instead of packages. Pure. */
import type { HostFacts, OwnKernel, Target } from '../types.ts';

/** kbuild refuses a tree whose path has blanks or colons; what has others would not survive the probe. */
export const OWN_PATH: RegExp = /^\/[A-Za-z0-9._+~@,=/^-]*$/;

/** The directory in which modules for a kernel are built, on the target. */
export function treeOf({ release, own }: Pick<Target, 'release' | 'own'>): string {
  return own?.buildTree ?? `/lib/modules/${release}/build`;
}

/** Whether the build tree that was seen is whole and of the kernel in question, by its release and by its build where both tell one. */
export function hasWholeTree({ buildTree: tree, kernel }: Pick<HostFacts, 'buildTree' | 'kernel'>): boolean {
  if (tree === null || !tree.exists || !tree.hasConfig || !tree.hasModuleSymvers || !tree.hasMakefile) return false;
  if (tree.release === null || tree.release !== kernel.release) return false;
  return tree.utsVersion === null || kernel.unameV === null || tree.utsVersion === kernel.unameV;
}

/**
 * The tree that stands for the packages of a kernel of no table's form: the one that was named, else one in its place
 * (/lib/modules/RELEASE/build) that is whole and that no package brought.
 */
export function standInFor(facts: Pick<HostFacts, 'buildTree' | 'kernel' | 'own'>): OwnKernel | undefined {
  const tree = facts.buildTree;
  if (facts.own !== undefined || tree === null || tree.ownerPackage !== null || !hasWholeTree(facts)) return facts.own;
  return { buildTree: tree.link, vmlinux: null };
}

/** The vmlinux that was named, alone or with its tree; null where that of packages is meant. */
export function ownVmlinux(own: OwnKernel | undefined): string | null {
  if (own === undefined) return null;
  return own.vmlinux ?? (own.buildTree === null ? null : `${own.buildTree}/vmlinux`);
}
