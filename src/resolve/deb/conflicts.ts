/** Breaks and Conflicts, and what an upgrade takes away from installed packages. Pure. */
import { providesSatisfies, satisfiesVersion, type Alternative } from './dependencies.ts';
import { isSatisfied, type Chosen, type Installed } from './installation.ts';
import type { DebRecord } from './packages-index.ts';
import type { Requirement, Universe } from './universe.ts';

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
export function findConflicts(
  candidate: DebRecord,
  universe: Universe,
  installed: Installed,
  chosen: Chosen,
): Conflicts {
  for (const record of chosen.values()) {
    if (excludes(candidate, record, universe) || excludes(record, candidate, universe)) {
      return { fatal: `${describe(candidate)} and ${describe(record)} exclude each other`, upgrades: [] };
    }
  }
  const upgrades: Requirement[] = [];
  for (const [name, version] of installed) {
    if (name === candidate.name || chosen.has(name)) continue;
    const record = universe.find(name, version);
    const inWay =
      universe.breaks(candidate).some((broken) => hits(broken, name, version, record, universe)) ||
      (record !== null && excludes(record, candidate, universe));
    if (!inWay) continue;
    if (!universe.versions(name).some((other) => other.version !== version && !clash(candidate, other, universe))) {
      return { fatal: `${describe(candidate)} and the installed ${name} ${version} exclude each other`, upgrades: [] };
    }
    upgrades.push(newerThan(name, version));
  }
  return { fatal: null, upgrades };
}

/** Installed packages whose dependencies the candidate takes away by standing in for an installed version. */
export function findNewlyBroken(
  candidate: DebRecord,
  universe: Universe,
  installed: Installed,
  chosen: Chosen,
): readonly Requirement[] {
  if (!installed.has(candidate.name)) return [];
  const after = new Map(chosen).set(candidate.name, candidate);
  return Array.from(installed).flatMap(([name, version]) => {
    const record = chosen.has(name) || name === candidate.name ? null : universe.find(name, version);
    if (record === null) return [];
    const isBroken = universe
      .requires(record)
      .some(
        ({ group }) =>
          isSatisfied(group, universe, installed, chosen) && !isSatisfied(group, universe, installed, after),
      );
    return isBroken ? [newerThan(name, version)] : [];
  });
}

function newerThan(name: string, version: string): Requirement {
  return { text: `${name} (>> ${version})`, group: [{ name, qualifier: null, relation: '>>', version }] };
}

function clash(a: DebRecord, b: DebRecord, universe: Universe): boolean {
  return excludes(a, b, universe) || excludes(b, a, universe);
}

function excludes(record: DebRecord, other: DebRecord, universe: Universe): boolean {
  return universe.breaks(record).some((broken) => hits(broken, other.name, other.version, other, universe));
}

/** A package may provide what it conflicts with: that is how only one provider is let in, and never itself. */
function hits(
  broken: Alternative,
  name: string,
  version: string,
  record: DebRecord | null,
  universe: Universe,
): boolean {
  if (broken.name === name) return satisfiesVersion(version, broken);
  return record !== null && universe.provides(record).some((provided) => providesSatisfies(provided, broken));
}

function describe({ name, version }: DebRecord): string {
  return `${name} ${version}`;
}
