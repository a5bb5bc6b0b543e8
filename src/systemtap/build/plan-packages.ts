/** The packages that a build needs and the target does not have yet. Pure. */
import { findClosure } from '../../resolve/deb/closure.ts';
import { listInstalled } from '../../resolve/deb/installation.ts';
import type { DebRecord } from '../../resolve/deb/packages-index.ts';
import { createUniverse } from '../../resolve/deb/universe.ts';
import { orderWaves } from '../../resolve/deb/waves.ts';
import { assemblePlan, type InstalledVersion } from '../../resolve/plan.ts';
import type { DebTarget, Plan } from '../../types.ts';
import { toItem } from '../portable/packages.ts';
import { BUILD_PACKAGES } from './recipe.ts';

/** @throws TapprepError UNSATISFIED_DEPENDENCY when the repositories do not have them */
export function planBuildPackages(
  target: DebTarget,
  records: readonly DebRecord[],
  packages: readonly InstalledVersion[],
): Plan {
  const universe = createUniverse(records);
  const installed = listInstalled(packages, target.packageArch);
  const wishes = BUILD_PACKAGES.map((name) => {
    return { text: name, group: [{ name, qualifier: null, relation: null, version: null }] };
  });
  const chosen = findClosure(wishes, universe, installed, target.packageArch);
  const waves = orderWaves(chosen, universe, installed);
  const items = Array.from(chosen.values(), (record) => ({
    ...toItem(record),
    install: true,
    replaces: installed.get(record.name) ?? null,
    wave: waves.get(record.name) ?? 0,
  }));
  return assemblePlan(target, items, [], []);
}
