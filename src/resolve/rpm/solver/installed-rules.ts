/** What must hold of the packages that are there: each stays or gives way to a newer one, and is preferred to a new one. Pure. */
import { compareEvr } from '../../../version/evr.ts';
import type { Pool } from './pool.ts';
import { makeRule, type Rule } from './rules.ts';

/** One rule for each installed package, by its number. */
export function collectKeepRules(pool: Pool): ReadonlyMap<number, Rule> {
  const obsoleters = findObsoleters(pool);
  return new Map(
    [...pool.installed].map((solvable) => {
      const updates = listUpdates(solvable, pool, obsoleters.get(solvable) ?? []);
      return [solvable, makeRule(solvable, updates, { kind: 'keep', by: solvable })];
    }),
  );
}

function listUpdates(solvable: number, pool: Pool, obsoleters: readonly number[]): readonly number[] {
  const { catalogue } = pool;
  const { symbols } = catalogue;
  const evr = symbols.text(catalogue.evrOf(solvable));
  const newer = pool
    .named(catalogue.nameOf(solvable))
    .filter(
      (other) =>
        other !== solvable &&
        !pool.installed.has(other) &&
        !pool.isMultiple(other) &&
        pool.sameColour(solvable, other) &&
        isArchChangeAllowed(solvable, other, pool) &&
        compareEvr(symbols.text(catalogue.evrOf(other)), evr) >= 0,
    );
  return [...newer, ...obsoleters.filter((other) => !newer.includes(other))];
}

/** x86_64 to noarch and back, never to another class. */
function isArchChangeAllowed(from: number, to: number, pool: Pool): boolean {
  const [a, b] = [pool.archScore(from), pool.archScore(to)];
  return a === 1 || b === 1 || a >> 16 === b >> 16;
}

function findObsoleters(pool: Pool): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, number[]>();
  if (pool.installed.size === 0) return found;
  for (let solvable = 1; solvable < pool.size(); solvable += 1) {
    if (!pool.isUsable(solvable) || pool.installed.has(solvable)) continue;
    if (pool.catalogue.relations(solvable, 'obsoletes').length === 0) continue;
    for (const old of pool.obsoletedBy(solvable)) {
      const isOther = pool.catalogue.nameOf(old) !== pool.catalogue.nameOf(solvable);
      if (pool.installed.has(old) && isOther && pool.sameColour(old, solvable))
        found.set(old, [...(found.get(old) ?? []), solvable]);
    }
  }
  return found;
}

/**
 * Where a requirement can be met by something that is there (or by a newer version of it) and by something new, the new
 * one is only taken when the other cannot be.
 */
export function collectChoiceRules(
  pool: Pool,
  packageRules: readonly Rule[],
  keep: ReadonlyMap<number, Rule>,
): readonly Rule[] {
  if (pool.installed.size === 0) return [];
  return packageRules.flatMap((rule) => {
    const positives = rule.rest.filter((literal) => literal > 0);
    if (rule.first >= 0 || positives.length < 2) return [];
    const related = positives.map((solvable) => ({ solvable, old: findInstalled(solvable, pool) }));
    const known = related.flatMap(({ solvable, old }) => (old === null ? [] : [{ solvable, old }]));
    if (known.length === 0 || known.length === positives.length) return [];
    const inside = new Set(positives);
    const isSettled = known.every(({ old }) => {
      const own = keep.get(old);
      return own === undefined || [own.first, ...own.rest].every((literal) => inside.has(literal));
    });
    if (isSettled) return [];
    const negatives = rule.rest.filter((literal) => literal < 0);
    return [
      makeRule(rule.first, [...negatives, ...known.map(({ solvable }) => solvable)], {
        kind: 'prefer-installed',
        of: rule,
      }),
    ];
  });
}

/** The installed package that a package is, or is a version of, or takes the place of. */
function findInstalled(solvable: number, pool: Pool): number | null {
  if (pool.installed.has(solvable)) return solvable;
  const own = pool
    .named(pool.catalogue.nameOf(solvable))
    .find((other) => pool.installed.has(other) && pool.sameColour(solvable, other));
  return own ?? pool.obsoletedBy(solvable).find((other) => pool.installed.has(other)) ?? null;
}
