/** Every command that changes a target, as pure argv builders: shown by --dry-run, run in one place (run.ts, remove.ts). */
import type { Role } from '../types.ts';

/** How packages get onto a target. */
export type InstallMethod = 'dpkg' | 'rpm' | 'dnf' | 'yum' | 'zypper';

/** Order of the source article for plain rpm: what others need comes first. Everything else keeps its place in between. */
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
  /** Downgrades and replacements were allowed by the user. */
  readonly allowUpgrade: boolean;
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
  const { inRoot, again, unsigned = false } = options;
  const method = unsigned && options.method !== 'dpkg' ? 'rpm' : options.method;
  switch (method) {
    case 'dpkg':
      return ['dpkg', ...(inRoot ? ['--force-unsafe-io'] : []), '--install', ...files];
    case 'rpm':
      // -U where something is replaced by agreement; -i never touches what is there (several kernels side by side).
      return [
        'rpm',
        options.allowUpgrade ? '-Uvh' : '-ivh',
        ...(unsigned ? ['--noscripts', '--notriggers'] : []),
        ...(again === true ? ['--replacepkgs'] : []),
        ...files,
      ];
    case 'dnf':
    case 'yum':
      return [method, '--assumeyes', 'install', ...files];
    case 'zypper':
      return ['zypper', '--non-interactive', 'install', '--no-recommends', ...files];
  }
}

/** The command that removes packages by exact name (dpkg: name:arch; rpm: name-version-release.arch). */
export function buildRemoveArgv(
  packages: readonly { readonly name: string; readonly version: string; readonly arch: string }[],
  method: InstallMethod,
): readonly string[] {
  if (method === 'dpkg') {
    return ['dpkg', '--purge', ...packages.map(({ name, arch }) => (arch === 'all' ? name : `${name}:${arch}`))];
  }
  // Plain rpm for every rpm family: dnf and zypper would also take away what they think nobody needs any more.
  return [
    'rpm',
    '-evh',
    ...packages.map(({ name, version, arch }) => `${name}-${version.replace(/^\d+:/, '')}.${arch}`),
  ];
}

/** The same for what a run that failed or was killed left: a package that was cut off while it was unpacked leaves dpkg only by force. */
export function buildUndoArgv(
  packages: Parameters<typeof buildRemoveArgv>[0],
  manager: 'dpkg' | 'rpm',
): readonly string[] {
  const argv = buildRemoveArgv(packages, manager);
  return manager === 'dpkg' ? ['dpkg', '--force-remove-reinstreq', ...argv.slice(1)] : argv;
}

/**
 * Makes a package that was cut off in the middle known as a whole: dpkg unpacks it once more; rpm writes it into its database
 * alone. No script of it runs for that under rpm, and it is taken away or installed properly afterwards.
 */
export function buildRegisterArgv(files: readonly string[], manager: 'dpkg' | 'rpm'): readonly string[] {
  return manager === 'dpkg'
    ? ['dpkg', '--force-depends', '--unpack', ...files]
    : ['rpm', '-i', '--justdb', '--nodeps', '--noscripts', '--notriggers', ...files];
}

/** Lists packages by dpkg's full status, one `WANT EFLAG STATUS<TAB>name<TAB>version<TAB>arch` a line. */
export const DPKG_STATUS_ARGV: readonly string[] = [
  'dpkg-query',
  '--show',
  '--showformat=${Status}\t${Package}\t${Version}\t${Architecture}\n',
];

/** Asks a front end's repositories for their indexes: it works only when they answer. */
export function buildRefreshArgv(method: 'dnf' | 'yum' | 'zypper'): readonly string[] {
  return method === 'zypper' ? ['zypper', '--non-interactive', '--quiet', 'refresh'] : [method, '--quiet', 'makecache'];
}

/** Lists what is installed, one `name<TAB>version<TAB>arch` a line. */
export function buildListArgv(manager: 'dpkg' | 'rpm'): readonly string[] {
  return manager === 'dpkg'
    ? ['dpkg-query', '--show', '--showformat=${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\n']
    : ['rpm', '-qa', '--queryformat', 'installed\t%{NAME}\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\t%{ARCH}\n'];
}

/** Environment in which package managers ask no questions. */
export const QUIET_ENV = { DEBIAN_FRONTEND: 'noninteractive', DEBCONF_NONINTERACTIVE_SEEN: 'true' } as const;
