/** What of a removal has to stay, because packages that are not tapprep's need it: asked of the package manager itself. */
import type { Host } from '../host/host.ts';
import type { PackageSystem } from '../package-system/package-system.ts';
import { QUIET_ENV } from './commands.ts';
import { packageKey } from './compare-lists.ts';
import { listHolders, type ListedPackage } from './package-list.ts';

/** A package that stays. */
export interface NeededPackage extends ListedPackage {
  /** What needs it, as the package manager names that. */
  readonly by: readonly string[];
}

/**
 * Leaves out what is needed until the package manager would take the rest. What it refuses for another reason it refuses in
 * the removal itself, too. To be asked under the lock: rpm writes beside its database while it only looks.
 * @param buildArgv the removal of some of the packages
 */
export async function findNeeded(
  host: Host,
  system: PackageSystem,
  packages: readonly ListedPackage[],
  buildArgv: (packages: readonly ListedPackage[]) => readonly string[],
): Promise<readonly NeededPackage[]> {
  const needed = new Map<string, Set<string>>();
  for (;;) {
    const going = packages.filter((item) => !needed.has(packageKey(item)));
    if (going.length === 0) break;
    const argv = system.buildRemovalTestArgv(buildArgv(going));
    const result = await host.run(argv, { env: QUIET_ENV, timeoutMs: 120_000 });
    if (result.exitCode === 0) break;
    const keys = new Set(going.map(packageKey));
    const size = needed.size;
    for (const { thing, by } of system.readNeeds(`${result.stderr}\n${result.stdout}`)) {
      for (const key of (await listHolders(host, system, thing)).map(packageKey)) {
        if (keys.has(key)) needed.set(key, (needed.get(key) ?? new Set()).add(by));
      }
    }
    if (needed.size === size) break;
  }
  return packages.flatMap((item) => {
    const by = needed.get(packageKey(item));
    return by === undefined ? [] : [{ ...item, by: [...by] }];
  });
}
