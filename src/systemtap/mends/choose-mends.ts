/** Which mends a SystemTap may need on a kernel. Pure. */
import { findHit } from '../kernel-range.ts';
import type { UpstreamKernel } from '../kernel-version.ts';
import type { StapIdentity } from '../predict.ts';
import { isAffected } from '../predict.ts';
import { INCOMPATIBILITIES } from '../incompatibilities.ts';
import { compareStap } from '../releases.ts';
import { judgeKernel, type KernelPresence } from './presence.ts';
import { type Mend, MENDS } from './table.ts';

/**
 * The mends of a release of SystemTap that the kernel calls for.
 * @param presence null where none of the kernel's files can be read: then its version tells
 */
export function chooseMends(
  stap: StapIdentity,
  kernel: UpstreamKernel,
  presence: KernelPresence | null,
  table: readonly Mend[] = MENDS,
): readonly Mend[] {
  return table.filter((mend) => isWrittenFor(mend, stap) && isCalledFor(mend, kernel, presence));
}

/** Those that the kernel calls for though they were written for other releases: what the runtime says of them is left to see. */
export function chooseForeignMends(
  stap: StapIdentity,
  kernel: UpstreamKernel,
  presence: KernelPresence,
  table: readonly Mend[] = MENDS,
): readonly Mend[] {
  return table.filter((mend) => !isWrittenFor(mend, stap) && isCalledFor(mend, kernel, presence));
}

function isCalledFor(mend: Mend, kernel: UpstreamKernel, presence: KernelPresence | null): boolean {
  const seen = presence === null ? null : judgeKernel(mend, presence);
  return seen ?? findHit(mend.kernels, kernel) !== null;
}

/** A package that carries the fix needs no mend. */
function isWrittenFor({ stap: { from, before }, cures }: Mend, stap: StapIdentity): boolean {
  if (compareStap(stap.version, from) < 0) return false;
  if (before !== null && compareStap(stap.version, before) >= 0) return false;
  const rows = INCOMPATIBILITIES.filter(({ id }) => cures.includes(id));
  return rows.length === 0 || rows.some((row) => isAffected(row, stap));
}
