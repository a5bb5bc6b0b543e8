/** Which SystemTap to try on a kernel, in which order, and why. Pure. */
import type { FitRung } from './incompatibilities.ts';
import type { UpstreamKernel } from './kernel-version.ts';
import type { Mend } from './mends/table.ts';
import { predictRungs, type Fit, type Predictions, type StapIdentity } from './predict.ts';
import { compareStap } from './releases.ts';
import type { Verdict } from './verdicts.ts';

/** One way to a SystemTap. */
export type Candidate = StapIdentity &
  (
    | { readonly kind: 'distro' }
    | {
        readonly kind: 'portable' | 'build';
        /** Where its packages or its source come from. */
        readonly from: { readonly distro: string; readonly suite: string };
      }
  ) & {
    /** What its runtime is mended by; left out for one that is taken as it is. */
    readonly mends?: readonly Mend[];
  };

/** What --systemtap says: any way, one of the ways, or a version by whichever way there is. */
export type SystemtapWish = 'auto' | Candidate['kind'] | { readonly version: string };

export interface RankedCandidate {
  readonly candidate: Candidate;
  /** Names it in verdicts and messages: "portable 5.1 (debian trixie)", and what it is mended by. */
  readonly name: string;
  readonly predictions: Predictions;
  /** What compiling and loading showed before on this very kernel build; null when it was not tried. */
  readonly verdict: Verdict | null;
}

/** What is there to choose by. */
export interface ChoiceContext {
  readonly kernel: UpstreamKernel;
  /** The highest rung that is wanted. */
  readonly rung: FitRung;
  /** Verdicts of this kernel build. */
  readonly verdicts: readonly Verdict[];
}

/**
 * Orders candidates: proven on this kernel build first, then by how far each is predicted to reach, and among equals the
 * distribution's own, then portable ones, each before the same mended, then builds, in the order given.
 */
export function chooseSystemtap(
  available: readonly Candidate[],
  wish: SystemtapWish,
  context: ChoiceContext,
): readonly RankedCandidate[] {
  const seen = Map.groupBy(context.verdicts, ({ candidate }) => candidate);
  const ranked = available
    .filter((candidate) => isWished(candidate, wish))
    .map((candidate): RankedCandidate => {
      const name = nameOf(candidate);
      const verdict = seen.get(name)?.[0] ?? null;
      return { candidate, name, predictions: predictRungs(candidate, context.kernel, candidate.mends), verdict };
    });
  const tried = ranked.filter(({ verdict }) => verdict?.origin.kind !== 'here' || reaches(verdict, 'hello'));
  const kept = wish === 'auto' && tried.length > 0 ? tried : ranked;
  const rank = (one: RankedCandidate): number => rankOf(one, seen.get(one.name) ?? [], context.rung);
  return kept.toSorted((a, b) => rank(a) - rank(b));
}

/** What a candidate is named by, as itself and as verdicts hold it. */
export interface NamedCandidate extends Pick<StapIdentity, 'version' | 'packageVersion'> {
  readonly kind: Candidate['kind'];
  readonly from?: { readonly distro: string; readonly suite: string } | null;
  readonly mends?: readonly { readonly id: string }[];
}

/** "4.8-2 of the distribution", "portable 5.1 (debian trixie)", "build 5.5 (debian sid)", each "mended by task-euid". */
export function nameOf({ kind, version, packageVersion, from = null, mends = [] }: NamedCandidate): string {
  const name =
    from === null
      ? `${packageVersion ?? version} of the distribution`
      : `${kind} ${version} (${from.distro} ${from.suite})`;
  return mends.length === 0 ? name : `${name} mended by ${mends.map(({ id }) => id).join(' and ')}`;
}

/** Whether a verdict says that a rung was reached. */
function reaches({ rungs }: Verdict, rung: FitRung): boolean {
  return rungs.hello === 'pass' && (rung === 'hello' || rungs['kernel.function'] === 'pass');
}

function isWished(candidate: Candidate, wish: SystemtapWish): boolean {
  if (wish === 'auto') return true;
  return typeof wish === 'string' ? candidate.kind === wish : compareStap(candidate.version, wish.version) === 0;
}

const FIT_RANK: Readonly<Record<Fit, number>> = { fits: 0, mended: 0, unknown: 1, unfit: 2 };
const KIND_RANK: Readonly<Record<Candidate['kind'], number>> = { distro: 0, portable: 2, build: 4 };

/** Lower is tried earlier. The rungs weigh more than the ways: a way that is dear and works beats one that does not. */
function rankOf({ candidate, predictions }: RankedCandidate, seen: readonly Verdict[], rung: FitRung): number {
  const wanted = FIT_RANK[predictions[rung].verdict];
  const least = FIT_RANK[predictions.hello.verdict];
  const kind = KIND_RANK[candidate.kind] + (candidate.mends === undefined ? 0 : 1);
  return rankOfVerdicts(seen, rung) + wanted * 30 + least * 10 + kind;
}

/** What was seen here weighs more than what others saw. @param seen this machine's own first */
function rankOfVerdicts([verdict, ...others]: readonly Verdict[], rung: FitRung): number {
  if (verdict === undefined) return 0;
  const isOwn = verdict.origin.kind === 'here';
  if (reaches(verdict, rung)) return isOwn ? -1000 : -500;
  if (!reaches(verdict, 'hello')) return isOwn ? 500 : 400;
  if (verdict.rungs[rung] !== 'skip') return 50;
  // Seen to load here, and to get higher or not elsewhere.
  const higher = others.find(({ rungs }) => rungs.hello === 'pass' && rungs[rung] !== 'skip');
  if (higher !== undefined) return reaches(higher, rung) ? (isOwn ? -600 : -500) : 50;
  // First among those of which as much is expected.
  return -5;
}
