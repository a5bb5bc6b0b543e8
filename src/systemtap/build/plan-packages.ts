/** The packages that a build needs and the target does not have yet. Pure. */
import { findClosure } from '../../resolve/deb/closure.ts';
import { listInstalled } from '../../resolve/deb/installation.ts';
import type { DebRecord } from '../../resolve/deb/packages-index.ts';
import { createPool, type Requirement, type Pool } from '../../resolve/deb/pool.ts';
import { orderWaves } from '../../resolve/deb/waves.ts';
import { assemblePlan, type InstalledVersion } from '../../resolve/plan.ts';
import type { DebTarget, Plan } from '../../types.ts';
import { toItem } from '../portable/packages.ts';
import { BUILD_PACKAGES } from './recipe.ts';

export interface BuildPackages {
  readonly plan: Plan;
  /** Names of those of the plan that what was built needs as well. */
  readonly stay: ReadonlySet<string>;
}

/** @throws TapprepError UNSATISFIED_DEPENDENCY when the repositories do not have them */
export function planBuildPackages(
  target: DebTarget,
  records: readonly DebRecord[],
  packages: readonly InstalledVersion[],
): BuildPackages {
  const pool = createPool(records);
  const installed = listInstalled(packages, target.packageArch);
  const wishes = BUILD_PACKAGES.map(toWish);
  const chosen = findClosure(wishes, pool, installed, target.packageArch);
  const waves = orderWaves(chosen, pool, installed);
  const items = Array.from(chosen.values(), (record) => ({
    ...toItem(record),
    install: true,
    replaces: installed.get(record.name) ?? null,
    wave: waves.get(record.name) ?? 0,
  }));
  const libraries = BUILD_PACKAGES.flatMap((name) => findLibraries(chosen.get(name), pool)).map(toWish);
  const linked = findClosure(libraries, pool, installed, target.packageArch);
  return { plan: assemblePlan(target, items, [], []), stay: new Set(linked.keys()) };
}

function toWish(name: string): Requirement {
  return { text: name, group: [{ name, qualifier: null, relation: null, version: null }] };
}

/** A package of headers needs that of its library in its own version (Debian Policy 8.4), and others in any. */
function findLibraries(record: DebRecord | undefined, pool: Pool): readonly string[] {
  if (record?.name.endsWith('-dev') !== true) return [];
  return pool
    .requires(record)
    .flatMap(({ group }) => group.filter(({ name, relation }) => relation === '=' && !name.endsWith('-dev')))
    .map(({ name }) => name);
}
