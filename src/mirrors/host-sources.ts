/** The target's own package sources: they are asked before any list. Pure; the files come from HostFacts.repositories. */
import type { HostRepositoryFile, Repository, Target } from '../types.ts';
import { parseAptDeb822 } from './apt-deb822.ts';
import { parseAptOneLine } from './apt-one-line.ts';
import { makeAptRepositories } from './apt-source.ts';
import type { AptSource } from './apt-source.ts';
import { baseArch, majorOf, osVersion } from './kernel-tag.ts';
import { isOn, parseRepoIni } from './repo-ini.ts';
import type { HostSources, SourceContext } from './source-file.ts';
import { parseYumRepo } from './yum-repo.ts';
import { parseZypperRepo } from './zypper-repo.ts';
import { forFamily } from '../package-system/systems.ts';

type Reader = (file: HostRepositoryFile, context: SourceContext) => readonly Repository[];

/** Which file is of which form: one row for each. */
const READERS: readonly (readonly [RegExp, Reader])[] = [
  [/\/apt\/sources\.list(\.d\/[^/]+\.list)?$/, (file, context) => aptRepositories(parseAptOneLine(file), context)],
  [/\/apt\/sources\.list\.d\/[^/]+\.sources$/, (file, context) => aptRepositories(parseAptDeb822(file), context)],
  [/\/zypp\/repos\.d\/[^/]+\.repo$/, parseZypperRepo],
  [/\/[^/]+\.repo$/, parseYumRepo],
];

const VARIABLE_FILE = /\/(?:(?:yum|dnf)\/vars|zypp\/vars\.d)\/([A-Za-z0-9_]+)$/;

export interface HostSourceOptions {
  /** Where a key file of the target lies on this machine (Host.localPath); left out: at the same path. */
  readonly keyPath?: (path: string) => string;
  /** Whether keys that come with the files are believed; left out: they are. */
  readonly ownKeys?: boolean;
  /** The same for client certificates and their keys; null for a target that is elsewhere. Left out: at the same path. */
  readonly clientFile?: ((path: string) => string) | null;
  /** The base of addresses that the target's own front end answers; left out: there is none. */
  readonly frontEnd?: string | null;
  /** Key files that the target's apt believes for every source. */
  readonly trusted?: readonly string[];
  /** Names of the installed packages. */
  readonly packages?: readonly string[];
  /** Lists of mirrors that the sources name and that are none of the files. */
  readonly lists?: ReadonlyMap<string, string>;
}

/** The repositories that a target's source files name, in their order, and notes on what was passed over or ignored. */
export function parseHostSources(
  files: readonly HostRepositoryFile[],
  target: Target,
  options: HostSourceOptions = {},
): HostSources {
  const notes = new Set<string>();
  const unbelieved = new Set<string>();
  const context: SourceContext = {
    target,
    keyPath: options.keyPath ?? ((path) => path),
    ownKeys: options.ownKeys ?? true,
    clientFile: options.clientFile === undefined ? (path) => path : options.clientFile,
    frontEnd: options.frontEnd ?? null,
    excludes: readExcludes(files),
    knowsPriorities: knowsPriorities(files, options.packages ?? []),
    trusted: options.trusted ?? [],
    lists: new Map([...(options.lists ?? []), ...files.map(({ path, text }) => [path, text] as const)]),
    variables: collectVariables(files, target, options.packages ?? []),
    leaveOut: (url) => unbelieved.add(url),
    note: (file, text) => notes.add(`${file.path}: ${text}`),
  };
  const repositories = files.flatMap((file) => {
    const reader = READERS.find(([pattern]) => pattern.test(file.path))?.[1];
    return reader === undefined ? [] : reader(file, context);
  });
  const { used, unrelated } = dropUnrelated(repositories, files);
  if (unrelated.length > 0)
    notes.add(
      `not asked, because what they are the debug packages of is switched off too: ${listed(unrelated.map(({ id }) => id.replace(/^target\//, '')))}`,
    );
  return { repositories: used, notes: [...notes], unbelieved: [...unbelieved] };
}

/** exclude and excludepkgs of [main] in yum.conf and dnf.conf. */
function readExcludes(files: readonly HostRepositoryFile[]): readonly string[] {
  const mains = files
    .filter(({ path }) => /\/etc\/(?:yum|dnf\/dnf)\.conf$/.test(path))
    .flatMap(({ text }) => parseRepoIni(text).filter(({ id }) => id === 'main'));
  const texts = mains.flatMap(({ values }) => [values.get('exclude'), values.get('excludepkgs')]);
  return [...new Set(texts.flatMap((text) => (text ?? '').split(/[\s,]+/).filter((word) => word !== '')))];
}

/** dnf and zypper obey priorities by themselves, yum by a plugin. */
function knowsPriorities(files: readonly HostRepositoryFile[], packages: readonly string[]): boolean {
  const isModern = files.some(({ path }) => /^\/etc\/(?:dnf\/|zypp\/)/.test(path));
  return isModern || packages.some((name) => /^(?:dnf5?|zypper|yum(?:-plugin)?-priorities)$/.test(name));
}

/** What `dnf module` keeps of a target's choices: one section a module. */
export function readModuleState(files: readonly HostRepositoryFile[]): {
  readonly enabled: ReadonlyMap<string, string>;
  readonly disabled: ReadonlySet<string>;
} {
  const sections = files.filter(({ path }) => path.endsWith('.module')).flatMap(({ text }) => parseRepoIni(text));
  const inState = (state: string): typeof sections => sections.filter(({ values }) => values.get('state') === state);
  return {
    enabled: new Map(inState('enabled').map(({ id, values }) => [id, values.get('stream') ?? ''])),
    disabled: new Set(inState('disabled').map(({ id }) => id)),
  };
}

function listed(names: readonly string[]): string {
  const more = names.length > 4 ? ` and ${names.length - 4} more` : '';
  return `${names.slice(0, 4).join(', ')}${more}`;
}

/**
 * Repositories that are switched on first, and of the debug repositories that are switched off (as they usually are) none
 * whose own packages cannot come to this system: the repository beside it is switched off as well.
 */
function dropUnrelated(
  repositories: readonly Repository[],
  files: readonly HostRepositoryFile[],
): { readonly used: readonly Repository[]; readonly unrelated: readonly Repository[] } {
  const sections = files.filter(({ path }) => path.endsWith('.repo')).flatMap(({ text }) => parseRepoIni(text));
  const isOnOf = new Map(sections.map(({ id, values }) => [id, isOn(values.get('enabled'), true)]));
  const isUnrelated = ({ id, kind, enabled }: Repository): boolean => {
    if (kind === 'deb' || enabled !== false) return false;
    const own = id.replace(/^target\//, '');
    return DEBUG_WORDS.some((pattern) => pattern.test(own) && isOnOf.get(own.replace(pattern, '')) === false);
  };
  const unrelated = repositories.filter(isUnrelated);
  const rest = repositories.filter((repository) => !unrelated.includes(repository));
  // Stable, and apt's sources have an order of their own.
  const used = rest.toSorted(
    (a, b) => Number(a.kind !== 'deb' && a.enabled === false) - Number(b.kind !== 'deb' && b.enabled === false),
  );
  return { used, unrelated };
}

/**
 * How a debug repository is called after the one that it belongs to: rhel-7-server-debug-rpms, baseos-debuginfo,
 * rhel-8-for-x86_64-baseos-debug-rpms, ol9_baseos_debuginfo, SLE-Module-Basesystem15-SP5-Debuginfo-Pool, repo-debug.
 */
const DEBUG_WORDS: readonly RegExp[] = [/[-_]debug(?:info)?(?=[-_]|$)/i, /^debug(?:info)?[-_]/i];

/** The apt sources of files, unjudged: for deriveFromLocalSources. */
export function readAptSources(files: readonly HostRepositoryFile[]): readonly AptSource[] {
  return files.flatMap((file) => {
    if (file.path.endsWith('.sources')) return parseAptDeb822(file);
    return /\/sources\.list$|\.list$/.test(file.path) ? parseAptOneLine(file) : [];
  });
}

function aptRepositories(sources: readonly AptSource[], context: SourceContext): readonly Repository[] {
  return sources.flatMap((source) => makeAptRepositories(source, context));
}

/** Distributions whose $releasever is the whole VERSION_ID; the others' is the major number. */
const WHOLE_VERSION: ReadonlySet<string> = new Set([
  'opensuse-leap',
  'opensuse',
  'sles',
  'sled',
  'photon',
  'openeuler',
  'amzn',
  'azurelinux',
  'mariner',
  'anolis',
]);

/** Red Hat's own release packages up to 7 provide system-release(releasever) = 7Server, and so their addresses read. */
function releaseverOf(target: Target, major: string, packages: readonly string[]): string {
  if (target.distro.toLowerCase() !== 'rhel' || Number(major) > 7) return major;
  const edition = packages.flatMap(
    (name) => /^redhat-release-(server|workstation|client|computenode)$/.exec(name) ?? [],
  )[1];
  const word = edition === 'computenode' ? 'ComputeNode' : `${edition?.charAt(0).toUpperCase()}${edition?.slice(1)}`;
  return edition === undefined ? major : `${major}${word}`;
}

/** yum's own variables for this target, then those of its files. */
function collectVariables(
  files: readonly HostRepositoryFile[],
  target: Target,
  packages: readonly string[],
): ReadonlyMap<string, string> {
  const version = osVersion(target);
  const arch = forFamily(target, { deb: (own) => own.arch, rpm: ({ packageArch }) => packageArch });
  const variables = new Map<string, string>([
    ['basearch', baseArch(arch)],
    ['arch', arch],
    ['contentdir', target.distro.toLowerCase() === 'centos' ? 'centos' : 'pub'],
    ['infra', 'stock'],
  ]);
  if (version !== null) {
    const whole = WHOLE_VERSION.has(target.distro.toLowerCase());
    variables.set('releasever', whole ? version : releaseverOf(target, majorOf(version), packages));
    variables.set('releasever_major', majorOf(version));
    variables.set('releasever_minor', version.slice(majorOf(version).length + 1));
  }
  for (const file of files) {
    const name = VARIABLE_FILE.exec(file.path)?.[1];
    const value = file.text.slice(0, 400).split('\n', 1)[0]?.trim();
    if (name !== undefined && value !== undefined) variables.set(name.toLowerCase(), value);
  }
  return variables;
}
