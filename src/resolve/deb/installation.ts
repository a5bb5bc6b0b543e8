/** What is in place on the target: its own packages, and over them what has been chosen so far. Pure. */
import { TapprepError } from '../../errors.ts';
import { describing, runAsRoot, tapprep } from '../../make-remedy.ts';
import { shellLine } from '../../shell-words.ts';
import type { DebTarget } from '../../types.ts';
import { compareDebVersions } from '../../version/deb-vercmp.ts';
import type { InstalledVersion } from '../plan.ts';
import { providesSatisfies, satisfiesVersion, type Alternative, type DependencyGroup } from './dependencies.ts';
import type { DebRecord } from './packages-index.ts';
import type { Pool } from './pool.ts';

/** Installed versions by name, of the architecture that is planned for and "all". */
export type Installed = ReadonlyMap<string, string>;
/** Chosen records by name: they are new or stand in for the installed version. */
export type Chosen = ReadonlyMap<string, DebRecord>;

/** Reads the target's package list; packages of foreign architectures satisfy nothing here. */
export function listInstalled(packages: readonly InstalledVersion[], arch: string): Installed {
  const own = packages.filter((each) => each.arch === arch || each.arch === 'all');
  return new Map(own.map(({ name, version }) => [name, version]));
}

/**
 * A 64-bit kernel may run a 32-bit system: its compiler and SystemTap would be installed over those that are there, of which each has
 * room for one.
 * @throws TapprepError MIXED_ARCHITECTURE
 */
export function requireSameArchitecture(packages: readonly InstalledVersion[], target: DebTarget): void {
  // dpkg is of the architecture that it takes for its own.
  const own = packages.find(({ name }) => name === 'dpkg')?.arch ?? target.packageArch;
  if (own === target.packageArch) return;
  throw new TapprepError(
    'MIXED_ARCHITECTURE',
    `kernel ${target.release} is of ${target.packageArch}, and the packages of this system are of ${own}`,
    {
      remedy: tapprep('rehearse', ...describing(target)),
      hint: `proves it in a root of ${target.packageArch}; for this system boot a kernel of ${own}`,
      facts: { kernel: target.packageArch, system: own },
    },
  );
}

/**
 * A package that is there for two architectures has to be of one version for both.
 * @throws TapprepError UNSATISFIED_DEPENDENCY for one that would be replaced for one of them alone
 */
export function refuseSplitVersions(chosen: Chosen, packages: readonly InstalledVersion[]): void {
  for (const { name, version, arch } of chosen.values()) {
    const twin = packages.find((each) => each.name === name && ![arch, 'all'].includes(each.arch));
    if (arch === 'all' || twin === undefined || twin.version === version) continue;
    throw new TapprepError(
      'UNSATISFIED_DEPENDENCY',
      `${name} ${version} would be installed for ${arch}, but ${twin.version} is installed for ${twin.arch}, and dpkg wants one version for both`,
      {
        remedy: runAsRoot(
          shellLine`apt-get install ${`${name}:${arch}=${version}`} ${`${name}:${twin.arch}=${version}`}`,
        ),
        facts: { package: name, wanted: version, twin },
      },
    );
  }
}

/**
 * The base of a target of which nothing is known: what every system has and what that depends on, each in the oldest
 * version on offer, so that a plan does not count on an update the target may not have.
 */
export function assumeBase(pool: Pool): Installed {
  const assumed = new Map<string, string>();
  const agenda = pool.names.filter((name) => pool.versions(name).some((record) => record.isBase));
  for (let name = agenda.pop(); name !== undefined; name = agenda.pop()) {
    const oldest = pool.versions(name).at(-1);
    if (oldest === undefined || assumed.has(name)) continue;
    assumed.set(name, oldest.version);
    for (const { group } of pool.requires(oldest)) {
      const next = group.find((alternative) => pool.versions(alternative.name).length > 0);
      if (next !== undefined) agenda.push(next.name);
    }
  }
  return assumed;
}

/** The version of a name that is in place, or null. */
export function versionInPlace(name: string, installed: Installed, chosen: Chosen): string | null {
  return chosen.get(name)?.version ?? installed.get(name) ?? null;
}

/** Whether any alternative of the group is in place, by its own name or by what another package provides. */
export function isSatisfied(group: DependencyGroup, pool: Pool, installed: Installed, chosen: Chosen): boolean {
  return group.some((wanted) => {
    const version = versionInPlace(wanted.name, installed, chosen);
    if (version !== null && satisfiesVersion(version, wanted)) return true;
    return providersInPlace(wanted, pool, installed, chosen).length > 0;
  });
}

/** Names of packages in place that provide what is wanted. */
function providersInPlace(wanted: Alternative, pool: Pool, installed: Installed, chosen: Chosen): readonly string[] {
  return pool.providers(wanted.name).flatMap(({ record, provided }) => {
    const { name } = record;
    const version = versionInPlace(name, installed, chosen);
    if (version === null || !providesSatisfies(provided, wanted)) return [];
    if (version === record.version) return [name];
    // No index has the installed version any more: what its other versions provide without a version, it does too.
    const isUnknown = !chosen.has(name) && pool.find(name, version) === null;
    return isUnknown && wanted.relation === null ? [name] : [];
  });
}

/** Whether a record would put an older version in the place of an installed one. */
export function isDowngrade(record: DebRecord, installed: Installed): boolean {
  const there = installed.get(record.name);
  return there !== undefined && compareDebVersions(record.version, there) < 0;
}
