/** Which repositories to ask for a target, in order: --mirror, the user's lists, its own sources, this machine's archive, the list. */
import { findDistribution, whyNoPlace } from '../detect/distributions.ts';
import { TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import { collectOwnSources } from '../mirrors/own-sources.ts';
import { selectRepositories } from '../mirrors/select.ts';
import type { Repository, RepositoryContent } from '../types.ts';
import type { Subject } from './open-target.ts';
import type { Session } from './session.ts';
import { systemOf } from '../package-system/systems.ts';
import { isOwn } from './unlisted.ts';

export interface FindOptions {
  readonly contents: readonly RepositoryContent[];
  /** Accept an index that is older than its own Valid-Until (--allow-expired-release). */
  readonly allowExpiredRelease: boolean;
  /** Only the sources that were named for this very target: its own files, --mirror. */
  readonly onlyOwn?: boolean;
}

/** The repositories for a subject and notes on its own source files. @throws TapprepError NO_REPOSITORY */
export async function findRepositories(
  session: Session,
  { host, facts, target }: Subject,
  { contents, allowExpiredRelease, onlyOwn = false }: FindOptions,
): Promise<{ readonly repositories: readonly Repository[]; readonly notes: readonly string[] }> {
  const own = await collectOwnSources({ host, facts, target }, session.mirrors);
  const sources = { own: own.repositories, list: session.mirrors, overrides: session.overrides };
  const { snapshot } = session;
  const selected = selectRepositories(target, sources, {
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
  if (repositories.length === 0) {
    const why = whyNoPlace(target.distro);
    const version = target.version === null ? '' : ` ${target.version}`;
    throw new TapprepError(
      'NO_REPOSITORY',
      `no repository is known for ${target.distro}${version} on ${target.arch}${why === null ? '' : `: ${why}`}`,
      { remedy: tapprep('plan', '--mirror', `${systemOf(target).mirrorKind}=URL`) },
    );
  }
  return {
    repositories: allowExpiredRelease
      ? repositories.map((item) => ({ ...item, allowExpiredRelease: true }))
      : repositories,
    notes: [...own.notes, ...keyNotes(target.distro, repositories)],
  };
}

/** Whose keys are pinned nowhere is believed by what the target itself has installed: said, for it is less. */
function keyNotes(distro: string, repositories: readonly Repository[]): readonly string[] {
  const row = findDistribution(distro);
  if (row?.own === null || row?.own === undefined || !repositories.some(({ origin }) => origin === 'target')) return [];
  return [
    `no key of ${row.title} is pinned: its own sources are believed by the key files that the target has installed`,
  ];
}
