/** This machine's own archive as a source for another release of the same distribution. Pure. */
import type { HostRepositoryFile, Repository, Target } from '../types.ts';
import { defaultKeyrings, makeAptRepositories } from './apt-source.ts';
import type { AptSource } from './apt-source.ts';
import { readAptSources } from './host-sources.ts';
import type { Mirrors } from './mirror-list.ts';
import { codenameOf, packageHomeOf } from './placeholders.ts';
import type { HostSources } from './source-file.ts';
import { systemOf } from '../package-system/systems.ts';

/** Names that move from release to release. */
const MOVING = ['stable', 'oldstable', 'oldoldstable', 'testing', 'unstable'];
const REMOVED_KEYS = '/usr/share/keyrings/debian-archive-removed-keys.gpg';
/** Since Debian 11 the security suite is CODENAME-security; before it was CODENAME/updates. */
const FIRST_WITH_SECURITY_SUFFIX = 11;

type Part = 'main' | 'security';

/**
 * The suites of the target's codename in the archives that this machine's own apt sources name for its distribution:
 * CODENAME and CODENAME-updates in the main archive, CODENAME-backports for a kernel of backports, and the security
 * suite in the security archive.
 * Empty where this machine is of another distribution or family.
 */
export function deriveFromLocalSources(
  localFiles: readonly HostRepositoryFile[],
  target: Target,
  list: Pick<Mirrors, 'codenames'>,
): HostSources {
  const home = packageHomeOf(target, list.codenames);
  const table = list.codenames[home] ?? {};
  const codename = codenameOf(target, list.codenames);
  if (!systemOf(target).reads('deb') || codename === null) return { repositories: [], notes: [], unbelieved: [] };
  const release: Release = {
    codename,
    version: numberOf(codename, table),
    distro: home,
    backported: /bpo|\+deb/.test(target.release),
  };
  const known = [...Object.values(table), ...(release.distro === 'debian' ? MOVING : [])];
  const notes = new Set<string>();
  const context = {
    target,
    keyPath: (path: string) => path,
    ownKeys: true,
    clientFile: null,
    frontEnd: null,
    excludes: [],
    knowsPriorities: false,
    variables: new Map<string, string>(),
    leaveOut: () => {},
    note: (file: HostRepositoryFile, text: string) => notes.add(`${file.path}: ${text}`),
  };
  const repositories: Repository[] = [];
  for (const source of readAptSources(localFiles)) {
    if (!source.enabled || !source.types.includes('deb')) continue;
    const parts = new Set(source.suites.map((suite) => partOf(suite, known)).filter((part) => part !== null));
    const suites = [...parts].flatMap((part) => suitesOf(part, release));
    if (suites.length === 0) continue;
    for (const made of makeAptRepositories({ ...withKeyrings(source, target, release), suites }, context)) {
      const there = repositories.some(
        (other) => other.suite === made.suite && other.baseUrls.join(' ') === made.baseUrls.join(' '),
      );
      if (!there) repositories.push({ ...made, id: made.id.replace(/^target\//, 'local/'), origin: 'local' });
    }
  }
  return { repositories, notes: [...notes], unbelieved: [] };
}

function numberOf(codename: string, table: Readonly<Record<string, string>>): number {
  const version = Object.keys(table).find((key) => table[key] === codename && /^\d+(\.\d+)?$/.test(key));
  return version === undefined ? Number.POSITIVE_INFINITY : Number(version);
}

/** Which archive a suite belongs to; null for suites of others (a vendor's own, debug, proposed). */
function partOf(suite: string, known: readonly string[]): Part | null {
  const base = known.find((name) => suite === name || suite.startsWith(`${name}-`) || suite.startsWith(`${name}/`));
  if (base === undefined) return null;
  const suffix = suite.slice(base.length);
  if (suffix === '-security' || suffix === '/updates') return 'security';
  return suffix === '' || suffix === '-updates' || suffix === '-backports' ? 'main' : null;
}

interface Release {
  readonly codename: string;
  readonly version: number;
  readonly distro: string;
  /** Kernels of backports say so: 5.10.0-0.bpo.5-amd64, 6.12.38+deb12-amd64. */
  readonly backported: boolean;
}

function suitesOf(part: Part, { codename, version, distro, backported }: Release): readonly string[] {
  if (codename === 'sid') return part === 'main' ? ['sid'] : [];
  if (part === 'main') {
    return [codename, `${codename}-updates`, ...(backported ? [`${codename}-backports`] : [])];
  }
  return distro === 'debian' && version < FIRST_WITH_SECURITY_SUFFIX
    ? [`${codename}/updates`]
    : [`${codename}-security`];
}

/** A release of before is signed by keys that this machine's keyring may have retired. */
function withKeyrings(source: AptSource, target: Target, { distro, version }: Release): AptSource {
  const own = source.signedBy.length > 0 || source.keyBlocks.length > 0 ? source.signedBy : defaultKeyrings(target);
  const old = distro === 'debian' && version < FIRST_WITH_SECURITY_SUFFIX;
  return { ...source, signedBy: old ? [...own, REMOVED_KEYS] : own };
}
