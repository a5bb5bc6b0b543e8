/** Which packages of a suite a portable SystemTap is taken from. Pure. */
import { TapprepError } from '../../errors.ts';
import { satisfiesVersion } from '../../resolve/deb/dependencies.ts';
import type { DebRecord } from '../../resolve/deb/packages-index.ts';
import { recordItem } from '../../resolve/deb/record-item.ts';
import type { Pool } from '../../resolve/deb/pool.ts';
import type { PlanItem } from '../../types.ts';

/** Name of the package whose dependencies lead to everything. */
export const ROOT_PACKAGE = 'systemtap';
/** Debian keeps the texts of common licences there, and copyright files refer to them. */
export const LICENCES_PACKAGE = 'base-files';

/**
 * The packages of SystemTap itself: the one of that name, and those of the same source that it depends on.
 * @throws TapprepError NO_EXACT_PACKAGE when the suite has none
 */
function findSystemtapPackages(pool: Pool, suite: string): readonly DebRecord[] {
  const [root] = pool.versions(ROOT_PACKAGE);
  if (root === undefined) {
    throw new TapprepError('NO_EXACT_PACKAGE', `suite ${suite} has no package ${ROOT_PACKAGE} for this architecture`, {
      facts: { suite },
    });
  }
  const own = directDependencies(root, pool).filter(
    ({ source, version }) => source === root.source && version === root.version,
  );
  return [root, ...own];
}

/** What a package depends on directly, each group by its preferred alternative that the suite has. */
function directDependencies(record: DebRecord, pool: Pool): readonly DebRecord[] {
  return pool.requires(record).flatMap(({ group }) => {
    for (const wanted of group) {
      const found = pool.versions(wanted.name).find(({ version }) => satisfiesVersion(version, wanted));
      if (found !== undefined) return [found];
    }
    return [];
  });
}

/** Names of packages that hold libraries for others; Debian's policy (8.1) and two from before it. */
const LIBRARY = /^(?:lib|zlib)/;

/**
 * Everything that a folder may be taken from, without looking into any package: SystemTap's own packages, the libraries
 * that these depend on and so on, and of the same source as one of them whatever may hold its documentation (Debian's
 * policy, 12.5). Which of the libraries are needed the programs themselves tell, once they are there.
 * @returns the package of that name first
 * @throws TapprepError NO_EXACT_PACKAGE when the suite has none
 */
export function findFolderPackages(pool: Pool, suite: string): readonly DebRecord[] {
  const own = findSystemtapPackages(pool, suite);
  const chosen = new Map<string, DebRecord>();
  const queue = [...own];
  for (let record = queue.shift(); record !== undefined; record = queue.shift()) {
    if (chosen.has(record.name)) continue;
    chosen.set(record.name, record);
    const { source } = record;
    const isOwn = own.includes(record);
    queue.push(
      ...directDependencies(record, pool).filter(
        (next) => LIBRARY.test(next.name) || (!isOwn && source !== null && next.source === source),
      ),
    );
  }
  const licences = pool.versions(LICENCES_PACKAGE)[0];
  if (licences !== undefined) chosen.set(licences.name, licences);
  return [...chosen.values()];
}

/** A record as an item that can be fetched and verified; it is unpacked, never installed. */
export function toItem(record: DebRecord): PlanItem {
  return {
    kind: 'package',
    ...recordItem(record),
    role: record.source === ROOT_PACKAGE ? 'systemtap' : 'dependency',
    match: 'dependency',
    install: false,
    replaces: null,
  };
}
