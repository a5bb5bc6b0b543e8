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

/** A mend that was applied though nobody had seen that kernel, or that release of SystemTap, with it. */
export interface OutsideMend {
  readonly mend: string;
  /** What lies outside of its known range. */
  readonly of: readonly ('kernel' | 'SystemTap')[];
}

/** Those of the mends whose presence tests alone speak for them. */
export function findOutside(mends: readonly Mend[], version: string, kernel: UpstreamKernel): readonly OutsideMend[] {
  return mends.flatMap((mend) => {
    const of = [
      ...(findHit(mend.kernels, kernel) === null ? (['kernel'] as const) : []),
      ...(isInRange(mend, version) ? [] : (['SystemTap'] as const)),
    ];
    return of.length === 0 ? [] : [{ mend: mend.id, of }];
  });
}

/** One sentence. */
export function describeOutside({ mend, of }: OutsideMend): string {
  return `${mend} is tried outside of the ${of.join(' and ')} range that it is known for: the kernel's own files call for it`;
}

function isCalledFor(mend: Mend, kernel: UpstreamKernel, presence: KernelPresence | null): boolean {
  const seen = presence === null ? null : judgeKernel(mend, presence);
  return seen ?? findHit(mend.kernels, kernel) !== null;
}

/** A package that carries the fix needs no mend. */
function isWrittenFor(mend: Mend, stap: StapIdentity): boolean {
  if (!isInRange(mend, stap.version)) return false;
  const { cures } = mend;
  const rows = INCOMPATIBILITIES.filter(({ id }) => cures.includes(id));
  return rows.length === 0 || rows.some((row) => isAffected(row, stap));
}

function isInRange({ stap: { from, before } }: Mend, version: string): boolean {
  return compareStap(version, from) >= 0 && (before === null || compareStap(version, before) < 0);
}
