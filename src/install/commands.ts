/** Every command that changes a target, as pure argv builders: shown by --dry-run, run in one place (run.ts, remove.ts). */
import type { Role } from '../types.ts';
import { FRONT_ENDS } from '../package-system/front-ends.ts';
import type { FrontEnd, PackageManager, PackageSystem } from '../package-system/package-system.ts';
import { systemOfManager } from '../package-system/systems.ts';

/** How packages get onto a target. */
export type InstallMethod = PackageManager | FrontEnd;

/** The package manager that a method ends in. */
export function systemOfMethod(method: InstallMethod): PackageSystem {
  return systemOfManager(method === 'dpkg' ? 'dpkg' : 'rpm');
}

/** The front end of a method; null for a package manager itself. */
export function frontEndOf(method: InstallMethod): FrontEnd | null {
  return method === 'dpkg' || method === 'rpm' ? null : method;
}

/** Order for plain rpm: what others need comes first. Everything else keeps its place in between. */
const ROLE_ORDER: readonly Role[] = [
  'dependency',
  'toolchain',
  'debuginfo-common',
  'debugsource',
  'debuginfo',
  'headers',
  'devel',
  'image',
  'systemtap',
];

/** Sorts by role in the order in which plain `rpm -ivh` is given the files; stable. */
export function sortByRole<Item extends { readonly role: Role }>(items: readonly Item[]): readonly Item[] {
  return items.toSorted((a, b) => ROLE_ORDER.indexOf(a.role) - ROLE_ORDER.indexOf(b.role));
}

export interface InstallOptions {
  readonly method: InstallMethod;
  /** The target is a directory, not a running system: flushing every file to disk gains nothing there. */
  readonly inRoot: boolean;
  /** Versions that are installed give way to these by agreement; else they stay. */
  readonly replaces: boolean;
  /** Names of those packages of which other versions stay beside the new one. */
  readonly sideBySide?: readonly string[];
  /** Some of the packages are installed and have to come again. */
  readonly again?: boolean;
  /** Nobody signed these files, and the user allowed that by name. */
  readonly unsigned?: boolean;
}

/**
 * The command that installs local package files (absolute paths on the target), every one of them verified by tapprep.
 * dpkg and rpm ask no repository. dnf, yum and zypper bring what the packages need beside them from the target's own
 * repositories, under the signature settings that the target's owner made. Of an rpm that nobody signed nothing is run,
 * and no front end gets it: none of them can leave scripts out. dpkg cannot either.
 */
export function buildInstallArgv(files: readonly string[], options: InstallOptions): readonly string[] {
  const { inRoot, again, unsigned = false, sideBySide = [] } = options;
  const { manager, canLeaveScriptsOut } = systemOfMethod(options.method);
  const method = unsigned && canLeaveScriptsOut ? manager : options.method;
  switch (method) {
    case 'dpkg':
      return ['dpkg', ...(inRoot ? ['--force-unsafe-io'] : []), '--install', ...files];
    case 'rpm':
      // -U where something is replaced by agreement; -i never touches what is there (several kernels side by side), and
      // adds an older one beside a newer one only with this option.
      return [
        'rpm',
        options.replaces ? '-Uvh' : '-ivh',
        '--oldpackage',
        ...(unsigned ? ['--noscripts', '--notriggers'] : []),
        ...(again === true ? ['--replacepkgs'] : []),
        ...files,
      ];
    case 'dnf':
    case 'dnf5':
    case 'yum':
    case 'zypper':
      return FRONT_ENDS[method].buildInstallArgv({ files, sideBySide });
  }
}

/** Environment in which package managers ask no questions. */
export const QUIET_ENV = { DEBIAN_FRONTEND: 'noninteractive', DEBCONF_NONINTERACTIVE_SEEN: 'true' } as const;
