/** Which of some packages a target needs: the closure of its own names over what they say of each other. Pure. */
import type { DebTarget } from '../../types.ts';
import { findConflicts, findNewlyBroken } from './conflicts.ts';
import { providesSatisfies, satisfiesVersion, type DependencyGroup } from './dependencies.ts';
import type { Installed } from './installation.ts';
import { wantedNames } from './kernel-names.ts';
import type { DebRecord } from './packages-index.ts';
import { createPool } from './pool.ts';

/**
 * The names among `carried` that a plan for the target may hold: kernel packages, SystemTap and compiler, what these need,
 * and the newer versions that these force on installed packages.
 * @param known records of other versions too, by which the installed ones are understood
 */
export function findNeededDebs(
  target: DebTarget,
  carried: readonly DebRecord[],
  known: readonly DebRecord[],
  installed: Installed,
): ReadonlySet<string> {
  const offer = createPool(carried);
  const pool = createPool([...carried, ...known]);
  const candidates = (group: DependencyGroup): readonly DebRecord[] => {
    // The first alternative that there is anything for: a later one would not have been chosen beside it.
    for (const wanted of group) {
      const found = [
        ...offer.versions(wanted.name).filter(({ version }) => satisfiesVersion(version, wanted)),
        ...offer
          .providers(wanted.name)
          .filter(({ provided }) => providesSatisfies(provided, wanted))
          .map(({ record }) => record),
      ];
      if (found.length > 0) return found;
    }
    return [];
  };
  const needed = new Map<string, DebRecord>();
  const everything = { image: true, debuginfo: true, systemtap: 'distro' } as const;
  const { roots } = wantedNames(target, { installed: null, roles: everything });
  const agenda = roots.flatMap((name) => candidates([{ name, qualifier: null, relation: null, version: null }]));
  for (let record = agenda.pop(); record !== undefined; record = agenda.pop()) {
    if (needed.has(record.name)) continue;
    const wishes = [
      ...pool.requires(record),
      ...findConflicts(record, pool, installed, needed).upgrades,
      ...findNewlyBroken(record, pool, installed, needed),
    ];
    needed.set(record.name, record);
    agenda.push(...wishes.flatMap(({ group }) => candidates(group)));
  }
  return new Set(needed.keys());
}
