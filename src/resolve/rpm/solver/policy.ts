/** Which of several packages that would do is taken: dnf's preferences, in libsolv's order. Pure. */
import { compareEvr } from '../../../version/evr.ts';
import { type Pool } from './pool.ts';
import { EQUAL, LESS, parseSimple } from './relation.ts';
import type { Search } from './search.ts';
import type { Weak } from './weak.ts';

export interface Policy {
  /** Leaves those that are as good as each other; what is left stays in the order given. */
  prune(candidates: readonly number[]): readonly number[];
  /** Prunes and orders, the best first. */
  rank(candidates: readonly number[]): readonly number[];
}

export function createPolicy(pool: Pool, search: Search, weak: Weak): Policy {
  const { catalogue } = pool;
  const { symbols } = catalogue;
  const isThere = (solvable: number): boolean => pool.installed.has(solvable);
  const versionOf = (solvable: number): string => symbols.text(catalogue.evrOf(solvable));
  const compareVersions = (a: number, b: number): number =>
    catalogue.evrOf(a) === catalogue.evrOf(b) ? 0 : compareEvr(versionOf(a), versionOf(b));

  const pruneToPriority = (list: readonly number[]): readonly number[] => {
    const offered = list.filter((solvable) => !isThere(solvable));
    if (offered.length === 0) return list;
    const best = Math.min(...offered.map((solvable) => pool.priority(solvable)));
    return list.filter((solvable) => isThere(solvable) || pool.priority(solvable) === best);
  };
  const pruneToArchitecture = (list: readonly number[]): readonly number[] => {
    const scores = list.map((solvable) => pool.archScore(solvable)).filter((score) => score > 1);
    if (scores.length === 0) return list;
    const best = Math.min(...scores) >> 16;
    const kept = list.filter((solvable) => {
      const score = pool.archScore(solvable);
      return score === 1 || (score !== 0 && score >> 16 === best);
    });
    return kept.length === 0 ? list : kept;
  };
  /** By name; in a name by architecture, the installed one first, then as listed. */
  const compareNames = (a: number, b: number): number => {
    if (catalogue.nameOf(a) !== catalogue.nameOf(b)) return pool.name(a) < pool.name(b) ? -1 : 1;
    const [left, right] = [pool.archScore(a), pool.archScore(b)];
    if (left !== right && left > 1 && right > 1) return left - right;
    return Number(isThere(b)) - Number(isThere(a)) || a - b;
  };
  const pruneToVersion = (list: readonly number[]): readonly number[] => {
    const best: number[] = [];
    for (const solvable of list.toSorted(compareNames)) {
      const last = best.at(-1);
      if (last === undefined || catalogue.nameOf(last) !== catalogue.nameOf(solvable)) best.push(solvable);
      else if (compareVersions(last, solvable) < 0) best[best.length - 1] = solvable;
    }
    return best.length > 1 ? pruneObsoleted(best, pool) : best;
  };
  const pruneToRecommended = (list: readonly number[]): readonly number[] => {
    if (list.filter((solvable) => !isThere(solvable)).length < 2) return list;
    const recommended = list.filter((solvable) => !isThere(solvable) && weak.isRecommended(solvable));
    if (recommended.length === 0) return list;
    const kept = new Set(recommended);
    return list.filter((solvable) => isThere(solvable) || kept.has(solvable));
  };
  const prune = (candidates: readonly number[]): readonly number[] =>
    [pruneToPriority, pruneToArchitecture, pruneToVersion, pruneToRecommended].reduce<readonly number[]>(
      (list, step) => (list.length > 1 ? step(list) : list),
      candidates,
    );

  /** A newer version of the same package is there, only it does not provide what is wanted. */
  const isOld = (solvable: number): boolean =>
    !isThere(solvable) &&
    pool.named(catalogue.nameOf(solvable)).some((other) => {
      if (other === solvable || catalogue.archOf(other) !== catalogue.archOf(solvable)) return false;
      const order = pool.priority(solvable) - pool.priority(other);
      return order > 0 || (order === 0 && compareVersions(other, solvable) > 0);
    });
  const hasInstalledName = (solvable: number): boolean =>
    pool.named(catalogue.nameOf(solvable)).some((other) => isThere(other));
  const rank = (candidates: readonly number[]): readonly number[] => {
    const list = prune(candidates);
    if (list.length < 2) return list;
    const young = putLast(list, isOld);
    const byProvides = orderByProvides(young, pool);
    const known = putLast(byProvides, (solvable) => !hasInstalledName(solvable));
    const liked = putLast(known, (solvable) => !isThere(solvable) && !weak.isSuggested(solvable));
    return liked.toSorted((a, b) => languageScore(b, pool, search) - languageScore(a, pool, search));
  };
  return { prune, rank };
}

/** Keeps the order on both sides. */
function putLast(list: readonly number[], isLast: (solvable: number) => boolean): readonly number[] {
  const last = new Set(list.filter(isLast));
  return [...list.filter((solvable) => !last.has(solvable)), ...last];
}

/** Takes out what another of the list obsoletes; those that obsolete each other stay. */
function pruneObsoleted(list: readonly number[], pool: Pool): readonly number[] {
  const inside = new Set(list);
  const edges = new Map(
    list.map((solvable) => [
      solvable,
      pool
        .obsoletedBy(solvable)
        .filter((other) => inside.has(other) && pool.catalogue.nameOf(other) !== pool.catalogue.nameOf(solvable)),
    ]),
  );
  if ([...edges.values()].every((edge) => edge.length === 0)) return list;
  const reach = (from: number): ReadonlySet<number> => {
    const seen = new Set<number>();
    const queue = [...(edges.get(from) ?? [])];
    for (const next of queue) {
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push(...(edges.get(next) ?? []));
    }
    return seen;
  };
  const reached = new Map(list.map((solvable) => [solvable, reach(solvable)]));
  // Obsoleted from outside its own circle.
  return list.filter((solvable) =>
    list.every(
      (other) => !reached.get(other)?.has(solvable) || reached.get(solvable)?.has(other) || other === solvable,
    ),
  );
}

/** Four characters or more of hex digits: a hash, no version. */
const HASH = /^[0-9a-f]{4,}$/;

/** Of packages that provide the same thing in different versions those with the older one go behind. */
function orderByProvides(list: readonly number[], pool: Pool): readonly number[] {
  interface Entry {
    readonly index: number;
    readonly version: string;
    readonly isBelow: boolean;
  }
  const byName = new Map<string, Entry[]>();
  for (const [index, solvable] of list.entries()) {
    for (const relation of pool.catalogue.relations(solvable, 'provides')) {
      const { name, flags, version } = parseSimple(pool.text(relation));
      if (flags !== EQUAL && flags !== LESS && flags !== (LESS | EQUAL)) continue;
      if (flags === EQUAL && HASH.test(version)) continue;
      const entries = byName.get(name) ?? [];
      entries.push({ index, version, isBelow: flags === LESS });
      byName.set(name, entries);
    }
  }
  const badness = list.map(() => 0);
  for (const entries of byName.values()) {
    if (entries.length < 2) continue;
    const sorted = entries.toSorted(compareEntries);
    let bad = 0;
    for (const [at, entry] of sorted.entries()) {
      const before = sorted[at - 1];
      if (before !== undefined && before.index !== entry.index && compareEntries(before, entry) < 0) bad += 1;
      badness[entry.index] = (badness[entry.index] ?? 0) + bad;
    }
  }
  if (badness.every((bad) => bad === 0)) return list;
  for (const [index, solvable] of list.entries()) if (pool.installed.has(solvable)) badness[index] = 0;
  return list
    .map((solvable, index) => ({ solvable, bad: badness[index] ?? 0 }))
    .toSorted((a, b) => a.bad - b.bad)
    .map(({ solvable }) => solvable);

  function compareEntries(a: Entry, b: Entry): number {
    if (a.version !== b.version) {
      const order = compareEvr(b.version, a.version);
      if (order !== 0) return order;
    }
    return Number(a.isBelow) - Number(b.isBelow);
  }
}

/** Packages of translations: English ones before foreign ones, those of a language that is there before all. */
function languageScore(solvable: number, pool: Pool, search: Search): number {
  for (const relation of pool.catalogue.relations(solvable, 'requires')) {
    const text = pool.text(relation);
    const at = text.indexOf('locales-');
    if (at === -1) continue;
    if (text.startsWith('en', at + 8)) return 2;
    const found = pool.whatProvides(relation);
    if (found === 'always') return 0;
    if (found.some((provider) => search.isChosen(provider))) return 4;
    return found.some((provider) => pool.installed.has(provider)) ? 3 : 0;
  }
  return 1;
}
