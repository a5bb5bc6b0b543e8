/** Breaks and Conflicts, and what an upgrade takes away from installed packages. Pure. */
import { providesSatisfies, satisfiesVersion, type Alternative } from './dependencies.ts';
import { isSatisfied, type Chosen, type Installed } from './installation.ts';
import type { DebRecord } from './packages-index.ts';
import type { Requirement, Pool } from './pool.ts';

/** What stands between a candidate and what is in place. */
export interface Conflicts {
  /** Why it cannot be chosen, or null. */
  readonly fatal: string | null;
  /** Installed packages that have to be newer beside it. */
  readonly upgrades: readonly Requirement[];
}

/**
 * Holds a candidate against everything chosen or installed, in both directions. Nothing is removed to make room:
 * an installed package in the way is upgraded where that may help, and otherwise the candidate is out.
 */
export function findConflicts(candidate: DebRecord, pool: Pool, installed: Installed, chosen: Chosen): Conflicts {
  for (const record of chosen.values()) {
    if (excludes(candidate, record, pool) || excludes(record, candidate, pool)) {
      return { fatal: `${describe(candidate)} and ${describe(record)} exclude each other`, upgrades: [] };
    }
  }
  const upgrades: Requirement[] = [];
  for (const [name, version] of installed) {
    if (name === candidate.name || chosen.has(name)) continue;
    const record = pool.find(name, version);
    const inWay =
      pool.breaks(candidate).some((broken) => hits(broken, name, version, record, pool)) ||
      (record !== null && excludes(record, candidate, pool));
    if (!inWay) continue;
    if (!pool.versions(name).some((other) => other.version !== version && !clash(candidate, other, pool))) {
      return { fatal: `${describe(candidate)} and the installed ${name} ${version} exclude each other`, upgrades: [] };
    }
    upgrades.push(newerThan(name, version));
  }
  return { fatal: null, upgrades };
}

/** Installed packages whose dependencies the candidate takes away by standing in for an installed version. */
export function findNewlyBroken(
  candidate: DebRecord,
  pool: Pool,
  installed: Installed,
  chosen: Chosen,
): readonly Requirement[] {
  if (!installed.has(candidate.name)) return [];
  const after = new Map(chosen).set(candidate.name, candidate);
  return Array.from(installed).flatMap(([name, version]) => {
    const record = chosen.has(name) || name === candidate.name ? null : pool.find(name, version);
    if (record === null) return [];
    const isBroken = pool
      .requires(record)
      .some(({ group }) => isSatisfied(group, pool, installed, chosen) && !isSatisfied(group, pool, installed, after));
    return isBroken ? [newerThan(name, version)] : [];
  });
}

function newerThan(name: string, version: string): Requirement {
  return { text: `${name} (>> ${version})`, group: [{ name, qualifier: null, relation: '>>', version }] };
}

function clash(a: DebRecord, b: DebRecord, pool: Pool): boolean {
  return excludes(a, b, pool) || excludes(b, a, pool);
}

function excludes(record: DebRecord, other: DebRecord, pool: Pool): boolean {
  return pool.breaks(record).some((broken) => hits(broken, other.name, other.version, other, pool));
}

/** A package may provide what it conflicts with: that is how only one provider is let in, and never itself. */
function hits(broken: Alternative, name: string, version: string, record: DebRecord | null, pool: Pool): boolean {
  if (broken.name === name) return satisfiesVersion(version, broken);
  return record !== null && pool.provides(record).some((provided) => providesSatisfies(provided, broken));
}

function describe({ name, version }: DebRecord): string {
  return `${name} ${version}`;
}
