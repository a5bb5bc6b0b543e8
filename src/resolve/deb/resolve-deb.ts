/** From repositories to a plan for a Debian or Ubuntu kernel: reads what the plan needs, plans, and says what was not read. */
import { isTapprepError, TapprepError, type ErrorCode } from '../../errors.ts';
import type { DebTarget, Plan, Repository, RepositoryState } from '../../types.ts';
import type { PlanRequest } from '../plan.ts';
import type { ReaderContext } from '../reader.ts';
import { wantedNames } from './kernel-names.ts';
import { planDeb } from './plan-deb.ts';
import { readDebRepositories, type DebRead } from './reader.ts';

/** What a repository that was not asked, or could not be read, may have had. */
const MISSES: readonly ErrorCode[] = ['NO_EXACT_PACKAGE', 'UNSATISFIED_DEPENDENCY', 'NO_REPOSITORY'];

const STATE_ORDER: readonly RepositoryState[] = ['live', 'vault', 'archive', 'snapshot', 'retired'];

/**
 * Reads repositories and plans. The target's own sources and what the user named are asked first; the listed ones come
 * in, one state after the other, only when those do not have everything. A repository that cannot be read or is not
 * believed is left out with a warning, and where the plan fails the error names it too.
 * @throws TapprepError what `planDeb` throws; the first repository's failure when none could be read; INTERRUPTED.
 */
export async function resolveDeb(
  target: DebTarget,
  repositories: readonly Repository[],
  request: PlanRequest,
  context: ReaderContext,
): Promise<Plan> {
  const tiers = [...new Set(repositories.map(tierOf))].toSorted((a, b) => a - b);
  let miss: unknown = new TapprepError('NO_REPOSITORY', `there is no repository to ask for ${target.release}`, {
    hint: `tapprep mirrors list --kernel ${target.release}`,
  });
  for (const tier of tiers) {
    const asked = repositories.filter((repository) => tierOf(repository) <= tier);
    try {
      return await resolveFrom(asked, target, request, context);
    } catch (error) {
      miss = error;
      if (!isTapprepError(error) || error.code === 'INTERRUPTED' || error.code === 'TOOL_MISSING') throw error;
    }
  }
  throw miss;
}

function tierOf({ origin, state }: Repository): number {
  return origin === 'mirrors.json' ? 1 + STATE_ORDER.indexOf(state) : 0;
}

async function resolveFrom(
  repositories: readonly Repository[],
  target: DebTarget,
  request: PlanRequest,
  context: ReaderContext,
): Promise<Plan> {
  const read = await readDebRepositories(repositories, target.packageArch, wantedNames(target, request), context);
  const [first] = read.failures;
  if (first !== undefined && read.failures.length === repositories.length) throw first.error;
  const plan = planOrNameUnread(target, request, read);
  const notes = [...read.notes, ...read.failures.map(describeFailure)];
  for (const text of notes) context.emit({ type: 'note', level: 'warning', text });
  return { ...plan, notes: [...plan.notes, ...notes] };
}

/** A miss may only be one because a repository was left out; its own remedy then comes first. */
function planOrNameUnread(target: DebTarget, request: PlanRequest, read: DebRead): Plan {
  try {
    return planDeb(target, read.records, request);
  } catch (error) {
    if (read.failures.length === 0 || !isTapprepError(error) || !MISSES.includes(error.code)) throw error;
    const own = read.failures
      .map((failure) => failure.error)
      .find((each) => isTapprepError(each) && each.hint !== null);
    const hint = isTapprepError(own) ? own.hint : error.hint;
    throw new TapprepError(error.code, `${error.message}; ${read.failures.map(describeFailure).join('; ')}`, {
      ...(hint === null ? {} : { hint }),
      facts: { ...error.facts, unread: read.failures.map(({ repository }) => repository.id) },
      cause: error,
    });
  }
}

function describeFailure({ repository, error }: DebRead['failures'][number]): string {
  return `repository ${repository.id} was left out: ${error instanceof Error ? error.message : String(error)}`;
}
