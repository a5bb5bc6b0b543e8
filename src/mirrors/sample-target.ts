/** For checking a whole list without a target: each entry with an address that a fitting machine would ask. Pure. */
import type { Repository, Target } from '../types.ts';
import { systemOf } from '../package-system/systems.ts';
import type { MirrorEntry, Mirrors } from './mirror-list.ts';
import { considerMirrors } from './select.ts';
import type { SelectionOptions, SkippedEntry } from './select.ts';
import { say } from '../sentence.ts';

const DEB_ARCHS: readonly string[] = ['amd64', 'arm64'];

/**
 * One sample of every entry: its newest release and its first architecture. Entries whose address needs a kernel's own
 * version are skipped, saying so.
 */
export function sampleEntries(
  list: Mirrors,
  options: SelectionOptions,
): { readonly repositories: readonly Repository[]; readonly skipped: readonly SkippedEntry[] } {
  const repositories: Repository[] = [];
  const skipped: SkippedEntry[] = [];
  for (const entry of list.entries) {
    const sample = considerMirrors(
      sampleTarget(entry, list),
      { own: [], list: { ...list, entries: [entry] }, overrides: [] },
      options,
    );
    repositories.push(...sample.repositories);
    skipped.push(...sample.skipped.map(explain));
  }
  return { repositories, skipped };
}

/** Without a target it is no wonder that an address cannot be filled in. */
function explain({ id }: SkippedEntry): SkippedEntry {
  return { id, reason: say('its address depends on the kernel: give --distro and --kernel') };
}

/** A made-up machine that an entry speaks of. */
function sampleTarget(entry: MirrorEntry, list: Mirrors): Target {
  const distro = entry.distros[0] ?? '';
  const versions = entry.versions.toReversed().map((pattern) => concreteVersion(pattern, distro, list));
  const version = versions.find((text) => text?.includes('.')) ?? versions[0] ?? null;
  const shared = { distro, version, release: 'sample', unameV: null, buildId: null };
  if (systemOf({ family: 'deb' }).reads(entry.kind)) {
    const packageArch = entry.archs?.[0] ?? DEB_ARCHS[0] ?? '';
    const codename = version === null ? null : (list.codenames[distro]?.[version] ?? null);
    return {
      ...shared,
      family: 'deb',
      kernelFamily: 'debian',
      codename,
      arch: 'x86_64',
      packageArch,
      flavour: packageArch,
      packageVersion: null,
    };
  }
  const packageArch = entry.archs?.[0] ?? 'x86_64';
  return {
    ...shared,
    family: 'rpm',
    codename: null,
    arch: packageArch,
    packageArch,
    kernelFamily: 'el',
    stem: entry.kernels?.[0] ?? 'kernel',
    variant: null,
    versionRelease: '',
  };
}

/** "7.*" becomes the newest 7.x of the tables, "*" the newest release of the distribution. */
function concreteVersion(pattern: string, distro: string, list: Mirrors): string | null {
  if (pattern !== '*' && !pattern.endsWith('.*')) return pattern;
  if (pattern === '*') {
    const versions = Object.keys(list.codenames[distro] ?? {}).filter((key) => /^\d/.test(key));
    return versions.sort((a, b) => Number(a) - Number(b)).at(-1) ?? null;
  }
  const major = pattern.slice(0, -2);
  const minors = Object.values(list.kernelMinors[`el${major}`] ?? {}).map((minor) => Number(minor.split('.')[1]));
  return minors.length === 0 ? major : `${major}.${Math.max(...minors)}`;
}
