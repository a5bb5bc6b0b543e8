/** What a bundle may hold, derived here: what its target needs by name, and what these verified packages need. */
import { TapprepError } from '../errors.ts';
import { describing, tapprep } from '../make-remedy.ts';
import { findNeededDebs } from '../resolve/deb/needed.ts';
import { listInstalled } from '../resolve/deb/installation.ts';
import { type DebRecord, parseControl } from '../resolve/deb/packages-index.ts';
import { matchOf, roleOf } from '../resolve/deb/plan-deb.ts';
import type { InstalledVersion } from '../resolve/plan.ts';
import { type CarriedRpm, findNeededRpms } from '../resolve/rpm/needed.ts';
import { readDebControl } from '../trust/deb-control.ts';
import { describeRpm, listPaths } from '../trust/rpm-header.ts';
import { readRpmFileHead } from '../trust/rpm-verify.ts';
import type { Artifact, DebTarget, PlanItem, RpmTarget, Target } from '../types.ts';
import { forFamily } from '../package-system/systems.ts';

export interface CarriedPackages {
  readonly target: Target;
  /** Verified, all of them. */
  readonly artifacts: readonly Artifact[];
  /** Records of verified indexes, of the same names. */
  readonly records: readonly DebRecord[];
  readonly installed: readonly InstalledVersion[];
  /** For messages. */
  readonly bundle: string;
}

/** What a package is to the target, as this side sees it and whatever the manifest says. */
type Use = Pick<PlanItem, 'role' | 'match'>;

/**
 * The use of every carried package, in their order.
 * @throws TapprepError NOT_NEEDED for one that neither the target nor another one needs; BAD_PACKAGE
 */
export async function findUses(carried: CarriedPackages): Promise<readonly Use[]> {
  const { target } = carried;
  const uses = await forFamily(target, {
    deb: (own) => usesOfDebs(own, carried),
    rpm: (own) => usesOfRpms(own, carried),
  });
  return uses.map((use, at) => {
    if (use !== null) return use;
    const item = carried.artifacts[at]?.item;
    throw new TapprepError(
      'NOT_NEEDED',
      `${carried.bundle} holds ${item?.name} ${item?.version}, which neither ${target.release} nor any other package in it needs`,
      {
        remedy: tapprep('bundle', ...describing(target), '--out', 'FILE'),
        hint: 'on a machine of your own: makes one without it',
        facts: { package: item?.name, version: item?.version },
      },
    );
  });
}

async function usesOfDebs(
  target: DebTarget,
  { artifacts, records, installed }: CarriedPackages,
): Promise<readonly (Use | null)[]> {
  const carried = await Promise.all(artifacts.map((artifact) => findRecord(artifact, records)));
  const needed = findNeededDebs(target, carried, records, listInstalled(installed, target.packageArch));
  return artifacts.map(({ item: { name } }) => {
    const role = roleOf(name, target);
    return needed.has(name) ? { role, match: matchOf(name, role, target) } : null;
  });
}

/** The record that vouched for it; of a package that no index vouched for, what its own control file says. */
async function findRecord({ item, path, evidence }: Artifact, records: readonly DebRecord[]): Promise<DebRecord> {
  const known = records.find(({ name, digest }) => name === item.name && digest?.hex === evidence.sha256);
  return known ?? (await readDebControl(path, (fields) => parseControl(fields, item, item.fileName)));
}

async function usesOfRpms(target: RpmTarget, { artifacts }: CarriedPackages): Promise<readonly (Use | null)[]> {
  const carried = await Promise.all(
    artifacts.map(async ({ item, path }): Promise<CarriedRpm> => {
      const { header } = await readRpmFileHead(path, item.fileName);
      return { ...describeRpm(header), files: new Set(listPaths(header)) };
    }),
  );
  const needed = findNeededRpms(target, carried);
  return carried.map((record) => needed.get(record) ?? null);
}
