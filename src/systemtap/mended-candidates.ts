/** Which SystemTaps may be mended for a kernel whose own files were asked. Pure. */
import { withMended } from './candidates.ts';
import type { Candidate } from './choose.ts';
import type { UpstreamKernel } from './kernel-version.ts';
import { chooseForeignMends, chooseMends } from './mends/choose-mends.ts';
import { judgeKernel, type KernelPresence } from './mends/presence.ts';
import type { Mend } from './mends/table.ts';
import type { StapIdentity } from './predict.ts';

export interface MendWish {
  readonly kernel: UpstreamKernel;
  readonly presence: KernelPresence;
  /** What there is. */
  readonly table: readonly Mend[];
  /**
   * true: each as it is, and mended by what is known for it. Names: the distribution's own alone, mended by these rows; no
   * names: by all that the kernel calls for.
   */
  readonly wish: boolean | readonly string[];
}

/** What is tried in the order of what is expected of it, and what only when nothing of that was proven. */
export interface MendedCandidates {
  readonly known: readonly Candidate[];
  /** Mended by rows that were written for other releases of SystemTap: the runtime has its say, too. */
  readonly further: readonly Candidate[];
}

export function listMended(open: readonly Candidate[], { kernel, presence, table, wish }: MendWish): MendedCandidates {
  if (typeof wish !== 'boolean') {
    const isWished = (mend: Mend): boolean =>
      wish.length === 0 ? judgeKernel(mend, presence) === true : wish.includes(mend.id);
    const mends = table.filter(isWished);
    const own = open.filter(({ kind }) => kind === 'distro');
    return { known: mends.length === 0 ? [] : own.map((each) => ({ ...each, mends })), further: [] };
  }
  const known = (stap: StapIdentity): readonly Mend[] => chooseMends(stap, kernel, presence, table);
  const all = (stap: StapIdentity): readonly Mend[] => {
    const foreign = chooseForeignMends(stap, kernel, presence, table);
    return foreign.length === 0 ? [] : table.filter((mend) => foreign.includes(mend) || known(stap).includes(mend));
  };
  return {
    known: withMended(open, known),
    further: withMended(open, all).filter(({ mends }) => mends !== undefined),
  };
}
