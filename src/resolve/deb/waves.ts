/**
 * In how many runs of dpkg a set of packages can be installed. dpkg unpacks all files of a run before it configures any,
 * and refuses to unpack a package whose Pre-Depends are not configured. Pure.
 */
import { parseGroup, providesSatisfies, satisfiesVersion, type DependencyGroup } from './dependencies.ts';
import { isSatisfied, type Chosen, type Installed } from './installation.ts';
import type { Pool } from './pool.ts';

/**
 * The run of each package by name, 0 first: later than all it pre-depends on, not earlier than all it depends on. A
 * circle of Pre-Depends, which no archive has, stays in one run.
 */
export function orderWaves(chosen: Chosen, pool: Pool, installed: Installed): ReadonlyMap<string, number> {
  const records = [...chosen.values()];
  // What was configured before, in a version that does, stays good enough while its upgrade is only unpacked.
  const isOpen = (group: DependencyGroup): boolean => !isSatisfied(group, pool, installed, new Map());
  const needs = records.map((record) => ({
    name: record.name,
    depends: namesAmong(
      pool
        .requires(record)
        .map(({ group }) => group)
        .filter(isOpen),
      chosen,
      pool,
    ),
    preDepends: namesAmong(record.preRequires.map(parseGroup).filter(isOpen), chosen, pool),
  }));
  const waves = new Map(records.map(({ name }) => [name, 0]));
  for (let changed = true, rounds = 0; changed && rounds < records.length; rounds += 1) {
    changed = false;
    for (const { name, depends, preDepends } of needs) {
      const wave = Math.max(
        0,
        ...depends.map((other) => waves.get(other) ?? 0),
        ...preDepends.filter((other) => other !== name).map((other) => (waves.get(other) ?? 0) + 1),
      );
      if (wave > (waves.get(name) ?? 0) && wave < records.length) {
        waves.set(name, wave);
        changed = true;
      }
    }
  }
  return waves;
}

/** Which chosen packages the groups are met by. */
function namesAmong(groups: readonly DependencyGroup[], chosen: Chosen, pool: Pool): readonly string[] {
  const meets = (group: DependencyGroup): readonly string[] =>
    group.flatMap((wanted) => {
      const own = chosen.get(wanted.name);
      if (own !== undefined && satisfiesVersion(own.version, wanted)) return [own.name];
      return Array.from(chosen.values())
        .filter((record) => pool.provides(record).some((provided) => providesSatisfies(provided, wanted)))
        .map(({ name }) => name);
    });
  return groups.flatMap(meets);
}
