/** Where a kernel lies to ranges of upstream versions. Pure. */
import type { Evidence, KernelRange } from './incompatibilities.ts';
import { compareKernels, type UpstreamKernel } from './kernel-version.ts';

export interface Hit {
  readonly range: KernelRange;
  /** False where only a part of what the kernel may be lies in the range. */
  readonly isInside: boolean;
}

const EVIDENCE_ORDER: readonly Evidence[] = ['measured', 'published', 'unverified'];

/** The range that a kernel lies in, the best known where there are several; null for none. */
export function findHit(ranges: readonly KernelRange[], kernel: UpstreamKernel): Hit | null {
  const hits = ranges.flatMap((range): readonly Hit[] => {
    const { least, most } = kernel.patch;
    const [low, high] = [isWithin(range, kernel.series, least), isWithin(range, kernel.series, most)];
    return low || high ? [{ range, isInside: low && high }] : [];
  });
  const rank = ({ range, isInside }: Hit): number => EVIDENCE_ORDER.indexOf(range.evidence) + (isInside ? 0 : 10);
  return hits.toSorted((a, b) => rank(a) - rank(b))[0] ?? null;
}

function isWithin({ from, before }: KernelRange, series: string, patch: number): boolean {
  const version = `${series}.${patch === Infinity ? 99_999 : patch}`;
  return compareKernels(version, from) >= 0 && (before === null || compareKernels(version, before) < 0);
}
