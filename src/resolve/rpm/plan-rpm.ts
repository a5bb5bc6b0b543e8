/** The plan for a kernel of an rpm distribution: its exact packages, all of one vendor's one build. Pure. */
import type { PackagePlan, RpmTarget } from '../../types.ts';
import { compareEvr } from '../../version/evr.ts';
import { assemblePlan, type InstalledVersion, type PlanRequest } from '../plan.ts';
import type { PackageRecord } from '../reader.ts';
import { isSigned, type KernelBuild } from './choose.ts';
import { chooseSet } from './choose-set.ts';
import { nameByIndex } from './by-index.ts';
import { toItem, toToolItem } from './items.ts';
import { listNeeds, SYSTEMTAP_NAMES } from './needs.ts';

/**
 * Plans from the records that `wantedRpm` asked for, in the order in which the repositories were asked.
 * @param kernel what the installed kernel's package says of its build; null where it is not known
 * @throws TapprepError NO_EXACT_PACKAGE with what is there instead, VENDOR_MISMATCH with both vendors, UNSIGNED where
 *   nobody signed what is there, UNSAFE_URL
 */
export function planRpm(
  asked: RpmTarget,
  records: readonly PackageRecord[],
  request: PlanRequest,
  kernel: KernelBuild | null,
): PackagePlan {
  const target = nameByIndex(asked, records);
  const needs = listNeeds(target, request);
  const notes: string[] = [];
  const choices = chooseSet(needs, records, target, kernel, notes, request.allowUnsigned);
  const systemtap = request.roles.systemtap === 'distro' ? chooseSystemtap(records, target, request, notes) : [];
  const newer = findNewerSystemtap(systemtap, request);
  const tools = newer.length === 0 ? systemtap : [];
  const isThere = (record: PackageRecord): boolean =>
    request.installed?.some(
      ({ name, version, arch }) => name === record.name && version === record.version && arch === record.arch,
    ) === true;
  return assemblePlan(
    asked,
    [
      ...choices.filter(({ record }) => !isThere(record)).map((choice) => toItem(choice, records, kernel)),
      ...tools.filter((record) => !isThere(record)).map((record) => toToolItem(record, records, request)),
    ],
    [
      ...[
        ...choices.map(({ need, record }) => ({ role: need.role, record })),
        ...tools.map((record) => ({ role: 'systemtap' as const, record })),
      ]
        .filter(({ record }) => isThere(record))
        .map(({ role, record }) => ({ role, name: record.name, version: record.version })),
      ...newer.map(({ name, version }) => ({ role: 'systemtap' as const, name, version })),
    ],
    notes,
  );
}

/** The newest of each of SystemTap's packages. What they depend on is for the package manager to bring. */
function chooseSystemtap(
  records: readonly PackageRecord[],
  target: RpmTarget,
  request: PlanRequest,
  notes: string[],
): readonly PackageRecord[] {
  const archs = [target.packageArch, 'noarch'];
  const offered = records.filter(({ name, arch }) => SYSTEMTAP_NAMES.includes(name) && archs.includes(arch));
  const taken = request.allowUnsigned === true ? offered : offered.filter(isSigned);
  const chosen = SYSTEMTAP_NAMES.flatMap((name) => {
    const [newest] = taken
      .filter((record) => record.name === name)
      .toSorted((a, b) => compareEvr(b.version, a.version));
    return newest ?? [];
  });
  const isInstalled = request.installed?.some(({ name }) => name === 'systemtap') === true;
  if (chosen.length === 0 && !isInstalled) {
    const unsigned = [...new Set(offered.map(({ repository }) => repository.id))].join(', ');
    notes.push(
      unsigned === ''
        ? 'none of the repositories that were asked has systemtap'
        : `systemtap is only in ${unsigned}, which signs nothing: it is left out`,
    );
  }
  // All of one version: a mixed SystemTap does not run.
  const version = chosen.find(({ name }) => name === 'systemtap')?.version;
  return chosen.filter((record) => record.version === version);
}

/** The SystemTap that is installed, where it is newer than the one on offer, which would take its place. */
function findNewerSystemtap(
  offered: readonly PackageRecord[],
  { installed }: Pick<PlanRequest, 'installed'>,
): readonly InstalledVersion[] {
  const there = (installed ?? []).filter(({ name }) => SYSTEMTAP_NAMES.includes(name));
  const isNewer =
    there.some(({ name }) => name === 'systemtap') &&
    there.some(({ name, version }) =>
      offered.some((record) => record.name === name && compareEvr(version, record.version) > 0),
    );
  return isNewer ? there : [];
}
