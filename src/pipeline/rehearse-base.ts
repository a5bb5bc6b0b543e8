/** The bare system that a rehearsal installs into: Debian's by mmdebstrap, an rpm distribution's from its closure. */
import { countOf } from '../count.ts';
import { TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import { forFamily } from '../package-system/systems.ts';
import { ensureBaseTar, nameBase } from '../rehearse/base-root.ts';
import { ensureRpmBaseTar, nameRpmBase } from '../rehearse/rpm-base.ts';
import { packagesOf } from '../resolve/provisions.ts';
import type { Artifact, DebTarget, PlanItem, Repository, RpmTarget, Target } from '../types.ts';
import { acquireArtifacts } from './acquire.ts';
import type { Resolution } from './resolution.ts';
import type { Session } from './session.ts';
import { runAtOnce, runStage } from './stage.ts';

const BASE_WAIT_MS = 15 * 60_000;

/**
 * The base system, and at the same time the downloads that need no answer of it. The first to fail stops the other.
 * @param make makes the base system. @returns the path of its tar file, and the files
 */
export function makeBaseBeside(
  session: Session,
  make: (session: Session) => Promise<string>,
  items: readonly PlanItem[],
): Promise<[string, readonly Artifact[]]> {
  return runAtOnce(
    session.signal,
    (signal) =>
      runStage(
        session,
        'base system',
        (emit) => make({ ...session, emit, signal }),
        (path) => path,
      ),
    (signal) =>
      runStage(
        session,
        'download',
        (emit) => acquireArtifacts({ ...session, emit, signal }, items),
        (artifacts) => `${countOf(artifacts.length, 'package')} verified`,
      ),
  );
}

/** Path of its tar file, made when it is not there yet. @throws TapprepError of planning, fetching and making it */
export function makeBase(session: Session, target: Target, resolution: Resolution, rootsDir: string): Promise<string> {
  return forFamily(target, {
    deb: (own) => makeDebBase(session, own, resolution, rootsDir),
    rpm: (own) => makeRpmBase(session, own, resolution, rootsDir),
  });
}

/** Debian's, of the target's architecture. @throws TapprepError NO_REPOSITORY, OFFLINE, NETWORK, TOOL_MISSING, INTERRUPTED */
export async function makeDebBase(
  { local, offline, signal, emit, fetcher }: Session,
  target: DebTarget,
  { repositories }: Pick<Resolution, 'repositories'>,
  rootsDir: string,
): Promise<string> {
  const repository = findBaseRepository(repositories, target);
  const request = { local, target, repository, rootsDir, offline, emit, signal };
  const what = `the base system of ${target.distro} ${target.version}`;
  return fetcher.exclusively({ name: nameBase(request), what, waitMs: BASE_WAIT_MS, signal }, () =>
    ensureBaseTar(request),
  );
}

async function makeRpmBase(
  session: Session,
  target: RpmTarget,
  resolution: Resolution,
  rootsDir: string,
): Promise<string> {
  const { local, signal, emit, fetcher } = session;
  const artifacts = await acquireArtifacts(session, packagesOf((await resolution.planBase()).items));
  const request = { local, target, artifacts, rootsDir, emit, signal };
  const what = `the base system of ${target.distro} ${target.version ?? ''}`.trimEnd();
  return fetcher.exclusively({ name: nameRpmBase(request), what, waitMs: BASE_WAIT_MS, signal }, () =>
    ensureRpmBaseTar(request),
  );
}

/** The archive whose suite carries the base system: the release's own, from the first archive that has it. */
export function findBaseRepository(repositories: readonly Repository[], target: DebTarget): Repository {
  const base = repositories.find(
    ({ suite }) => suite !== null && !/[-/](security|updates|backports|debug)/.test(suite),
  );
  if (base !== undefined) return base;
  throw new TapprepError(
    'NO_REPOSITORY',
    `no archive with a base system is known for ${target.distro} ${target.version}`,
    {
      remedy: tapprep('rehearse', '--mirror', 'deb=URL'),
    },
  );
}
