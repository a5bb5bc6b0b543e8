/** Plans for one target. The repositories are read once, however often a plan is made from them. */
import { TapprepError } from '../errors.ts';
import { wantedNames } from '../resolve/deb/kernel-names.ts';
import { planDeb } from '../resolve/deb/plan-deb.ts';
import { readDebRepositories } from '../resolve/deb/reader.ts';
import type { InstalledVersion, PlanRequest } from '../resolve/plan.ts';
import type { DebTarget, Plan, Repository, RepositoryContent } from '../types.ts';
import { findRepositories, withUnbelieved } from './find-repositories.ts';
import type { OpenTarget } from './open-target.ts';
import { createReadRpm } from './read-rpm.ts';
import { rememberReleases } from './known-kernels.ts';
import type { Session } from './session.ts';
import { findSnapshots } from './snapshots.ts';
import { type FindMore, planInTiers, type ReadFailure } from './tiers.ts';
import { explainUnlisted, refusalOf } from './unlisted.ts';
import { forFamily } from '../package-system/systems.ts';

export interface ResolutionOptions {
  readonly roles: PlanRequest['roles'];
  readonly allowExpiredRelease: boolean;
  /** rpm: everything that is needed has to be there, whatever the repositories are said to hold. */
  readonly isWhole?: boolean;
  /** Packages known to be installed, so that what depends on them is read too; null where nothing is known yet. */
  readonly installed: readonly InstalledVersion[] | null;
}

/** What was read of repositories, ready to plan from. */
interface Read {
  readonly plan: (installed: readonly InstalledVersion[] | null) => Plan | Promise<Plan>;
  readonly planBase?: () => Promise<Plan>;
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
  /**
   * rpm: the packages of a small system of the distribution. mmdebstrap knows those of Debian's.
   * @throws TapprepError UNSATISFIED_DEPENDENCY, or why repositories could not be read
   */
  planBase(): Promise<Plan>;
}

/** @throws TapprepError NO_REPOSITORY */
export async function openResolution(
  session: Session,
  open: OpenTarget,
  options: ResolutionOptions,
): Promise<Resolution> {
  const { target } = open;
  const { roles, allowExpiredRelease, installed: known, isWhole = false } = options;
  const contents: readonly RepositoryContent[] = [
    'devel',
    'toolchain',
    ...(roles.debuginfo ? (['debuginfo'] as const) : []),
    ...(roles.image ? (['image'] as const) : []),
    ...(roles.systemtap === 'distro' ? (['systemtap'] as const) : []),
  ];
  // What its builder says is not published is only looked for where somebody named a source for this very target.
  // Where a tree stands for the packages, nobody is asked for any.
  const refusal = (target.own?.buildTree ?? null) === null ? refusalOf(open) : null;
  const onlyOwn = refusal?.code === 'CUSTOM_KERNEL_NO_PACKAGE';
  const { repositories, notes, unbelieved } = await findRepositories(session, open, {
    contents,
    allowExpiredRelease,
    onlyOwn,
  }).catch((error: unknown) => {
    throw refusal === null ? error : explainUnlisted(error, refusal, []);
  });
  const request = { installed: known, roles, allowUnsigned: session.allowUnsigned };
  const readRepositories = createRead(session, open, request, isWhole);
  const findMore = forFamily<FindMore | undefined>(target, {
    rpm: () => undefined,
    deb: (own) => rememberFirst((miss) => findSnapshots(session, own, contents, miss)),
  });
  // Every attempt asks the same repositories as the one before, and some more.
  const reads = new Map<number, Promise<Read>>();
  const readFirst = async (asked: readonly Repository[]): Promise<Read> => {
    const earlier = reads.get(asked.length);
    if (earlier !== undefined) return earlier;
    const read = readRepositories([...asked]);
    reads.set(asked.length, read);
    return read;
  };
  return {
    repositories,
    plan: async (installed) => {
      const attempt = async (
        asked: readonly Repository[],
      ): Promise<{ plan: () => Plan | Promise<Plan>; failures: readonly ReadFailure[] }> => {
        const { plan, failures } = await readFirst(asked);
        return { plan: () => plan(installed), failures };
      };
      const plan = await planInTiers(repositories, attempt, session.emit, findMore).catch((error: unknown) => {
        const told = withUnbelieved(error, unbelieved);
        throw refusal === null ? told : explainUnlisted(told, refusal, repositories);
      });
      return { ...plan, notes: [...plan.notes, ...notes] };
    },
    planBase: () =>
      planInTiers(
        repositories,
        async (asked) => {
          const { planBase, failures } = await readFirst(asked);
          if (planBase === undefined) throw new TapprepError('INTERNAL', 'only rpm systems are planned from nothing');
          return { plan: planBase, failures };
        },
        session.emit,
      ),
  };
}

/** A second plan of the same target finds what the first one found. */
function rememberFirst(findMore: FindMore): FindMore {
  let first: ReturnType<FindMore> | null = null;
  return (miss) => (first ??= findMore(miss));
}

type ReadRepositories = (repositories: readonly Repository[]) => Promise<Read>;

function createRead(
  session: Session,
  { target, facts }: OpenTarget,
  request: PlanRequest,
  isWhole: boolean,
): ReadRepositories {
  return forFamily<ReadRepositories>(target, {
    rpm: (own) => createReadRpm(session, { target: own, facts, request, isWhole }),
    deb: (own) => (repositories) => readDeb(session, own, repositories, request),
  });
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
  await rememberReleases(session.cacheDir, target, records);
  return {
    failures,
    plan: (installed) => {
      const plan = planDeb(target, records, { ...request, installed });
      return { ...plan, notes: [...plan.notes, ...notes] };
    },
  };
}
