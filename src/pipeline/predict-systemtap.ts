/** Which SystemTap will be tried on a target and what is expected of each, from a plan alone: nothing is downloaded for it. */
import { nameOf, chooseSystemtap, type RankedCandidate, type SystemtapWish } from '../systemtap/choose.ts';
import { listCandidates, withMended } from '../systemtap/candidates.ts';
import type { FitRung } from '../systemtap/incompatibilities.ts';
import { upstreamKernelOf } from '../systemtap/kernel-version.ts';
import { chooseMends } from '../systemtap/mends/choose-mends.ts';
import { upstreamVersion } from '../version/upstream.ts';
import type { Prediction, StapIdentity } from '../systemtap/predict.ts';
import { type KernelBuild, kernelBuildOf } from '../systemtap/kernel-build.ts';
import type { Verdict } from '../systemtap/verdicts.ts';
import { packagesOf } from '../resolve/provisions.ts';
import type { Plan, Role, Target } from '../types.ts';
import { findVerdicts, type VerdictSources } from './known-verdicts.ts';
import type { Session } from './session.ts';

/** One way to a SystemTap as `plan` shows it, in the order in which they would be tried. */
export interface PlannedSystemtap {
  /** "4.8-2 of the distribution", "portable 5.1 (debian trixie)". */
  readonly name: string;
  readonly kind: RankedCandidate['candidate']['kind'];
  readonly version: string;
  readonly hello: Prediction;
  readonly 'kernel.function': Prediction;
  /** What was seen on this very kernel build before, here or elsewhere; null when it was not tried. */
  readonly verdict: Verdict | null;
}

export interface PredictOptions {
  readonly wish: SystemtapWish;
  /** The highest rung that is wanted. */
  readonly rung: FitRung;
  /** False where nobody can mend one: in a bundle. */
  readonly withMends?: boolean;
}

/** Predicts for every way to a SystemTap that a plan leaves open. */
export async function predictForPlan(
  session: Pick<Session, 'mirrors' | 'mends'> & VerdictSources,
  plan: Plan,
  options: PredictOptions,
): Promise<readonly PlannedSystemtap[]> {
  const ranked = await rankForPlan(session, plan, options);
  return ranked.map(({ candidate, predictions, verdict }) => ({
    name: nameOf(candidate),
    kind: candidate.kind,
    version: candidate.version,
    ...predictions,
    verdict,
  }));
}

/** Every way to a SystemTap that is left open, in the order in which install would try them. */
export async function rankForPlan(
  session: Pick<Session, 'mirrors' | 'mends'> & VerdictSources,
  plan: Plan,
  { wish, rung, withMends = true }: PredictOptions,
): Promise<readonly RankedCandidate[]> {
  const kernelVersion = versionOf(plan, KERNEL_ROLES);
  const kernel = upstreamKernelOf(plan.target, kernelVersion);
  const known = listCandidates(ownOf(plan), session.mirrors.systemtap);
  // Without the kernel's headers its version has to tell what mends it calls for.
  const candidates = withMends ? withMended(known, (stap) => chooseMends(stap, kernel, null, session.mends)) : known;
  return chooseSystemtap(candidates, wish, {
    kernel,
    rung,
    verdicts: await findVerdicts(session, buildOfPlan(plan)),
  });
}

/** The kernel build that a plan is for. */
export function buildOfPlan(plan: Plan): KernelBuild {
  return kernelBuildOf(plan.target, versionOf(plan, KERNEL_ROLES));
}

const KERNEL_ROLES: readonly Role[] = ['headers', 'devel', 'image'];

/** The SystemTap that the plan itself installs or finds in place. */
function ownOf(plan: Plan): StapIdentity | null {
  const packageVersion = versionOf(plan, ['systemtap'], 'systemtap');
  return packageVersion === null ? null : ownIdentity(plan.target, packageVersion);
}

/** The distribution's SystemTap by its package version. */
function ownIdentity({ distro }: Target, packageVersion: string): StapIdentity {
  return { version: upstreamVersion(packageVersion), packageVersion, distro };
}

function versionOf(plan: Plan, roles: readonly Role[], name?: string): string | null {
  const all = [...packagesOf(plan.items), ...plan.present];
  const found = all.find((item) => roles.includes(item.role) && (name === undefined || item.name === name));
  return found?.version ?? null;
}
