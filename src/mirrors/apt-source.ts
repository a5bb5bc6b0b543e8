/** An apt source as its file says it, and the repositories that it means for one target. Pure. */
import { findDistribution, packageHomes } from '../detect/distributions.ts';
import type { Fingerprint, HostRepositoryFile, Repository, RepositoryContent, Target } from '../types.ts';
import { findPlaces } from './apt-places.ts';
import { EVERY_CONTENT, isKeyringPath, isPlainPath, isSafePath, quoted } from './source-file.ts';
import type { SourceContext } from './source-file.ts';
import { systemOf } from '../package-system/systems.ts';

/** One line of a .list file or one stanza of a .sources file, values split but not judged. */
export interface AptSource {
  readonly file: HostRepositoryFile;
  readonly types: readonly string[];
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** null: all that dpkg has. */
  readonly architectures: readonly string[] | null;
  /** Key files and fingerprints, as written. */
  readonly signedBy: readonly string[];
  readonly keyBlocks: readonly string[];
  readonly enabled: boolean;
  /** Options that would switch checks off, by name: trusted, allow-insecure … */
  readonly loosened: readonly string[];
}

/** Options of a source that take checks away; they are noted and not followed. */
export const LOOSENING: readonly (readonly [string, RegExp])[] = [
  ['trusted', /^(yes|true|1|on)$/i],
  ['allow-insecure', /^(yes|true|1|on)$/i],
  ['allow-weak', /^(yes|true|1|on)$/i],
  ['allow-downgrade-to-insecure', /^(yes|true|1|on)$/i],
  ['check-valid-until', /^(no|false|0|off)$/i],
  ['check-date', /^(no|false|0|off)$/i],
];

const DISTRIBUTION_KEYRINGS: Readonly<Record<string, readonly string[]>> = {
  debian: ['/usr/share/keyrings/debian-archive-keyring.gpg'],
  ubuntu: ['/usr/share/keyrings/ubuntu-archive-keyring.gpg', '/usr/share/keyrings/ubuntu-dbgsym-keyring.gpg'],
};

/** Key files of a distribution, and of those whose archive it uses, as their keyring packages install them. */
export function defaultKeyrings(target: Target): readonly string[] {
  const parents = packageHomes(target.distro).flatMap((id) => DISTRIBUTION_KEYRINGS[id] ?? []);
  return [...(findDistribution(target.distro)?.keyrings ?? []), ...parents];
}

/** The repositories of one source: one for each suite, its addresses together. */
export function makeAptRepositories(source: AptSource, context: SourceContext): readonly Repository[] {
  const { target, note } = context;
  if (!systemOf(target).reads('deb') || !source.types.includes('deb')) return [];
  const { architectures } = source;
  if (architectures !== null && !architectures.some((arch) => arch === target.packageArch || arch === 'any')) return [];
  for (const option of source.loosened) {
    note(source.file, `${option} is ignored: everything is verified all the same`);
  }
  const { baseUrls, discovery } = findPlaces(source, target.packageArch, context);
  const first = baseUrls[0] ?? discovery?.url;
  if (first === undefined) return [];
  if (!context.ownKeys && bringsKeys(source)) {
    context.leaveOut(first);
    return [];
  }
  const suites = source.suites.map((suite) => suite.replaceAll('$(ARCH)', target.packageArch));
  const components = source.components.filter(isPlainPath);
  const trust = aptTrust(source, context);
  return suites.flatMap((suite) => {
    if (suite.endsWith('/')) {
      note(source.file, `the flat repository ${quoted(suite)} is passed over: it has no suites`);
      return [];
    }
    if (!isPlainPath(suite) || components.length === 0) {
      note(source.file, `suite ${quoted(suite)} is passed over: suite or components are not plain words`);
      return [];
    }
    return {
      id: `target/${new URL(first).hostname}/${suite.replaceAll('/', '-')}`,
      kind: 'deb' as const,
      baseUrls,
      ...(discovery === null ? {} : { discovery }),
      suite,
      components,
      origin: 'target' as const,
      vendor: null,
      content: contentOf(suite, baseUrls, source.enabled),
      state: 'live' as const,
      trust,
      allowExpiredRelease: false,
      enabled: source.enabled,
    };
  });
}

/** A source that is switched off is only good for what is usually switched off: debug packages. */
function contentOf(suite: string, baseUrls: readonly string[], enabled: boolean): readonly RepositoryContent[] {
  if (suite.endsWith('-debug')) return ['program-debuginfo'];
  if (baseUrls.some((url) => new URL(url).hostname.startsWith('ddebs.'))) return ['debuginfo', 'program-debuginfo'];
  return enabled ? EVERY_CONTENT : [];
}

/** Whether a source is for a key that this machine has in no keyring of its own: written into the file, or a file elsewhere. */
function bringsKeys({ signedBy, keyBlocks }: AptSource): boolean {
  return keyBlocks.length > 0 || signedBy.some((word) => word.startsWith('/') && !isKeyringPath(word));
}

function aptTrust(source: AptSource, context: SourceContext): Repository['trust'] {
  const paths = source.signedBy.filter(isSafePath);
  const fingerprints = source.signedBy
    .map((text) => text.replace(/!$/, '').toUpperCase())
    .filter((text) => /^[0-9A-F]{40}$/.test(text));
  const named = paths.length > 0 || source.keyBlocks.length > 0;
  return {
    metadata: 'signed',
    packages: 'unsigned',
    fingerprints: fingerprints as readonly string[] as readonly Fingerprint[],
    keyrings: (named ? paths : [...defaultKeyrings(context.target), ...(context.trusted ?? [])]).map(context.keyPath),
    ...(source.keyBlocks.length > 0 ? { keyBlocks: source.keyBlocks } : {}),
    allow: [],
  };
}
