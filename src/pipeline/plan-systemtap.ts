/** The SystemTap that a plan brings: what the distribution has may not fit its own kernel, and then a folder comes along. */
import { again } from '../make-remedy.ts';
import { findArchitecture } from '../detect/architectures.ts';
import { isTapprepError, TapprepError } from '../errors.ts';
import { withFolders } from '../resolve/plan.ts';
import type { RankedCandidate, SystemtapWish } from '../systemtap/choose.ts';
import type { FitRung } from '../systemtap/incompatibilities.ts';
import { compareKernels } from '../systemtap/kernel-version.ts';
import { planMends } from '../systemtap/mends/planned.ts';
import { planFolder } from '../systemtap/portable/plan-folder.ts';
import { findSuiteRepositories } from '../systemtap/portable/repositories.ts';
import type { PortableRequest } from '../systemtap/portable/request.ts';
import type { FolderItem, Plan, PlannedMend, Target } from '../types.ts';
import { rankForPlan } from './predict-systemtap.ts';
import type { Session } from './session.ts';

export interface SystemtapPlanOptions {
  readonly systemtap: SystemtapWish;
  /** How far the SystemTap has to reach. */
  readonly rung: FitRung;
  readonly allowExpiredRelease: boolean;
  readonly withMends?: boolean;
}

/** A first choice, and a second where the first is not known to fit. */
const MOST_CHOICES = 2;

/**
 * Adds the portable SystemTaps that are tried before or instead of the distribution's own, in that order: none where its own
 * is known to fit. A note names what cannot be planned, and the next one takes its place.
 * @throws TapprepError of planFolder where only a portable one is wanted and none can be had; NOT_PROVEN where none can start
 *   on the kernel; USAGE where no such SystemTap is known
 */
export async function addSystemtap(session: Session, plan: Plan, options: SystemtapPlanOptions): Promise<Plan> {
  const { systemtap: wish, rung, withMends = true } = options;
  if (wish === 'distro' || wish === 'build') return plan;
  const ranked = await rankForPlan(session, plan, { wish, rung, withMends });
  if (ranked.length === 0) throw noCandidate(session, wish);
  const fitting = ranked.filter(({ predictions }) => predictions.hello.verdict !== 'unfit');
  const folders: FolderItem[] = [];
  const notes: string[] = [];
  const mends: PlannedMend[] = [];
  let problem: unknown = null;
  let choices = 0;
  for (const one of fitting.length === 0 && wish !== 'auto' ? ranked : fitting) {
    if (one.candidate.kind === 'portable') {
      try {
        const folder = await planCandidate(session, plan.target, one, options);
        // Mended or not, it is the same folder that comes.
        if (!folders.some(({ name, suite }) => name === folder.name && suite === folder.suite)) folders.push(folder);
      } catch (error) {
        if (!isTapprepError(error) || error.code === 'INTERRUPTED') throw error;
        problem ??= error;
        notes.push(`SystemTap ${one.name} is not in the plan: ${error.message}`);
        continue;
      }
    } else if (one.candidate.kind === 'build') continue;
    if (one.candidate.mends !== undefined) mends.push(planMends(one.name, one.candidate.mends));
    choices += 1;
    if (isSure(one, rung) || choices === MOST_CHOICES) break;
  }
  const canBeBuilt = ranked.some(({ candidate }) => candidate.kind === 'build');
  if (choices === 0 && wish !== 'auto' && !(canBeBuilt && problem === null)) throw problem;
  return withFolders(plan, folders, notes, mends);
}

/** Seen by this machine to reach so far on this kernel build, or to load and expected to reach it: what others saw leaves room for a second. */
function isSure({ predictions, verdict }: RankedCandidate, rung: FitRung): boolean {
  if (verdict?.origin.kind === 'here' && (verdict.rungs.hello !== 'pass' || verdict.rungs[rung] !== 'skip'))
    return verdict.rungs.hello === 'pass' && verdict.rungs[rung] === 'pass';
  return predictions[rung].verdict === 'fits' || predictions[rung].verdict === 'mended';
}

/**
 * The oldest Linux that the C library of a suite starts on: 3.2 for all since Debian 9 (2.24), by its build option
 * --enable-kernel and by the news of glibc 2.26. The folder itself is asked again before it is placed.
 */
const OLDEST_KERNEL = '3.2';

async function planCandidate(
  { reader, mirrors, overrides }: Session,
  target: Target,
  { name, candidate }: RankedCandidate,
  { allowExpiredRelease }: SystemtapPlanOptions,
): Promise<FolderItem> {
  if (candidate.kind === 'distro') throw new TapprepError('INTERNAL', `${name} is no folder`);
  if (compareKernels(target.release, OLDEST_KERNEL) < 0) {
    throw new TapprepError(
      'NOT_PROVEN',
      `the C library of portable SystemTap ${candidate.version} needs Linux ${OLDEST_KERNEL} or newer, but the kernel is ${target.release}`,
      { hint: 'add --systemtap distro' },
    );
  }
  const request = toRequest(target, candidate);
  return once(reader, JSON.stringify([request, allowExpiredRelease]), () =>
    planFolder(
      {
        reader,
        findRepositories: (wanted) => findSuiteRepositories(wanted, { mirrors, overrides, allowExpiredRelease }),
      },
      request,
    ),
  );
}

/** What a session has planned: for a fleet the same folder is wanted for many kernels, and its index takes seconds to read. */
const planned = new WeakMap<Session['reader'], Map<string, Promise<FolderItem>>>();

function once(reader: Session['reader'], key: string, plan: () => Promise<FolderItem>): Promise<FolderItem> {
  const known = planned.get(reader) ?? new Map<string, Promise<FolderItem>>();
  planned.set(reader, known);
  const found = known.get(key) ?? plan();
  known.set(key, found);
  return found;
}

/** One suite's SystemTap for the architecture of a target. */
export function toRequest(
  { arch }: Pick<Target, 'arch'>,
  { version, from: { distro, suite } }: Extract<RankedCandidate['candidate'], { readonly kind: 'portable' | 'build' }>,
): PortableRequest {
  return { distro, suite, version, arch, debArch: findArchitecture(arch)?.deb ?? arch };
}

/** Nothing in the lists answers to a wish. */
export function noCandidate({ mirrors }: Pick<Session, 'mirrors'>, wish: SystemtapWish): TapprepError {
  const wanted = typeof wish === 'string' ? `"${wish}"` : wish.version;
  const versions = mirrors.systemtap.portable.map(({ version }) => version);
  return new TapprepError(
    'USAGE',
    `no SystemTap ${wanted} is known: the mirror list has portable ${versions.join(' and ') || 'none'}`,
    { facts: again('--systemtap', versions[0] ?? 'distro') },
  );
}
