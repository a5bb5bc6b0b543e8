/** Weak dependencies install nothing here, but of several packages that would do they point to one. Pure. */
import { ALWAYS, type Pool } from './pool.ts';
import { isComplex, isFulfilled, toClauses } from './rich.ts';
import type { RelationKind } from '../../rpm-md/catalogue.ts';
import type { Search } from './search.ts';

export interface Weak {
  /** Something that is chosen recommends it, or it supplements what is chosen. */
  isRecommended(solvable: number): boolean;
  /** The same by Suggests and Enhances. */
  isSuggested(solvable: number): boolean;
}

/** Follows the decisions of a search. */
export function createWeak(pool: Pool, search: Search): Weak {
  const points = {
    recommends: createPointer(pool, search, 'recommends'),
    suggests: createPointer(pool, search, 'suggests'),
  };
  const isMet = (solvable: number, kind: RelationKind): boolean =>
    pool.catalogue
      .relations(solvable, kind)
      .some((relation) => isFulfilled(pool.parse(relation), pool, (each) => search.isChosen(each)));
  return {
    isRecommended: (solvable) => points.recommends(solvable) || isMet(solvable, 'supplements'),
    isSuggested: (solvable) => points.suggests(solvable) || isMet(solvable, 'enhances'),
  };
}

/** Whether a chosen package names another by one kind of relation; what was gathered is kept while decisions only grow. */
function createPointer(pool: Pool, search: Search, kind: RelationKind): (solvable: number) => boolean {
  let named = new Set<number>();
  let complex: number[] = [];
  let looked = 0;
  let reverts = 0;
  const gather = (): void => {
    const { trail } = search;
    if (reverts !== search.reverts()) {
      reverts = search.reverts();
      named = new Set();
      complex = [];
      looked = 0;
    }
    for (; looked < trail.length; looked += 1) {
      const literal = trail[looked] ?? 0;
      if (literal < 0) continue;
      for (const relation of pool.catalogue.relations(literal, kind)) {
        if (isComplex(pool.parse(relation))) complex.push(relation);
        else {
          const found = pool.whatProvides(relation);
          if (found !== ALWAYS) for (const each of found) named.add(each);
        }
      }
    }
  };
  return (solvable) => {
    gather();
    return named.has(solvable) || complex.some((relation) => pointsTo(relation, solvable));
  };

  function pointsTo(relation: number, solvable: number): boolean {
    const clauses = toClauses(pool.parse(relation), pool);
    if (typeof clauses === 'boolean') return false;
    return clauses.some(
      (clause) => clause.includes(solvable) && clause.every((literal) => literal > 0 || search.isChosen(-literal)),
    );
  }
}
