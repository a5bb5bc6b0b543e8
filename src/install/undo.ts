/** Takes away what a transaction that failed had brought so far. */
import type { Host } from '../host/host.ts';
import type { Emit } from '../types.ts';
import type { PackageSystem } from '../package-system/package-system.ts';
import { QUIET_ENV } from './commands.ts';
import { isCutOffUnpacking, resumeCutOff } from './cut-off.ts';
import { compareLists, packageKey } from './compare-lists.ts';
import { findNeeded } from './needed.ts';
import { listRemains, listTraces, type ListedPackage } from './package-list.ts';

/**
 * Removes every package of the transaction that is there now and left no trace before; what replaced an older version stays, because that
 * version cannot be brought back, and so does what a package of somebody else's needs. No signal ends it: half undone is worse than late.
 * @param before listTraces() of before the transaction
 * @param isOwn whether the transaction was to bring it; what somebody else brought meanwhile stays
 * @param configured those whose configuration was there before
 * @returns what could not be removed, all of it when the package manager refused
 */
export async function undoTransaction(
  host: Host,
  system: PackageSystem,
  before: readonly ListedPackage[],
  isOwn: (one: ListedPackage) => boolean,
  configured: readonly ListedPackage[],
  emit: Emit,
): Promise<readonly ListedPackage[]> {
  if (await isCutOffUnpacking(host, system)) await resumeCutOff(host, system);
  const listAdded = async (): Promise<readonly ListedPackage[]> =>
    compareLists(before, await listTraces(host, system)).added.filter(isOwn);
  const added = await listAdded();
  if (added.length === 0) return [];
  const context = { known: await listRemains(host, system), configured };
  const stay = await findNeeded(host, system, added, (gone) => system.buildUndoArgv(gone, context));
  const needed = new Set(stay.map(packageKey));
  const going = added.filter((item) => !needed.has(packageKey(item)));
  if (going.length === 0) return added;
  for (const argv of [system.buildUndoArgv(going, context), system.buildPurgeArgv(going, context)]) {
    if (argv === null) continue;
    emit({ type: 'command', argv, where: host.name });
    await host.run(argv, { env: QUIET_ENV, timeoutMs: 900_000, untilEnd: true });
  }
  return listAdded();
}
