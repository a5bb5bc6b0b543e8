/** Asks repositories in tiers, nearest first, and goes on to the next only when what was asked so far has no plan. */
import { adviceOf, ERROR_CODES, isTapprepError, messageOf, reasonKey, TapprepError } from '../errors.ts';
import type { Emit, Plan, Repository } from '../types.ts';
import { describeOutage } from './outage.ts';

/** A repository that could not be read, and the error as it was thrown. */
export interface ReadFailure {
  readonly repository: Repository;
  readonly error: unknown;
}

/** What one attempt over a set of repositories gave. */
export interface Attempt<Result = Plan> {
  readonly plan: () => Result | Promise<Result>;
  readonly failures: readonly ReadFailure[];
}

/** Splits an ordered list where the origin or the state changes for the worse. */
function splitTiers(repositories: readonly Repository[]): readonly (readonly Repository[])[] {
  const tiers: Repository[][] = [];
  let last: string | null = null;
  for (const repository of repositories) {
    const tier = tierOf(repository);
    if (tier !== last) tiers.push([]);
    tiers.at(-1)?.push(repository);
    last = tier;
  }
  return tiers;
}

function tierOf({ origin, state }: Repository): string {
  return origin === 'mirrors.json' ? state : origin;
}

/** Further tiers for what is in none of those before. @throws TapprepError a miss that tells more than the one given */
export type FindMore = (miss: TapprepError) => Promise<readonly (readonly Repository[])[]>;

/**
 * The plan of the first tiers that have one. `attempt` gets all repositories so far, so that a kernel from an archive
 * may still take its compiler from the live suite.
 * @param findMore tiers that are only known once a package is in none of the others
 * @throws the reason why there is none: what was checked and bad, then what did not answer, then what is not there
 */
export async function planInTiers<Result = Plan>(
  repositories: readonly Repository[],
  attempt: (repositories: readonly Repository[]) => Promise<Attempt<Result>>,
  emit: Emit,
  findMore: FindMore = () => Promise.resolve([]),
): Promise<Result> {
  const told = new Set<string>();
  let miss: unknown = null;
  let failures: readonly ReadFailure[] = [];
  const asked: Repository[] = [];
  const tiers = [...splitTiers(repositories)];
  let isMore = false;
  for (let tier = tiers.shift(); tier !== undefined; tier = tiers.shift()) {
    asked.push(...tier);
    const result = await attempt(asked);
    failures = result.failures;
    for (const { repository, error } of failures) tellFailure(repository, error, told, emit);
    const ended = failures.find(({ error }) => isTapprepError(error) && error.facts['endsRun'] === true);
    if (ended !== undefined) throw ended.error;
    try {
      const plan = await result.plan();
      tellAsked(tier, failures, 'planned', emit);
      tellUnanswered(failures, emit);
      return plan;
    } catch (error) {
      tellAsked(tier, failures, codeOf(error), emit);
      if (!isMiss(error)) throw error;
      miss = error;
    }
    // Where nothing answered, nobody knows that it is not there.
    if (tiers.length > 0 || isMore || failures.length >= asked.length || !isTapprepError(miss, 'NO_EXACT_PACKAGE'))
      continue;
    isMore = true;
    try {
      tiers.push(...(await findMore(miss)));
    } catch (error) {
      if (!isMiss(error)) throw error;
      miss = error;
    }
  }
  const outage = failures.length >= asked.length ? describeOutage(failures.map(({ error }) => error)) : null;
  if (outage !== null) throw outage;
  tellUnanswered(failures, emit);
  throw chooseError(miss, failures, asked.length);
}

/** What the next tier may still have in order: the package at all, or of the right vendor, or signed. */
export const MISSES = ['NO_EXACT_PACKAGE', 'UNSATISFIED_DEPENDENCY', 'VENDOR_MISMATCH', 'UNSIGNED'] as const;

function isMiss(error: unknown): boolean {
  return MISSES.some((code) => isTapprepError(error, code));
}

function tellAsked(tier: readonly Repository[], failures: readonly ReadFailure[], plan: string, emit: Emit): void {
  for (const repository of tier) {
    const failure = failures.find((one) => one.repository.id === repository.id);
    const answer = failure === undefined ? 'read' : codeOf(failure.error);
    const url = repository.baseUrls[0] ?? repository.discovery?.url ?? null;
    emit({ type: 'asked', repository: repository.id, tier: tierOf(repository), url, answer, plan });
  }
}

function codeOf(error: unknown): string {
  return isTapprepError(error) ? error.code : 'INTERNAL';
}

function tellFailure(repository: Repository, error: unknown, told: Set<string>, emit: Emit): void {
  if (told.has(repository.id)) return;
  told.add(repository.id);
  const level = isVerification(error) ? 'warning' : isUnanswered(error) ? 'detail' : 'info';
  emit({ type: 'note', level, text: `${repository.id} could not be used: ${messageOf(error)}` });
}

/** Names at the end what did not answer, one line a reason: many repositories lie on one host. */
function tellUnanswered(failures: readonly ReadFailure[], emit: Emit): void {
  const groups = new Map<string, { readonly ids: string[]; readonly text: string }>();
  for (const { repository, error } of failures) {
    if (!isUnanswered(error)) continue;
    const key = `${hostOf(error)} ${reasonKey(error)}`;
    const group = groups.get(key) ?? { ids: [], text: error.message };
    group.ids.push(repository.id);
    groups.set(key, group);
  }
  for (const { ids, text } of groups.values())
    emit({ type: 'note', level: 'info', text: `${ids.join(', ')} could not be used: ${text}` });
}

function isUnanswered(error: unknown): error is TapprepError {
  return (['NETWORK', 'TIMEOUT', 'NOT_REGISTERED'] as const).some((code) => isTapprepError(error, code));
}

function hostOf({ facts }: TapprepError): string {
  const { url } = facts;
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).host : '';
}

function isVerification(error: unknown): boolean {
  return isTapprepError(error) && ERROR_CODES[error.code].exit === 'verification';
}

function chooseError(miss: unknown, failures: readonly ReadFailure[], asked: number): unknown {
  const bad = failures.find(({ error }) => isVerification(error));
  if (bad !== undefined) return bad.error;
  // What an unregistered system does not see may well be there.
  const unregistered = failures.find(({ error }) => isTapprepError(error, 'NOT_REGISTERED'));
  if (unregistered !== undefined) return unregistered.error;
  if (failures.length >= asked && failures[0] !== undefined) return failures[0].error;
  if (failures.length === 0 || !isTapprepError(miss)) return miss;
  const unread = failures.filter(({ error }) => isTapprepError(error, 'OFFLINE'));
  if (unread[0] !== undefined) return notInCache(miss, unread);
  const silent = failures.map(({ repository }) => repository.id).join(', ');
  return new TapprepError(miss.code, `${miss.message}; not asked, because they did not answer: ${silent}`, {
    ...adviceOf(miss),
    facts: { ...miss.facts, unanswered: failures.map(({ repository }) => repository.id) },
    cause: miss,
  });
}

/** What was not asked may well have it, and was not asked because of --offline alone. */
function notInCache(miss: TapprepError, unread: readonly ReadFailure[]): TapprepError {
  const ids = unread.map(({ repository }) => repository.id);
  return new TapprepError('OFFLINE', `${miss.message}; with --offline not asked: ${ids.join(', ')}`, {
    hint: 'run the same command once without --offline',
    facts: { ...miss.facts, unanswered: ids },
    cause: miss,
  });
}
