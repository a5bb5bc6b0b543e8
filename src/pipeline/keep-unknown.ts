/** What becomes of failures that nothing known explains: each is kept as a case, to be read and sent. */
import { nameOf, type RankedCandidate } from '../systemtap/choose.ts';
import type { FitRung } from '../systemtap/incompatibilities.ts';
import type { LookedUp } from '../systemtap/mends/look-up.ts';
import { leaveCase } from './leave-case.ts';
import type { OpenTarget } from './open-target.ts';
import type { Session } from './session.ts';

/** A SystemTap that failed by its own fault. */
export interface Failure {
  readonly ranked: RankedCandidate;
  /** Its place among those that were tried. */
  readonly at: number;
  readonly log: string;
  readonly missing: readonly LookedUp[];
}

interface Failures {
  readonly failures: readonly Failure[];
  /** What did not have to be tried. */
  readonly left: readonly RankedCandidate[];
  readonly taken: RankedCandidate | null;
  readonly rung: FitRung;
}

/** Leaves a case of every SystemTap whose failure nothing that is known explains or mends: of how far it came at last. */
export async function keepUnknown<Tried extends { readonly caseFile?: string }>(
  session: Session,
  open: OpenTarget,
  tried: readonly Tried[],
  { failures, left, taken, rung }: Failures,
): Promise<readonly Tried[]> {
  const mended = [...left.filter(({ candidate }) => candidate.mends !== undefined), ...(taken === null ? [] : [taken])];
  const answered = new Set(mended.map(baseOf));
  const unsettled = new Map(failures.map((failure) => [baseOf(failure.ranked), failure]));
  const kept = [...tried];
  for (const [base, { ranked, at, log, missing }] of unsettled) {
    const { name, candidate, predictions } = ranked;
    // A row that foretold it, of a kernel that lacks nothing that was asked for, says all there is to say.
    const isForetold = predictions[rung].verdict === 'unfit' && missing.length === 0;
    const one = kept[at];
    if (answered.has(base) || isForetold || one === undefined) continue;
    const caseFile = await leaveCase(session, open, { name, version: candidate.version, log, missing });
    const text = `nothing that is known mends SystemTap ${name} here; ${caseFile} keeps the failure: read it, and send it to whoever can mend it`;
    session.emit({ type: 'note', level: 'warning', text });
    kept[at] = { ...one, caseFile };
  }
  return kept;
}

/** The name of a SystemTap without what mends it. */
function baseOf({ candidate }: RankedCandidate): string {
  const { mends, ...base } = candidate;
  return mends === undefined ? nameOf(candidate) : nameOf(base);
}
