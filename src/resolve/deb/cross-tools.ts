/** What builds modules for a kernel of another architecture: the packages of this machine's, by the plan for the kernel's. Pure. */
import type { PlanItem } from '../../types.ts';
import { SYSTEMTAP } from './kernel-names.ts';

export interface CrossTools {
  /** Program of the newest cross compiler; the kernel's headers may ask for another one. */
  readonly compiler: string;
  /** Of this machine's architecture. */
  readonly packages: readonly string[];
}

/**
 * @param items the plan for the kernel, of its own architecture
 * @param triplet "aarch64-linux-gnu"; a package's name has no "_"
 */
export function listCrossTools(items: readonly Pick<PlanItem, 'name'>[], triplet: string): CrossTools {
  const versions = items.flatMap(({ name }) => /^gcc-(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  const suffixes = versions.length === 0 ? [''] : versions.toSorted((a, b) => b - a).map((version) => `-${version}`);
  // kbuild's own programs run here, and have the same name.
  const kbuild = items.map(({ name }) => name).filter((name) => name.startsWith('linux-kbuild-'));
  const prefix = triplet.replaceAll('_', '-');
  return {
    compiler: `${triplet}-gcc${suffixes[0] ?? ''}`,
    packages: [SYSTEMTAP, 'make', ...kbuild, ...suffixes.map((suffix) => `gcc${suffix}-${prefix}`)],
  };
}
