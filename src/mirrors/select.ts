/** Which repositories to ask for one target, in which order. Pure. */
import type { Repository, RepositoryContent, RepositoryState, Sentence, Target } from '../types.ts';
import { packageHomes } from '../detect/distributions.ts';
import { keyFilesOf } from './key-files.ts';
import { findKernelTag, osVersion, repositoryArch } from './kernel-tag.ts';
import type { MirrorEntry, Mirrors } from './mirror-list.ts';
import { allowancesOf, makeOverrideRepositories } from './override.ts';
import type { MirrorOverride } from './override.ts';
import { codenameOf, fillTemplate, packageHomeOf, placeholderValues } from './placeholders.ts';
import type { Values } from './placeholders.ts';
import { forFamily, systemOf } from '../package-system/systems.ts';
import { say } from '../sentence.ts';

/** Where repositories can come from. */
export interface SelectionSources {
  /** The target's own sources, parsed (host-sources.ts), in the order they are to be asked. */
  readonly own: readonly Repository[];
  /** All mirror lists as one (load.ts). */
  readonly list: Mirrors;
  /** Parsed --mirror options. */
  readonly overrides: readonly MirrorOverride[];
}

export interface SelectionOptions {
  /** What is looked for; a repository that has none of it is not asked. */
  readonly contents: readonly RepositoryContent[];
  /** Also ask what is known to be retired. Never by itself: such hosts do not answer, or answer with something else. */
  readonly includeRetired?: boolean;
  /** For snapshot archives, e.g. "20230930T000000Z"; without it they are only listed. */
  readonly timestamp?: string;
}

/** An entry of the list that fits the target but is not asked, and why. */
export interface SkippedEntry {
  readonly id: string;
  readonly reason: Sentence;
  /** Present where only what it asks for is missing. */
  readonly asks?: Exclude<MirrorEntry['auth'], 'none'>;
}

const STATE_ORDER: Readonly<Record<RepositoryState, number>> = {
  live: 0,
  vault: 1,
  archive: 2,
  snapshot: 3,
  retired: 4,
};

/**
 * The repositories to ask, in order: --mirror, entries of the user's files, the target's own sources, then the list by
 * state (live, vault, archive, snapshot, retired), official hosts before mirrors within one state.
 */
export function selectRepositories(
  target: Target,
  sources: SelectionSources,
  options: SelectionOptions,
): readonly Repository[] {
  return considerMirrors(target, sources, options).repositories;
}

/** The same with what was left out and why, for `mirrors list`. */
export function considerMirrors(
  target: Target,
  sources: SelectionSources,
  options: SelectionOptions,
): { readonly repositories: readonly Repository[]; readonly skipped: readonly SkippedEntry[] } {
  const skipped: SkippedEntry[] = [];
  const listed: Repository[] = [];
  const fitting = sources.list.entries.filter((entry) => fitsTarget(entry, target, sources.list));
  for (const entry of fitting.toSorted((a, b) => rankOf(a) - rankOf(b))) {
    const reason = reasonToSkip(entry, options);
    const expanded = reason === null ? expandEntry(entry, target, sources.list, options) : { reason };
    const asks = entry.auth === 'none' || !wantsAny(entry.content, options.contents) ? {} : { asks: entry.auth };
    if ('reason' in expanded) skipped.push({ id: entry.id, reason: expanded.reason, ...asks });
    else listed.push(...expanded.repositories);
  }
  const allow = allowancesOf(fitting);
  const dead = deadLists(sources.list);
  const own = sources.own
    .map((repository) => {
      const died = dead.get(hostOf(repository.discovery?.url));
      if (died === undefined) return repository;
      skipped.push({ id: repository.id, reason: say(`its list of mirrors is gone: ${died}`) });
      return { ...repository, discovery: null };
    })
    .filter(
      ({ content, baseUrls, discovery }) =>
        wantsAny(content, options.contents) && (baseUrls.length > 0 || (discovery ?? null) !== null),
    )
    .map((repository) => ({ ...repository, trust: { ...believeDistribution(repository, fitting), allow } }));
  const repositories = [
    ...sources.overrides.flatMap((override) => makeOverrideRepositories(override, target, sources.list, fitting)),
    ...listed.filter((repository) => repository.origin === 'override'),
    ...own,
    ...listed.filter((repository) => repository.origin !== 'override'),
  ];
  return { repositories: dropRepeated(repositories), skipped };
}

/**
 * The keys of the distribution's own packages beside those that a .repo file of the target names: these lie on the target,
 * which may be another machine, or not be there at all.
 */
function believeDistribution({ kind, trust }: Repository, fitting: readonly MirrorEntry[]): Repository['trust'] {
  if (kind === 'deb') return trust;
  const material = fitting.flatMap((entry) => entry.trust.keys.flatMap((key) => key.material ?? []));
  return { ...trust, keyrings: [...new Set([...trust.keyrings, ...material])] };
}

/** Whether an entry speaks of this target: distribution, release, architecture and kernel package. */
function fitsTarget(entry: MirrorEntry, target: Target, list: Mirrors): boolean {
  const homes = forFamily<readonly (string | null)[]>(target, {
    deb: (own) => [packageHomeOf(own, list.codenames)],
    rpm: ({ distro }) => packageHomes(distro),
  });
  if (!entry.distros.some((distro) => homes.includes(distro))) return false;
  if (!systemOf(target).reads(entry.kind)) return false;
  if (entry.archs !== null && !entry.archs.includes(repositoryArch(target))) return false;
  if (entry.kernels !== null && !kernelNames(target).some((name) => entry.kernels?.includes(name))) return false;
  const names = releaseNames(target, list);
  return entry.versions.some((pattern) => names.some((name) => matchesVersion(pattern, name)));
}

/** "*" is any; "7.*" is 7 and every 7.x; everything else is exact: a VERSION_ID, a codename or a minor release. */
export function matchesVersion(pattern: string, version: string): boolean {
  if (pattern === '*') return true;
  if (!pattern.endsWith('.*')) return pattern === version;
  const major = pattern.slice(0, -2);
  return version === major || version.startsWith(`${major}.`);
}

function kernelNames(target: Target): readonly string[] {
  return forFamily<readonly string[]>(target, {
    deb: ({ kernelFamily }) => [kernelFamily],
    rpm: ({ stem, kernelFamily }) => [stem, kernelFamily],
  });
}

function releaseNames(target: Target, list: Mirrors): readonly string[] {
  const codename = codenameOf(target, list.codenames);
  const names = [parentVersion(target, codename, list), findKernelTag(target, list.kernelMinors)?.version, codename];
  const known = names.filter((name) => name !== null && name !== undefined);
  // A rolling release has no version: only "*" speaks of it.
  return known.length === 0 ? [''] : known;
}

/** Hosts of mirror lists that are known to be gone, and what is known of it, also where a target's own file names them. */
function deadLists({ entries }: Mirrors): ReadonlyMap<string, string> {
  return new Map(
    entries
      .filter(({ state, discovery }) => state.status === 'retired' && discovery !== null)
      .map(({ state, discovery }) => [
        hostOf(discovery?.url.replaceAll(/[{}]/g, '')),
        `${state.note ?? 'retired'}${state.since === null ? '' : ` since ${state.since}`}`,
      ]),
  );
}

function hostOf(url: string | undefined): string {
  return url !== undefined && URL.canParse(url) ? new URL(url).hostname : '';
}

/** What the release is called where its packages are: a derived distribution counts its own way. */
function parentVersion(target: Target, codename: string | null, list: Mirrors): string | null {
  const home = packageHomeOf(target, list.codenames);
  if (!systemOf(target).reads('deb') || home === target.distro.toLowerCase()) return osVersion(target);
  return Object.entries(list.codenames[home] ?? {}).find(([, name]) => name === codename)?.[0] ?? null;
}

function rankOf(entry: MirrorEntry): number {
  return STATE_ORDER[entry.state.status] * 2 + (entry.host === 'official' ? 0 : 1);
}

function wantsAny(has: readonly RepositoryContent[], wanted: readonly RepositoryContent[]): boolean {
  return has.some((content) => wanted.includes(content));
}

const NEEDS: Readonly<Record<Exclude<MirrorEntry['auth'], 'none'>, string>> = {
  entitlement: 'needs a subscription certificate: the target itself asks it through its own repository files',
  scc: 'needs a SUSE Customer Center registration: the target itself asks it through its own repository files',
  login: 'needs an account',
};

function reasonToSkip(entry: MirrorEntry, options: SelectionOptions): Sentence | null {
  if (!wantsAny(entry.content, options.contents)) return say(`has only ${entry.content.join(', ')}`);
  if (entry.auth !== 'none') return say(NEEDS[entry.auth]);
  if (entry.state.status === 'retired' && options.includeRetired !== true) {
    const since = entry.state.since === null ? '' : ` since ${entry.state.since}`;
    return say(`retired${since}${entry.state.note === null ? '' : `: ${entry.state.note}`}`);
  }
  return null;
}

function expandEntry(
  entry: MirrorEntry,
  target: Target,
  list: Mirrors,
  options: SelectionOptions,
): { readonly repositories: readonly Repository[] } | { readonly reason: Sentence } {
  const timestamp = options.timestamp ?? null;
  const first = placeholderValues(target, list, 'kernel', timestamp);
  // What is not tied to the kernel belongs to the release that is installed, which may be another minor.
  const second = placeholderValues(target, list, 'system', timestamp);
  const rounds = wantsAny(entry.content, ['systemtap', 'toolchain']) ? [first, second] : [first];
  const repositories: Repository[] = [];
  let missing: string | null = null;
  for (const values of rounds) {
    for (const part of entry.kind === 'deb' ? entry.suites : entry.parts.length > 0 ? entry.parts : [null]) {
      const made = makeRepository(entry, values, part);
      if ('missing' in made) missing ??= made.missing;
      else if (!repositories.some((other) => sameSource(other, made.repository))) repositories.push(made.repository);
    }
  }
  if (repositories.length > 0) return { repositories };
  if (missing === 'timestamp') return { reason: say('asked only for a given time (--snapshot 20260801T000000Z)') };
  return { reason: say(`its address needs {${missing ?? 'urls'}}, which this target does not tell`) };
}

function makeRepository(
  entry: MirrorEntry,
  values: Values,
  part: string | null,
): { readonly repository: Repository } | { readonly missing: string } {
  const filledPart = part === null ? { text: null, missing: null } : fillTemplate(part, values);
  if (filledPart.missing !== null) return { missing: filledPart.missing };
  const all: Values = {
    ...values,
    part: entry.kind === 'deb' ? null : filledPart.text,
    keyid: shortKeyId(entry, values),
  };
  const filled = entry.urls.map((url) => fillTemplate(url, all));
  const baseUrls = filled.flatMap((url) => (url.text === null ? [] : [url.text]));
  const listUrl = entry.discovery === null ? null : fillTemplate(entry.discovery.url, all);
  const discovery =
    entry.discovery !== null && listUrl !== null && listUrl.text !== null
      ? { kind: entry.discovery.kind, url: listUrl.text }
      : null;
  if (baseUrls.length === 0 && discovery === null) {
    return { missing: filled.find((url) => url.missing !== null)?.missing ?? listUrl?.missing ?? 'urls' };
  }
  return {
    repository: {
      id: nameOf(entry, filledPart.text, values),
      kind: entry.kind,
      baseUrls,
      discovery,
      suite: entry.kind === 'deb' ? filledPart.text : null,
      components: entry.components,
      origin: entry.origin,
      vendor: entry.vendor,
      content: entry.content,
      state: entry.state.status,
      trust: {
        metadata: entry.trust.metadata,
        packages: entry.trust.packages,
        fingerprints: entry.trust.keys.map((key) => key.fingerprint),
        keyrings: keyFilesOf(entry),
        allow: entry.trust.allow,
      },
      // What was valid on a day of the past is what a snapshot is asked for.
      allowExpiredRelease: entry.state.status === 'snapshot',
      auth: entry.auth,
      notes: notesOf(entry),
    },
  };
}

/** The last eight digits of a key, as koji names the folder of what that key signed. */
function shortKeyId({ keyOf, trust }: MirrorEntry, values: Values): string | null {
  const name = keyOf === null ? null : fillTemplate(keyOf, values).text;
  return (
    trust.keys
      .find(({ id }) => id === name)
      ?.fingerprint.slice(-8)
      .toLowerCase() ?? null
  );
}

function nameOf(entry: MirrorEntry, part: string | null, values: Values): string {
  const minor = entry.urls.some((url) => url.includes('{minor}') || url.includes('{point}')) ? values.point : null;
  return [entry.id, minor, part?.replaceAll('/', '-')]
    .filter((piece) => piece !== null && piece !== undefined)
    .join('/');
}

function notesOf(entry: MirrorEntry): readonly string[] {
  return [
    entry.state.note,
    entry.verified === null ? `not verified: ${entry.reason ?? 'no reason given'}` : null,
  ].filter((note) => note !== null);
}

function sameSource(a: Repository, b: Repository): boolean {
  return (
    a.kind === b.kind && a.suite === b.suite && a.baseUrls[0] === b.baseUrls[0] && a.discovery?.url === b.discovery?.url
  );
}

/** The same place twice is asked once, where it comes first, for all that either is asked for. */
function dropRepeated(repositories: readonly Repository[]): readonly Repository[] {
  const kept: Repository[] = [];
  for (const repository of repositories) {
    const at = kept.findIndex((other) => sameSource(other, repository));
    const first = kept[at];
    if (first === undefined) kept.push(repository);
    else kept[at] = { ...first, content: [...new Set([...first.content, ...repository.content])] };
  }
  return kept;
}
