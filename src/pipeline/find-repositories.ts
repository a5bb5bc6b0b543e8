/** Which repositories to ask for a target, in order: --mirror, the user's lists, its own sources, this machine's archive, the list. */
import { TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import { collectOwnSources } from '../mirrors/own-sources.ts';
import { selectRepositories } from '../mirrors/select.ts';
import type { Repository, RepositoryContent } from '../types.ts';
import type { Subject } from './open-target.ts';
import type { Session } from './session.ts';

export interface FindOptions {
  readonly contents: readonly RepositoryContent[];
  /** Accept an index that is older than its own Valid-Until (--allow-expired-release). */
  readonly allowExpiredRelease: boolean;
}

/** The repositories for a subject and notes on its own source files. @throws TapprepError NO_REPOSITORY */
export async function findRepositories(
  session: Session,
  { host, facts, target }: Subject,
  { contents, allowExpiredRelease }: FindOptions,
): Promise<{ readonly repositories: readonly Repository[]; readonly notes: readonly string[] }> {
  const own = await collectOwnSources({ host, facts, target }, session.mirrors);
  const sources = { own: own.repositories, list: session.mirrors, overrides: session.overrides };
  const repositories = selectRepositories(target, sources, { contents });
  if (repositories.length === 0) {
    const version = target.version === null ? '' : ` ${target.version}`;
    throw new TapprepError('NO_REPOSITORY', `no repository is known for ${target.distro}${version} on ${target.arch}`, {
      remedy: tapprep('plan', '--mirror', `${target.family === 'deb' ? 'deb' : 'rpm-md'}=URL`),
    });
  }
  return {
    repositories: allowExpiredRelease
      ? repositories.map((item) => ({ ...item, allowExpiredRelease: true }))
      : repositories,
    notes: own.notes,
  };
}
