/** What must hold of every package that a request can reach, as clauses for the search. Pure. */
import { TapprepError } from '../../../errors.ts';
import { tapprep } from '../../../make-remedy.ts';
import type { RelationKind } from '../../rpm-md/catalogue.ts';
import { ALWAYS, type Packages, type Pool } from './pool.ts';
import { isComplex, toClauses } from './rich.ts';

/**
 * Of a distribution a package brings about nine (9,846 rules of all 1,125 packages of a BaseOS), and a rule takes some hundred
 * bytes. Unsigned indexes may be made so that every package conflicts with every other.
 */
const MAX_RULES = 2_000_000;

/** Why a rule is there. */
export type RuleCause =
  | { readonly kind: 'requires' | 'conflicts'; readonly by: number; readonly relation: number }
  | { readonly kind: 'obsoletes' | 'same-name'; readonly by: number }
  | { readonly kind: 'not-installable' | 'architecture'; readonly by: number }
  | { readonly kind: 'keep'; readonly by: number }
  | { readonly kind: 'prefer-installed'; readonly of: Rule }
  | { readonly kind: 'job'; readonly index: number }
  | { readonly kind: 'learnt'; readonly from: readonly Rule[] };

/** One of the literals has to hold. Two literals are watched: the rule is looked at when one of them turns false. */
export interface Rule {
  readonly first: number;
  readonly rest: Packages;
  readonly cause: RuleCause;
  watchA: number;
  watchB: number;
  nextA: Rule | null;
  nextB: Rule | null;
  isOff: boolean;
}

const NONE: readonly number[] = [];

/** A rule of one literal, of two, or of one and many. */
export function makeRule(first: number, rest: Packages, cause: RuleCause): Rule {
  return { first, rest, cause, watchA: first, watchB: rest[0] ?? 0, nextA: null, nextB: null, isOff: false };
}

/** The rules of a package, in the order in which they are looked at; null for one that always holds. */
function binary(a: number, b: number, cause: RuleCause): Rule | null {
  if (a === -b) return null;
  return a < b ? makeRule(a, [b], cause) : makeRule(b, [a], cause);
}

function clauseRule(first: number, rest: Packages, cause: RuleCause): Rule | null {
  const [only] = rest;
  if (only === undefined) return makeRule(first, NONE, cause);
  return rest.length === 1 ? binary(first, only, cause) : makeRule(first, rest, cause);
}

/** Rules of every package that `wanted` and the installed ones can lead to, and which packages those are. @throws TapprepError TOO_LARGE */
export function collectPackageRules(
  pool: Pool,
  wanted: Iterable<number>,
): { readonly rules: readonly Rule[]; readonly reached: ReadonlySet<number> } {
  const rules: Rule[] = [];
  const reached = new Set<number>();
  const queue: number[] = [...pool.installed, ...wanted];
  const add = (rule: Rule | null): void => {
    if (rule === null) return;
    if (rules.length >= MAX_RULES) {
      throw new TapprepError(
        'TOO_LARGE',
        `the packages of the repositories depend on and conflict with each other in more than ${MAX_RULES} ways`,
        { remedy: tapprep('mirrors', 'list') },
      );
    }
    rules.push(rule);
  };
  for (let at = 0; at < queue.length; at += 1) {
    const solvable = queue[at] ?? 0;
    if (reached.has(solvable)) continue;
    reached.add(solvable);
    if (!pool.isUsable(solvable)) add(makeRule(-solvable, NONE, { kind: 'not-installable', by: solvable }));
    addRequires(solvable, pool, add, queue);
    addConflicts(solvable, pool, add);
    addNames(solvable, pool, reached, add, queue);
  }
  return { rules: sortRules(rules), reached };
}

type Add = (rule: Rule | null) => void;

function addRequires(solvable: number, pool: Pool, add: Add, queue: number[]): void {
  // What was broken before on the target is no concern of this plan.
  const isThere = pool.installed.has(solvable);
  for (const relation of listRelations(pool, solvable, 'requires')) {
    const cause = { kind: 'requires', by: solvable, relation } as const;
    const parsed = pool.parse(relation);
    if (isComplex(parsed)) {
      const clauses = toClauses(parsed, pool);
      if (clauses === true) continue;
      if (clauses === false) {
        if (!isThere) add(makeRule(-solvable, NONE, cause));
        continue;
      }
      for (const clause of clauses) {
        if (clause.includes(solvable)) continue;
        if (isThere && !clause.some((literal) => literal > 0 === pool.installed.has(Math.abs(literal)))) continue;
        const all = [...new Set([...clause, -solvable])].toSorted((a, b) => a - b);
        add(clauseRule(all[0] ?? 0, all.slice(1), cause));
        queue.push(...clause.filter((literal) => literal > 0));
      }
      continue;
    }
    const found = pool.whatProvides(relation);
    if (found === ALWAYS || found.includes(solvable)) continue;
    if (isThere && !found.some((provider) => pool.installed.has(provider))) continue;
    add(clauseRule(-solvable, found, cause));
    for (const provider of found) queue.push(provider);
  }
}

function addConflicts(solvable: number, pool: Pool, add: Add): void {
  const isThere = pool.installed.has(solvable);
  for (const relation of listRelations(pool, solvable, 'conflicts')) {
    const cause = { kind: 'conflicts', by: solvable, relation } as const;
    const parsed = pool.parse(relation);
    if (isComplex(parsed)) {
      const clauses = toClauses(parsed, pool, true);
      if (clauses === true) continue;
      if (clauses === false) add(makeRule(-solvable, NONE, cause));
      else
        for (const clause of clauses) {
          const all = [...new Set([...clause, -solvable])].toSorted((a, b) => a - b);
          if (!all.includes(solvable)) add(clauseRule(all[0] ?? 0, all.slice(1), cause));
        }
      continue;
    }
    const found = pool.whatProvides(relation);
    if (found === ALWAYS) continue;
    for (const other of found) {
      if (other === solvable || (isThere && pool.installed.has(other))) continue;
      add(binary(-solvable, -other, cause));
    }
  }
}

/** Packages that take each other's place: by Obsoletes, and every other version of the same name. */
function addNames(solvable: number, pool: Pool, reached: ReadonlySet<number>, add: Add, queue: number[]): void {
  const isThere = pool.installed.has(solvable);
  const isMultiple = pool.isMultiple(solvable);
  for (const other of pool.obsoletedBy(solvable)) {
    if (isThere && pool.installed.has(other)) continue;
    add(binary(-solvable, -other, { kind: 'obsoletes', by: solvable }));
  }
  const { catalogue } = pool;
  const score = pool.archScore(solvable);
  for (const other of pool.named(catalogue.nameOf(solvable))) {
    if (other === solvable) continue;
    const sameVersion = catalogue.evrOf(other) === catalogue.evrOf(solvable);
    if (!isThere && isRival(solvable, other, isMultiple, sameVersion, pool)) {
      const isListed = !pool.installed.has(other) && reached.has(other) && !pool.isMultiple(other);
      if (!isListed) add(binary(-solvable, -other, { kind: 'same-name', by: solvable }));
    }
    // The same version of a better architecture, so that the lesser one is only taken beside it.
    const better = pool.archScore(other);
    if (sameVersion && score > 1 && better > 1 && better < score) queue.push(other);
  }
}

function isRival(solvable: number, other: number, isMultiple: boolean, sameVersion: boolean, pool: Pool): boolean {
  const { catalogue } = pool;
  if (isMultiple && !(sameVersion && catalogue.archOf(other) === catalogue.archOf(solvable))) {
    if (!pool.installed.has(other) || pool.isMultiple(other)) return false;
  }
  return pool.sameColour(solvable, other);
}

/** A copy: packing more into the catalogue would move what the view shows. */
function listRelations(pool: Pool, solvable: number, kind: RelationKind): readonly number[] {
  return [...pool.catalogue.relations(solvable, kind)];
}

/** A package of a lesser architecture may only stand beside the same version of the best one, but where it was asked for. */
export function collectArchitectureRules(
  pool: Pool,
  reached: ReadonlySet<number>,
  wanted: Iterable<number>,
): readonly Rule[] {
  const rules: Rule[] = [];
  const seen = new Set<number>(Array.from(wanted, (solvable) => pool.catalogue.nameOf(solvable)));
  for (const solvable of [...reached].toSorted((a, b) => a - b)) {
    const name = pool.catalogue.nameOf(solvable);
    if (seen.has(name)) continue;
    seen.add(name);
    const group = pool.named(name).filter((other) => reached.has(other));
    const offered = group.filter((other) => !pool.installed.has(other) && pool.archScore(other) > 1);
    if (offered.length === 0) continue;
    const best = Math.min(...offered.map((other) => pool.archScore(other))) >> 16;
    const kept = new Set(
      group.filter((other) => pool.installed.has(other)).map((other) => pool.archScore(other) >> 16),
    );
    for (const other of group) {
      const score = pool.archScore(other);
      if (score === 1 || score >> 16 === best || pool.installed.has(other) || kept.has(score >> 16)) continue;
      const beside = pool.named(name).filter((twin) => {
        const own = pool.archScore(twin);
        const isTwin = twin !== other && pool.catalogue.evrOf(twin) === pool.catalogue.evrOf(other);
        return isTwin && own !== 0 && (own === 1 || own >> 16 === best);
      });
      rules.push(makeRule(-other, beside, { kind: 'architecture', by: other }));
    }
  }
  return rules;
}

/** By the first literal, then by the others: the order in which open questions are asked, as libsolv orders them. */
function sortRules(rules: readonly Rule[]): readonly Rule[] {
  const sorted = rules.toSorted(compareRules);
  return sorted.filter((rule, at) => {
    const before = sorted[at - 1];
    return before === undefined || compareRules(before, rule) !== 0;
  });
}

function compareRules(a: Rule, b: Rule): number {
  if (a.first !== b.first) return a.first - b.first;
  const [short, other] = [a.rest.length < 2, b.rest.length < 2];
  if (short && other) return (a.rest[0] ?? 0) - (b.rest[0] ?? 0);
  if (short) return (a.rest[0] ?? 0) - (b.rest[0] ?? 0) || -1;
  if (other) return (a.rest[0] ?? 0) - (b.rest[0] ?? 0) || 1;
  for (let at = 0; at < b.rest.length; at += 1) {
    const order = (a.rest[at] ?? 0) - (b.rest[at] ?? 0);
    if (order !== 0) return order;
  }
  return a.rest.length > b.rest.length ? 1 : 0;
}
