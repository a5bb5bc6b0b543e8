/** Rich dependencies as clauses: what has to hold, as alternatives of packages that are there or not there. Pure. */
import { TapprepError } from '../../../errors.ts';
import { ALWAYS, type Pool } from './pool.ts';
import type { Relation } from './relation.ts';

/** Positive: the package is installed; negative: it is not. Ascending. */
export type Clause = readonly number[];

/** All clauses have to hold; `true` and `false` where it does not depend on packages. */
export type Clauses = readonly Clause[] | boolean;

/** Products of alternatives grow quickly; the largest rich dependencies known have some hundred. */
const MAX_CLAUSES = 20_000;

/** Whether a relation says more than "one of these packages". */
export function isComplex(relation: Relation): boolean {
  switch (relation.kind) {
    case 'simple':
    case 'with':
    case 'without':
      return false;
    case 'or':
      return isComplex(relation.left) || isComplex(relation.right);
    case 'and':
    case 'if':
    case 'unless':
      return true;
  }
}

/** What has to hold for a relation; for a negated one (a conflict) pass `negate`. @throws TapprepError TOO_LARGE */
export function toClauses(relation: Relation, pool: Pool, negate = false): Clauses {
  switch (relation.kind) {
    case 'simple':
    case 'with':
    case 'without': {
      const found = pool.providers(relation);
      if (found === ALWAYS) return !negate;
      if (found.length === 0) return negate;
      return negate ? found.toReversed().map((solvable) => [-solvable]) : [found];
    }
    case 'and':
    case 'or': {
      const [left, right] = [toClauses(relation.left, pool, negate), toClauses(relation.right, pool, negate)];
      return (relation.kind === 'and') === negate ? either(left, right) : both(left, right);
    }
    case 'if': {
      // (A or not B) and (C or B); negated: (not A and B) or (not C and not B), as clauses again.
      const whole = both(
        either(toClauses(relation.left, pool), toClauses(relation.test, pool, true)),
        relation.otherwise === null
          ? true
          : either(toClauses(relation.test, pool), toClauses(relation.otherwise, pool)),
      );
      return negate ? negateClauses(whole) : whole;
    }
    case 'unless': {
      // (A and not B) or (C and B)
      const first = both(toClauses(relation.left, pool), toClauses(relation.test, pool, true));
      const whole =
        relation.otherwise === null
          ? first
          : either(first, both(toClauses(relation.otherwise, pool), toClauses(relation.test, pool)));
      return negate ? negateClauses(whole) : whole;
    }
  }
}

function both(left: Clauses, right: Clauses): Clauses {
  if (left === false || right === false) return false;
  if (left === true) return right;
  return right === true ? left : limit([...left, ...right]);
}

function either(left: Clauses, right: Clauses): Clauses {
  if (left === true || right === true) return true;
  if (left === false) return right;
  if (right === false) return left;
  const all = left.flatMap((a) => right.map((b) => merge(a, b))).filter((clause) => clause !== null);
  return all.length === 0 ? true : limit(all);
}

/** The alternatives of both; null where one of them always holds. */
function merge(a: Clause, b: Clause): Clause | null {
  const all = new Set([...a, ...b]);
  for (const literal of all) if (literal > 0 && all.has(-literal)) return null;
  return [...all].toSorted((x, y) => x - y);
}

/** not (c1 and c2 and …) = (not c1) or (not c2) or … */
function negateClauses(clauses: Clauses): Clauses {
  if (typeof clauses === 'boolean') return !clauses;
  return clauses
    .map((clause): Clauses => clause.map((literal) => [-literal]))
    .reduce<Clauses>((whole, each) => either(whole, each), false);
}

function limit(clauses: readonly Clause[]): readonly Clause[] {
  if (clauses.length <= MAX_CLAUSES) return clauses;
  throw new TapprepError('TOO_LARGE', `a rich dependency has more than ${MAX_CLAUSES} alternatives`);
}

/** Whether a relation holds among the packages that are chosen. */
export function isFulfilled(relation: Relation, pool: Pool, isChosen: (solvable: number) => boolean): boolean {
  switch (relation.kind) {
    case 'and':
      return isFulfilled(relation.left, pool, isChosen) && isFulfilled(relation.right, pool, isChosen);
    case 'or':
      return isFulfilled(relation.left, pool, isChosen) || isFulfilled(relation.right, pool, isChosen);
    case 'if':
      if (!isFulfilled(relation.test, pool, isChosen)) {
        return relation.otherwise === null || isFulfilled(relation.otherwise, pool, isChosen);
      }
      return isFulfilled(relation.left, pool, isChosen);
    case 'unless':
      if (!isFulfilled(relation.test, pool, isChosen)) return isFulfilled(relation.left, pool, isChosen);
      return relation.otherwise !== null && isFulfilled(relation.otherwise, pool, isChosen);
    case 'simple':
    case 'with':
    case 'without': {
      const found = pool.providers(relation);
      return found === ALWAYS || found.some(isChosen);
    }
  }
}
