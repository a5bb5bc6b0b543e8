/** Plans for one target. The repositories are read once, however often a plan is made from them. */
import { wantedNames } from '../resolve/deb/kernel-names.ts';
import { planDeb } from '../resolve/deb/plan-deb.ts';
import { readDebRepositories } from '../resolve/deb/reader.ts';
import type { InstalledVersion, PlanRequest } from '../resolve/plan.ts';
import type { DebTarget, Plan, Repository, RepositoryContent } from '../types.ts';
import { findRepositories } from './find-repositories.ts';
import type { Subject } from './open-target.ts';
import type { Session } from './session.ts';
import { planInTiers, type ReadFailure } from './tiers.ts';

export interface ResolutionOptions {
  readonly roles: PlanRequest['roles'];
  readonly allowExpiredRelease: boolean;
  /** Packages known to be installed, so that what depends on them is read too; null where nothing is known yet. */
  readonly installed: readonly InstalledVersion[] | null;
}

/** What was read of repositories, ready to plan from. */
interface Read {
  readonly plan: (installed: readonly InstalledVersion[] | null) => Plan;
  readonly failures: readonly ReadFailure[];
}

export interface Resolution {
  /** In the order they are asked. */
  readonly repositories: readonly Repository[];
  /**
   * The exact packages for a system that has `installed`; null where that is not known.
   * @throws TapprepError NO_EXACT_PACKAGE, UNSATISFIED_DEPENDENCY, or why repositories could not be read
   */
  plan(installed: readonly InstalledVersion[] | null): Promise<Plan>;
}

/** @throws TapprepError NO_REPOSITORY */
export async function openResolution(
  session: Session,
  subject: Subject,
  options: ResolutionOptions,
): Promise<Resolution> {
  const { roles, allowExpiredRelease, installed: known } = options;
  const contents: readonly RepositoryContent[] = [
    'devel',
    'toolchain',
    ...(roles.debuginfo ? (['debuginfo'] as const) : []),
    ...(roles.image ? (['image'] as const) : []),
    ...(roles.systemtap === 'distro' ? (['systemtap'] as const) : []),
  ];
  const { repositories, notes } = await findRepositories(session, subject, { contents, allowExpiredRelease });
  const reads = new Map<number, Promise<Read>>();
  const readFirst = async (count: number): Promise<Read> => {
    const earlier = reads.get(count);
    if (earlier !== undefined) return earlier;
    const read = readRepositories(session, subject, repositories.slice(0, count), { installed: known, roles });
    reads.set(count, read);
    return read;
  };
  return {
    repositories,
    plan: async (installed) => {
      const attempt = async (
        asked: readonly Repository[],
      ): Promise<{ plan: () => Plan; failures: readonly ReadFailure[] }> => {
        const { plan, failures } = await readFirst(asked.length);
        return { plan: () => plan(installed), failures };
      };
      const plan = await planInTiers(repositories, attempt, session.emit);
      return { ...plan, notes: [...plan.notes, ...notes] };
    },
  };
}

async function readRepositories(
  session: Session,
  { target }: Subject,
  repositories: readonly Repository[],
  request: PlanRequest,
): Promise<Read> {
  if (target.family === 'rpm') throw new Error('rpm: not yet');
  return readDeb(session, target, repositories, request);
}

async function readDeb(
  session: Session,
  target: DebTarget,
  repositories: readonly Repository[],
  request: PlanRequest,
): Promise<Read> {
  const wanted = wantedNames(target, request);
  const { records, failures, notes } = await readDebRepositories(
    repositories,
    target.packageArch,
    wanted,
    session.reader,
  );
  return {
    failures,
    plan: (installed) => {
      const plan = planDeb(target, records, { ...request, installed });
      return { ...plan, notes: [...plan.notes, ...notes] };
    },
  };
}
