/** Which repositories to ask for a target, in order: --mirror, the user's lists, its own sources, this machine's archive, the list. */
import { findDistribution, whyNoPlace } from '../detect/distributions.ts';
import { adviceOf, isTapprepError, TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import { collectOwnSources } from '../mirrors/own-sources.ts';
import { type HostSources, quoted } from '../mirrors/source-file.ts';
import { considerMirrors, type SkippedEntry } from '../mirrors/select.ts';
import type { Repository, RepositoryContent, Target } from '../types.ts';
import { registerRemedy } from './present.ts';
import type { OpenTarget } from './open-target.ts';
import type { Session } from './session.ts';
import { FRONT_ENDS } from '../package-system/front-ends.ts';
import { systemOf } from '../package-system/systems.ts';
import { createFrontEndTransport, FRONT_END_SCHEME, frontEndBase } from './front-end-transport.ts';
import { MISSES } from './tiers.ts';
import { isOwn } from './unlisted.ts';

export interface FindOptions {
  readonly contents: readonly RepositoryContent[];
  /** Accept an index that is older than its own Valid-Until (--allow-expired-release). */
  readonly allowExpiredRelease: boolean;
  /** Only the sources that were named for this very target: its own files, --mirror. */
  readonly onlyOwn?: boolean;
}

/** The repositories for a target and notes on its own source files. @throws TapprepError NO_REPOSITORY */
export async function findRepositories(
  session: Session,
  open: OpenTarget,
  { contents, allowExpiredRelease, onlyOwn = false }: FindOptions,
): Promise<HostSources> {
  const { host, target } = open;
  const frontEnd = serveFrontEnd(session, open);
  const own = await collectOwnSources(open, session.mirrors, '/etc/apt', frontEnd);
  const sources = { own: own.repositories, list: session.mirrors, overrides: session.overrides };
  const { snapshot } = session;
  const { repositories: selected, skipped } = considerMirrors(target, sources, {
    contents,
    ...(snapshot === null ? {} : { timestamp: snapshot }),
  });
  if (snapshot !== null && !selected.some(({ state }) => state === 'snapshot')) {
    throw new TapprepError(
      'USAGE',
      `--snapshot ${snapshot} was given, but no snapshot archive is known for ${target.distro} ${target.version ?? ''}`.trimEnd(),
      { remedy: tapprep('mirrors', 'list') },
    );
  }
  const repositories = onlyOwn ? selected.filter(isOwn) : selected;
  // Another source, as of --mirror or of somebody else's kernels, is asked all the same.
  const isAsked = selected.some(({ content }) => content.includes('devel'));
  if (host !== null && own.repositories.length === 0 && !isAsked) refuseUnregistered(target, skipped, host.name);
  if (repositories.length === 0) {
    const why = whyNoPlace(target.distro);
    const version = target.version === null ? '' : ` ${target.version}`;
    const error = new TapprepError(
      'NO_REPOSITORY',
      `no repository is known for ${target.distro}${version} on ${target.arch}${why === null ? '' : `: ${why}`}`,
      { remedy: tapprep('plan', '--mirror', `${systemOf(target).mirrorKind}=URL`) },
    );
    throw withUnbelieved(error, own.unbelieved);
  }
  return {
    repositories: allowExpiredRelease
      ? repositories.map((item) => ({ ...item, allowExpiredRelease: true }))
      : repositories,
    notes: [
      ...own.notes,
      ...noteUnbelieved(own.unbelieved),
      ...(open.host === null || open.keys === 'here' ? [] : keyNotes(target.distro, repositories)),
    ],
    unbelieved: own.unbelieved,
  };
}

/** @param urls of HostSources.unbelieved */
export function noteUnbelieved(urls: readonly string[]): readonly string[] {
  return urls.length === 0 ? [] : [describeUnbelieved(urls)];
}

function describeUnbelieved(urls: readonly string[]): string {
  return `not asked, because the keys that come with them are for their own machine, but here pinned keys and this machine's keyrings are believed alone: ${urls.map(quoted).join(', ')} (a list of yours that pins such a key, --mirrors FILE, has its source asked)`;
}

/** What is missing may lie where nobody asked. */
export function withUnbelieved(error: unknown, urls: readonly string[]): unknown {
  const isMiss = (['NO_REPOSITORY', ...MISSES] as const).some((code) => isTapprepError(error, code));
  if (urls.length === 0 || !isMiss || !isTapprepError(error)) return error;
  return new TapprepError(error.code, `${error.message}; ${describeUnbelieved(urls)}`, {
    ...adviceOf(error),
    facts: { ...error.facts, unbelieved: urls },
    cause: error,
  });
}

/** A system without any source of its own, whose distribution only serves those who are registered. */
function refuseUnregistered(target: Target, skipped: readonly SkippedEntry[], place: string): void {
  const closed = skipped.filter(({ asks }) => asks === 'entitlement' || asks === 'scc');
  if (closed.length === 0) return;
  throw new TapprepError(
    'NOT_REGISTERED',
    `${place} is not registered: it has no package source of its own, and the ${closed.length} of ${target.distro} that are known (${closed[0]?.id ?? ''}, …) only answer registered systems`,
    { remedy: registerRemedy(target), facts: { closed: closed.map(({ id }) => id) } },
  );
}

/** Lets the target's own front end answer for what only it can ask; the base of those addresses, null where there is none. */
function serveFrontEnd(session: Session, { host, facts, target }: OpenTarget): string | null {
  const { atEnd, emit, signal, fetcher } = session;
  if (host === null || atEnd === null || atEnd === undefined) return null;
  const { frontEnds } = systemOf(target);
  const name = frontEnds.find((each) => facts.frontends.includes(each) && FRONT_ENDS[each].fetch !== null);
  const fetch = name === undefined ? null : FRONT_ENDS[name].fetch;
  if (name === undefined || fetch === null) return null;
  fetcher.serve(FRONT_END_SCHEME, createFrontEndTransport(host, { name, fetch, emit, signal, atEnd }));
  return frontEndBase(host);
}

/** Whose keys are pinned nowhere is believed by what the target itself has installed: said, for it is less. */
function keyNotes(distro: string, repositories: readonly Repository[]): readonly string[] {
  const row = findDistribution(distro);
  if (row?.own === null || row?.own === undefined || !repositories.some(({ origin }) => origin === 'target')) return [];
  return [
    `no key of ${row.title} is pinned: its own sources are believed by the key files that the target has installed`,
  ];
}
