/** Which packages of a suite a portable SystemTap is taken from. Pure. */
import { TapprepError } from '../../errors.ts';
import { satisfiesVersion } from '../../resolve/deb/dependencies.ts';
import type { DebRecord } from '../../resolve/deb/packages-index.ts';
import { recordItem } from '../../resolve/deb/record-item.ts';
import type { Universe } from '../../resolve/deb/universe.ts';
import type { PlanItem } from '../../types.ts';

/** Name of the package whose dependencies lead to everything. */
export const ROOT_PACKAGE = 'systemtap';
/** Debian keeps the texts of common licences there, and copyright files refer to them. */
export const LICENCES_PACKAGE = 'base-files';

/**
 * The packages of SystemTap itself: the one of that name, and those of the same source that it depends on.
 * @throws TapprepError NO_EXACT_PACKAGE when the suite has none
 */
export function findSystemtapPackages(universe: Universe, suite: string): readonly DebRecord[] {
  const [root] = universe.versions(ROOT_PACKAGE);
  if (root === undefined) {
    throw new TapprepError('NO_EXACT_PACKAGE', `suite ${suite} has no package ${ROOT_PACKAGE} for this architecture`, {
      facts: { suite },
    });
  }
  const own = directDependencies(root, universe).filter(
    ({ source, version }) => source === root.source && version === root.version,
  );
  return [root, ...own];
}

/** What a package depends on directly, each group by its preferred alternative that the suite has. */
function directDependencies(record: DebRecord, universe: Universe): readonly DebRecord[] {
  return universe.requires(record).flatMap(({ group }) => {
    for (const wanted of group) {
      const found = universe.versions(wanted.name).find(({ version }) => satisfiesVersion(version, wanted));
      if (found !== undefined) return [found];
    }
    return [];
  });
}

/**
 * The next dependencies to look into for libraries that `record` needs and nobody has yet: first all that are named like
 * libraries, then one of the others after the other, the smallest first. Empty when there is none left.
 */
export function nextDependencies(
  record: DebRecord,
  universe: Universe,
  seen: ReadonlySet<string>,
): readonly DebRecord[] {
  const open = directDependencies(record, universe).filter(({ name }) => !seen.has(name));
  const libraries = open.filter(({ name }) => /^(?:lib|zlib)/.test(name));
  if (libraries.length > 0) return libraries;
  return open.toSorted((a, b) => (a.sizeBytes ?? Infinity) - (b.sizeBytes ?? Infinity)).slice(0, 1);
}

/** "5.1" of "5.1-5", "1:5.1~rc1-2". */
export function upstreamVersion(packageVersion: string): string {
  return packageVersion
    .replace(/^\d+:/, '')
    .replace(/-[^-]*$/, '')
    .replace(/[+~].*$/, '');
}

/** A record as an item that can be fetched and verified; it is unpacked, never installed. */
export function toItem(record: DebRecord): PlanItem {
  return {
    ...recordItem(record),
    role: record.source === ROOT_PACKAGE ? 'systemtap' : 'dependency',
    match: 'dependency',
    install: false,
    replaces: null,
  };
}
