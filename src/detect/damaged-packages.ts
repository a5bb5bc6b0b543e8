/** Packages that the package manager calls installed and whose files are not all there. Pure. */
import type { HostFacts } from '../types.ts';

type InstalledPackage = HostFacts['packages'][number];

interface Damage {
  readonly isSeen: (facts: HostFacts) => boolean;
  /** Whether a package is one of those that should have brought what is missing, for kernel `release`. */
  readonly brings: (one: InstalledPackage, release: string) => boolean;
}

const DAMAGES: readonly Damage[] = [
  {
    isSeen: ({ buildTree: tree, kernel }) =>
      tree === null ||
      !(tree.exists && tree.hasConfig && tree.hasModuleSymvers && tree.hasMakefile) ||
      (tree.release !== null && tree.release !== kernel.release),
    brings: (one, release) =>
      one.name === `linux-headers-${release}` ||
      // The half that flavours share carries the release without the flavour.
      (/^linux-headers-.*-common(?:-rt)?$/.test(one.name) && isPartOf(abiOf(one.name), release)) ||
      (one.name.startsWith('linux-kbuild-') && isPartOf(one.name.slice('linux-kbuild-'.length), release)) ||
      (/^kernel(?:-\w+)*-devel$/.test(one.name) && isPartOf(versionOf(one), release)),
  },
  {
    isSeen: ({ debuginfo, kernel }) =>
      debuginfo.every(
        ({ hasDwarf, buildId }) =>
          hasDwarf === false || (buildId !== null && kernel.buildId !== null && buildId !== kernel.buildId),
      ),
    brings: (one, release) =>
      /^(?:unsigned-)?(.+)-dbg(?:sym)?$/.exec(one.name.replace(/^linux-image-/, ''))?.[1] === release ||
      (/^kernel(?:-\w+)*-debuginfo$/.test(one.name) && isPartOf(versionOf(one), release)),
  },
  {
    isSeen: ({ systemtap: stap }) => stap === null || stap.staprunPath === null || stap.tapsetCount === 0,
    brings: ({ name }) => /^systemtap(?:-client|-runtime|-common|-devel)?$/.test(name),
  },
  { isSeen: ({ compiler }) => compiler === null, brings: ({ name }) => /^(?:gcc|cpp)(?:-\d+)?$/.test(name) },
  { isSeen: ({ make }) => make === null, brings: ({ name }) => name === 'make' },
];

/** What has to be installed again, although it is there by name. */
export function findDamaged(facts: HostFacts): readonly InstalledPackage[] {
  const { release } = facts.kernel;
  if (facts.source === 'declared' || release === null) return [];
  const seen = DAMAGES.filter(({ isSeen }) => isSeen(facts));
  return facts.packages.filter((one) => seen.some(({ brings }) => brings(one, release)));
}

/** Whether a version is what a release begins with, up to the end of one of its parts. */
function isPartOf(version: string, release: string): boolean {
  return release.startsWith(version) && /^(?:[.+-]|$)/.test(release.slice(version.length));
}

function abiOf(name: string): string {
  return name.replace(/^linux-headers-/, '').replace(/-common(?:-rt)?$/, '');
}

function versionOf({ version }: InstalledPackage): string {
  return version.replace(/^\d+:/, '');
}
