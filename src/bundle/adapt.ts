/** Packages of a bundle or a lock against what is installed where it was carried to: its plan was made from an older or no list. Pure. */
import type { InstalledVersion } from '../resolve/plan.ts';
import type { PlanItem, Plan, Role } from '../types.ts';
import { isSamePackage, isSameVersion } from '../install/compare-lists.ts';
import type { PackageSystem } from '../package-system/package-system.ts';

/** Packages that others need in some version: a newer one does as well. */
const NEEDED: readonly Role[] = ['dependency', 'toolchain'];

export interface AdaptedItems {
  readonly items: readonly PlanItem[];
  readonly present: Plan['present'];
  /** Sentences on what was left as it is. */
  readonly notes: readonly string[];
}

/** Leaves out what is there already, and says of the rest which version it would replace. */
export function adaptToInstalled(
  items: readonly PlanItem[],
  installed: readonly InstalledVersion[],
  system: PackageSystem,
): AdaptedItems {
  const wanted: PlanItem[] = [];
  const present: Plan['present'][number][] = [];
  const notes: string[] = [];
  for (const item of items) {
    const there = installed.filter((one) => isSamePackage(one, item));
    if (!item.install || there.length === 0) {
      wanted.push({ ...item, replaces: null });
      continue;
    }
    const { role, name } = item;
    if (there.some(({ version }) => isSameVersion(version, item.version))) {
      present.push({ role, name, version: item.version });
      continue;
    }
    const [other] = there;
    if (other === undefined || system.keepsSideBySide(role)) {
      wanted.push({ ...item, replaces: null });
    } else if (NEEDED.includes(role) && system.isGoodEnough(other.version, item.version)) {
      present.push({ role, name, version: other.version });
      notes.push(`${name} ${other.version} is there and is left as it is; ${item.version} was planned`);
    } else wanted.push({ ...item, replaces: other.version });
  }
  return { items: wanted, present, notes };
}
