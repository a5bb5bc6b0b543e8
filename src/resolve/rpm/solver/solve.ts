/**
 * Chooses the packages that fulfil some wishes beside what is installed, as dnf would: wishes first, then what is there
 * stays, then every open requirement, questions with one answer before those with several; at last every choice that a
 * package chosen later would have answered as well is made anew. Weak dependencies are not followed. Pure.
 */
import { collectChoiceRules, collectKeepRules } from './installed-rules.ts';
import { createPolicy, type Policy } from './policy.ts';
import type { Pool } from './pool.ts';
import { collectArchitectureRules, collectPackageRules, makeRule, type Rule } from './rules.ts';
import { createSearch, literalsOf, type Branch, type Search } from './search.ts';
import { createWeak, type Weak } from './weak.ts';

/** Any of these packages; what it was asked by, for messages. */
export interface Wish {
  readonly text: string;
  readonly candidates: readonly number[];
}

export type Solution =
  | {
      readonly kind: 'solved';
      /** In the order of decision, what is installed already among them. */
      readonly chosen: readonly number[];
      /** The rule that brought a package in; null where it was kept. */
      readonly why: (solvable: number) => Rule | null;
    }
  | {
      readonly kind: 'unsolvable';
      /** Rules that contradict each other. */
      readonly proof: readonly Rule[];
    };

/** Steps of making a choice anew; each takes a candidate that was not tried, so that it ends anyway. */
const MAX_ROUNDS = 10_000;

/** Every wish has a candidate. */
export function solve(pool: Pool, wishes: readonly Wish[]): Solution {
  const wanted = wishes.flatMap(({ candidates }) => candidates);
  const { rules: packageRules, reached } = collectPackageRules(pool, wanted);
  const keep = collectKeepRules(pool);
  const jobs = wishes.map(({ candidates }, index) =>
    makeRule(candidates[0] ?? 0, candidates.slice(1), { kind: 'job', index }),
  );
  const choices = collectChoiceRules(pool, packageRules, keep);
  const search = createSearch(pool.size(), [
    ...packageRules,
    ...keep.values(),
    ...jobs,
    ...collectArchitectureRules(pool, reached, wanted),
    ...choices,
  ]);
  const weak = createWeak(pool, search);
  const steps: Steps = { pool, search, policy: createPolicy(pool, search, weak), keep, jobs };
  let level = 0;
  let system = 1;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    if (level < 0) {
      if (!dropPreference(search, choices)) return { kind: 'unsolvable', proof: search.proof() };
      search.reset();
      level = 0;
    }
    if (level === 0) {
      level = search.start();
      if (level < 0) continue;
      system = level + 1;
    }
    let before = level;
    if (level < system) {
      level = decideJobs(level, steps);
      if (level < before) continue;
      before = level;
      level = keepInstalled(level, steps);
      if (level < before) continue;
      system = level + 1;
    }
    if (level < system) system = level;
    before = level;
    level = decideRequirements(level, steps);
    if (level < before) continue;
    if (dropNeedless(search, choices)) {
      search.reset();
      level = 0;
      continue;
    }
    const again = findBetter(search, weak);
    if (again === null) break;
    level = search.retake(again.branch, again.candidate);
  }
  return {
    kind: 'solved',
    chosen: search.trail.filter((literal) => literal > 0),
    why: (solvable) => search.reason(solvable),
  };
}

interface Steps {
  readonly pool: Pool;
  readonly search: Search;
  readonly policy: Policy;
  readonly keep: ReadonlyMap<number, Rule>;
  readonly jobs: readonly Rule[];
}

/** Takes the best candidate; with several a way back is left open. */
function choose(level: number, candidates: readonly number[], rule: Rule, { search, policy }: Steps): number {
  const ranked = candidates.length > 1 ? policy.rank(candidates) : candidates;
  if (ranked.length > 1) search.open(level, ranked, rule);
  return search.decide(level, ranked[0] ?? 0, rule);
}

/** The undecided packages of a rule that nothing fulfils yet; null where something does. */
function openCandidates(rule: Rule, search: Search): readonly number[] | null {
  const open: number[] = [];
  for (const literal of literalsOf(rule)) {
    const decision = search.decision(Math.abs(literal));
    if (literal < 0 ? decision <= 0 : decision > 0) return null;
    if (literal > 0 && decision === 0) open.push(literal);
  }
  return open.length === 0 ? null : open;
}

function decideJobs(from: number, steps: Steps): number {
  const { jobs, search, pool } = steps;
  let level = from;
  for (let at = 0; at < jobs.length; at += 1) {
    const rule = jobs[at];
    const open = rule === undefined ? null : openCandidates(rule, search);
    if (rule === undefined || open === null) continue;
    const there = open.filter((solvable) => pool.installed.has(solvable));
    const before = level;
    level = choose(level, there.length > 0 ? there : open, rule, steps);
    if (level > before) continue;
    if (level < from) return level;
    at = level === before ? at - 1 : -1;
  }
  return level;
}

function keepInstalled(from: number, steps: Steps): number {
  const { search, keep } = steps;
  let level = from;
  let list = [...keep];
  for (let at = 0; at < list.length; at += 1) {
    const [solvable, rule] = list[at] ?? [0, null];
    if (rule === null) continue;
    const decision = search.decision(solvable);
    if (decision > 0) continue;
    const before = level;
    if (decision === 0) level = search.decide(level, solvable, rule);
    else {
      const open = openCandidates(rule, search);
      if (open === null) continue;
      level = choose(level, open, rule, steps);
    }
    if (level > before) continue;
    if (level < from) return level;
    at = -1;
  }
  return level;
}

/** Goes round over all rules until a whole round decides nothing; what has several answers waits for the end of a round. */
function decideRequirements(from: number, steps: Steps): number {
  const { search, policy } = steps;
  const rules = search.rules();
  let level = from;
  let postponed = -1;
  let isLast = false;
  for (let at = 0, round = 0; ; at += 1, round += 1) {
    if (round >= rules.length) {
      if (isLast || postponed === -1) return level;
      at = postponed;
      isLast = true;
      round = 0;
    }
    if (at >= rules.length) at = 0;
    const rule = rules[at];
    if (rule === undefined || rule.isOff || rule.rest.length === 0) continue;
    if (rule.first < 0 && (rule.rest.length === 1 || search.decision(-rule.first) <= 0)) continue;
    const open = openCandidates(rule, search);
    if (open === null) continue;
    if (!isLast && open.length > 1 && policy.prune(open).length > 1) {
      if (postponed === -1) postponed = at;
      continue;
    }
    level = choose(level, open, rule, steps);
    if (level < from) return level;
    round = -1;
  }
}

/**
 * The earliest choice that is to be made anew: a package that came in later would have done as well, or what is taken is
 * recommended by nothing and another candidate is.
 */
function findBetter(search: Search, weak: Weak): { readonly branch: Branch; readonly candidate: number } | null {
  for (const branch of search.branches) {
    const untried = branch.candidates.filter((each) => !branch.tried.has(each));
    const later = untried.find((each) => search.decision(each) > branch.level);
    if (later !== undefined) return { branch, candidate: later };
    const recommended = untried.find((each) => weak.isRecommended(each));
    const taken = branch.candidates.find((each) => search.decision(each) === branch.level + 1);
    if (recommended !== undefined && taken !== undefined && !weak.isRecommended(taken)) {
      return { branch, candidate: recommended };
    }
  }
  return null;
}

/** Lets go of a preference for what is there that stands in the way; false where none does. */
function dropPreference(search: Search, choices: readonly Rule[]): boolean {
  const involved = new Set(search.proof());
  const last = choices.findLast((rule) => !rule.isOff && involved.has(rule));
  if (last === undefined) return false;
  last.isOff = true;
  return true;
}

/** Preferences whose requirement was met by something else after all. */
function dropNeedless(search: Search, choices: readonly Rule[]): boolean {
  const needless = choices.filter((rule) => {
    if (rule.isOff || rule.cause.kind !== 'prefer-installed') return false;
    const own = new Set(literalsOf(rule));
    return literalsOf(rule.cause.of).some((literal) => literal > 0 && search.isChosen(literal) && !own.has(literal));
  });
  for (const rule of needless) rule.isOff = true;
  return needless.length > 0;
}
