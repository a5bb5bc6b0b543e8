/** `--mirror KIND=URL`: one repository of the user's, asked before all others. Pure. */
import { TapprepError } from '../errors.ts';
import type { Repository, RepositoryKind, RepositoryTrust, SignatureAllowance, Target } from '../types.ts';
import { keyFilesOf } from './key-files.ts';
import type { MirrorEntry, Mirrors } from './mirror-list.ts';
import { fillTemplate, isSafeTemplate, placeholderValues } from './placeholders.ts';
import { systemOf } from '../package-system/systems.ts';

/** One parsed --mirror option; the URL may still have placeholders. */
export interface MirrorOverride {
  readonly kind: RepositoryKind;
  readonly url: string;
  /** deb: suites given after the URL; empty for those of the target's codename. */
  readonly suites: readonly string[];
  /** deb: components given after the suite. */
  readonly components: readonly string[];
}

const KINDS: readonly RepositoryKind[] = ['deb', 'rpm-md', 'listing', 'template'];

/**
 * Parses "KIND=URL", or "deb=URL SUITE COMPONENT…" as a line of sources.list has it.
 * @throws TapprepError USAGE
 */
export function parseMirrorOption(option: string): MirrorOverride {
  const equals = option.indexOf('=');
  const kind = KINDS.find((name) => name === option.slice(0, Math.max(equals, 0)));
  const [url = '', suite, ...components] = option.slice(equals + 1).split(/\s+/);
  const usage = (why: string) => new TapprepError('USAGE', `--mirror ${option}: ${why}`);
  if (!kind) throw usage(`the kind must be one of ${KINDS.join(', ')}`);
  if (!/^(https?|ftp):\/\/[^/\s]+/.test(url) || !URL.canParse(url.replaceAll(/[{}]/g, 'x'))) {
    throw usage('the address must be an http, https or ftp URL');
  }
  if (!isSafeTemplate(url)) throw usage('the address has a placeholder that is not known');
  if (suite !== undefined && kind !== 'deb') throw usage('only a deb mirror takes a suite and components');
  if (![suite ?? 'x', ...components].every((text) => /^[A-Za-z0-9][A-Za-z0-9._/+-]*$/.test(text))) {
    throw usage('a suite or component is not a plain word');
  }
  return { kind, url: url.endsWith('/') ? url : `${url}/`, suites: suite === undefined ? [] : [suite], components };
}

/** The repositories of one --mirror option for a target; empty where it is of the other family. */
export function makeOverrideRepositories(
  override: MirrorOverride,
  target: Target,
  list: Mirrors,
  fitting: readonly MirrorEntry[],
): readonly Repository[] {
  if (!systemOf(target).reads(override.kind)) return [];
  const values = placeholderValues(target, list, 'kernel', null);
  const url = fillTemplate(override.url, values);
  if (url.text === null) {
    throw new TapprepError('USAGE', `--mirror ${override.url} needs {${url.missing}}, which this target does not tell`);
  }
  const suites = override.kind === 'deb' ? overrideSuites(override, values.codename) : [null];
  return suites.map((suite) => ({
    id: `--mirror ${override.kind}${suite === null ? '' : ` ${suite}`}`,
    kind: override.kind,
    baseUrls: [url.text],
    suite,
    components: override.kind === 'deb' && override.components.length === 0 ? ['main'] : override.components,
    origin: 'override',
    vendor: fitting[0]?.vendor ?? null,
    content: ['image', 'devel', 'debuginfo', 'systemtap', 'toolchain'],
    state: 'live',
    trust: overrideTrust(override.kind, fitting),
    allowExpiredRelease: false,
    auth: 'none',
  }));
}

function overrideSuites(override: MirrorOverride, codename: string | null): readonly string[] {
  if (override.suites.length > 0) return override.suites;
  if (codename === null) return [];
  if (override.url.endsWith('security/')) return [`${codename}-security`];
  return [codename, `${codename}-updates`];
}

/** Another place for the same packages: it is believed by the keys that the list pins for this target, and no others. */
function overrideTrust(kind: RepositoryKind, fitting: readonly MirrorEntry[]): RepositoryTrust {
  const same = fitting.filter((entry) => (entry.kind === 'deb') === (kind === 'deb'));
  const keys = same.flatMap(({ trust }) => trust.keys);
  return {
    metadata: kind === 'deb' ? 'signed' : 'unsigned',
    packages: kind === 'deb' ? 'unsigned' : 'signed',
    fingerprints: [...new Set(keys.map((key) => key.fingerprint))],
    keyrings: [...new Set(same.flatMap(keyFilesOf))],
    allow: allowancesOf(fitting),
  };
}

/**
 * How old the signatures of a release may be, wherever its packages lie: what the built-in list accepts for it. Snapshots
 * and retired places accept more, for themselves only.
 */
export function allowancesOf(fitting: readonly MirrorEntry[]): readonly SignatureAllowance[] {
  const entries = fitting.filter(
    ({ origin, state }) => origin === 'mirrors.json' && state.status !== 'snapshot' && state.status !== 'retired',
  );
  return [...new Set(entries.flatMap((entry) => entry.trust.allow))];
}
