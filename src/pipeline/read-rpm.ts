/** Plans for a kernel of an rpm distribution: its own packages, and everything that these need on the target. */
import { isTapprepError } from '../errors.ts';
import { readModuleState } from '../mirrors/host-sources.ts';
import { assemblePlan, type InstalledVersion, type PlanRequest } from '../resolve/plan.ts';
import type { PackageRecord } from '../resolve/reader.ts';
import { findKernelBuild } from '../resolve/rpm/choose.ts';
import { completePlan } from '../resolve/rpm/complete-plan.ts';
import { namesOfTools, wantedRpm } from '../resolve/rpm/needs.ts';
import { planRpm } from '../resolve/rpm/plan-rpm.ts';
import { createRpmReader } from '../resolve/rpm/read-repositories.ts';
import { createPackageSink, type PackageSink } from '../resolve/rpm-md/package-sink.ts';
import { requireKeys } from '../trust/required-keys.ts';
import type { HostFacts, Plan, Repository, RpmTarget } from '../types.ts';
import { rememberReleases } from './known-kernels.ts';
import { presentIdentity } from './present.ts';
import type { Session } from './session.ts';
import type { ReadFailure } from './tiers.ts';

export interface RpmReadChoice {
  readonly target: RpmTarget;
  readonly facts: HostFacts;
  readonly request: PlanRequest;
  /** Everything that is needed has to be there, whatever the repositories are said to hold. */
  readonly isWhole: boolean;
}

/** What was read of repositories, ready to plan from. */
export interface RpmRead {
  readonly plan: (installed: PlanRequest['installed']) => Promise<Plan>;
  /** A small system of the distribution, for an empty directory. */
  readonly planBase: () => Promise<Plan>;
  readonly failures: readonly ReadFailure[];
}

/** Every repository is read once, and no further one where those so far have a whole plan without SystemTap's newest. */
export function createReadRpm(
  session: Session,
  { target, facts, request, isWhole }: RpmReadChoice,
): (repositories: readonly Repository[]) => Promise<RpmRead> {
  const kernel = findKernelBuild(target, facts.kernelPackages);
  const byName = facts.source === 'declared' ? [] : facts.packages;
  const sink = createPackageSink();
  const filter = { ...wantedRpm(target, request), everything: sink };
  const read = createRpmReader(target.packageArch, filter, session.reader);
  const plan = async (records: readonly PackageRecord[], installed: PlanRequest['installed']): Promise<Plan> =>
    complete(planRpm(target, records, { ...request, installed }, kernel), sink, {
      target,
      facts,
      installed,
      byName,
      isWhole,
    });
  return async (repositories) => {
    const unusable = await findUnusable(repositories, async (repository) => {
      await requireKeys(repository);
      await presentIdentity(session, target, repository);
    });
    const { records, failures } = await read(
      repositories.filter((repository) => !unusable.some((failure) => failure.repository === repository)),
      async (found) => request.roles.systemtap === 'none' && (await isPlannable(() => plan(found, request.installed))),
    );
    await rememberReleases(session.cacheDir, target, records);
    return {
      failures: [...unusable, ...failures],
      plan: (installed) => plan(records, installed),
      planBase: () =>
        completePlan(assemblePlan(target, [], [], []), {
          arch: target.packageArch,
          installed: [],
          byName: [],
          sink,
          ...BASE_SYSTEM,
        }),
    };
  };
}

/**
 * Those whose signatures nobody here could check, or that would not answer this system, and why: they are not asked, so that
 * the next source is.
 */
async function findUnusable(
  repositories: readonly Repository[],
  require: (repository: Repository) => Promise<void>,
): Promise<readonly ReadFailure[]> {
  const checked = await Promise.all(
    repositories.map((repository) =>
      require(repository).then(
        () => [],
        (error: unknown) => [{ repository, error }],
      ),
    ),
  );
  return checked.flat();
}

interface Completion {
  readonly target: RpmTarget;
  readonly facts: HostFacts;
  readonly installed: PlanRequest['installed'];
  /** All that the package database of the target names, whole or not. */
  readonly byName: readonly InstalledVersion[];
  readonly isWhole: boolean;
}

/**
 * Without any index of dependencies, or where no repository is said to hold programs and they are not all there, what the
 * packages need is for the package manager of the target to bring.
 */
async function complete(
  plan: Plan,
  sink: PackageSink,
  { target, facts, installed, byName, isWhole }: Completion,
): Promise<Plan> {
  if (sink.repositories.length === 0) {
    return withNote(
      plan,
      'the repositories that were asked list no dependencies: what these packages need is not in the plan',
    );
  }
  try {
    const { tools, niceToHave } = namesOfTools(target);
    // A compiler that starts on the target will do, wherever it came from.
    const lacking = tools.filter((name) => !(TOOLS_SEEN[name]?.(facts) ?? false));
    const whole = await completePlan(plan, {
      arch: target.packageArch,
      installed,
      byName,
      sink,
      modules: readModuleState(facts.repositories),
      tools: lacking,
      niceToHave,
    });
    if (installed !== null) return whole;
    return withNote(
      whole,
      'the installed packages are not known: the target is taken as empty, and all that is needed is in the plan',
    );
  } catch (error) {
    const holdsPrograms = sink.repositories.some(({ repository }) => repository.content.includes('toolchain'));
    if (isWhole || holdsPrograms || !isTapprepError(error, 'UNSATISFIED_DEPENDENCY')) throw error;
    return withNote(plan, `what these packages need is not in the plan: ${error.message}`);
  }
}

/**
 * What a rehearsal takes as a system before anything of tapprep's: the rpm database, a shell, the programs that scriptlets
 * and the kernel's build system start, and what says which system it is.
 */
const BASE_SYSTEM = {
  tools: ['bash', 'coreutils', 'rpm'],
  niceToHave: [
    'system-release',
    'suse-release',
    'distribution-release',
    'filesystem',
    'sed',
    'grep',
    'gawk',
    'findutils',
    'diffutils',
    'tar',
    'gzip',
    'xz',
    'cpio',
    'kmod',
    'util-linux',
    'which',
  ],
} as const;

/** How a tool is seen on a target that its package database says nothing of. */
const TOOLS_SEEN: Readonly<Record<string, (facts: HostFacts) => boolean>> = {
  gcc: ({ compiler }) => compiler !== null,
  make: ({ make }) => make !== null,
};

function withNote(plan: Plan, note: string): Plan {
  return { ...plan, notes: [...plan.notes, note] };
}

async function isPlannable(plan: () => Promise<Plan>): Promise<boolean> {
  try {
    await plan();
    return true;
  } catch (error) {
    if (!isTapprepError(error)) throw error;
    return false;
  }
}
