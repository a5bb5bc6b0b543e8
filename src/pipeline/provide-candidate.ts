/** Brings one SystemTap to a target: what is installed, a portable one, a build, and any of them mended. */
import { TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { placeOfVersion } from '../resolve/folder-place.ts';
import { type Candidate, nameOf } from '../systemtap/choose.ts';
import { type MendedSystemtap, placeMended } from '../systemtap/mends/place.ts';
import { assembleFolder, assemblePortable } from '../systemtap/portable/assemble.ts';
import { collectGuestStaprun } from '../systemtap/portable/guest.ts';
import { placePortable } from '../systemtap/portable/place.ts';
import { findSuiteRepositories } from '../systemtap/portable/repositories.ts';
import type { PortableContext } from '../systemtap/portable/request.ts';
import { whyNotServed } from '../systemtap/portable/serves.ts';
import { INSTALLED_SYSTEMTAP, type UsableSystemtap } from '../systemtap/usable.ts';
import type { Artifact, FolderItem, PlanItem, PlannedMend } from '../types.ts';
import type { CrossBuild } from '../verify/options.ts';
import { acquireArtifacts } from './acquire.ts';
import { provideBuild } from './build-systemtap.ts';
import type { OpenTarget } from './open-target.ts';
import { toRequest } from './plan-systemtap.ts';
import type { Session } from './session.ts';
import { runStage } from './stage.ts';

/** The portable SystemTaps of a plan. */
export interface PlannedFolders {
  readonly folders: readonly FolderItem[];
  /** What may be mended; where it is all that may come, by nothing else. */
  readonly mends: readonly PlannedMend[];
  /** Whether no other may come beside what is installed: a lock names every byte, and a bundle is all there is. */
  readonly isAll: boolean;
  /** The verified packages of a folder. */
  readonly acquire: (items: readonly PlanItem[]) => Promise<readonly Artifact[]>;
}

export interface CandidateOptions {
  readonly allowExpiredRelease: boolean;
  /** What a plan brings; where left out, whatever the lists know. */
  readonly planned?: PlannedFolders;
  /** Where the host is a root of another architecture than the target. */
  readonly cross?: CrossBuild;
}

/** @throws TapprepError of assembling, placing, building or mending it */
export async function provideCandidate(
  session: Session,
  open: OpenTarget,
  host: Host,
  candidate: Candidate,
  options: CandidateOptions,
): Promise<UsableSystemtap | MendedSystemtap> {
  const { mends, ...base } = candidate;
  const provided = await provideBase(session, open, host, base, options);
  const { tapprepVersion, now } = session;
  const { release } = open.target;
  const about = { name: nameOf(base), version: candidate.version, release, tapprepVersion, now };
  const systemtap = mends === undefined ? provided : await placeMended({ ...about, host, base: provided, mends });
  return options.cross === undefined ? systemtap : buildAcross(session, open, candidate, systemtap, options);
}

function provideBase(
  session: Session,
  open: OpenTarget,
  host: Host,
  candidate: Candidate,
  options: CandidateOptions,
): Promise<UsableSystemtap> {
  switch (candidate.kind) {
    case 'distro':
      return Promise.resolve(INSTALLED_SYSTEMTAP);
    case 'portable':
      return providePortable(session, open, host, candidate, options);
    case 'build':
      return provideBuild(session, open, host, candidate, options.allowExpiredRelease);
  }
}

type FromSuite = Extract<Candidate, { kind: 'portable' | 'build' }>;

function providePortable(
  session: Session,
  { target }: OpenTarget,
  host: Host,
  candidate: FromSuite,
  { allowExpiredRelease, planned, cross }: CandidateOptions,
): Promise<UsableSystemtap> {
  const { cacheDir, tapprepVersion, emit, now, signal } = session;
  const arch = cross?.rootArch ?? target.arch;
  const { version, from } = candidate;
  const folder = planned?.folders.find(
    ({ upstream, distro, suite }) => upstream === version && distro === from.distro && suite === from.suite,
  );
  return runStage(
    session,
    `SystemTap ${version}`,
    async () => {
      const portable =
        folder === undefined || planned === undefined
          ? await assemblePortable(contextOf(session, allowExpiredRelease), toRequest({ arch }, candidate))
          : await assembleFolder({ emit, signal, cacheDir, acquire: planned.acquire }, folder);
      const { release } = target;
      return placePortable({ host, portable, release, arch, tapprepVersion, emit, now, signal });
    },
    ({ prefix }) => `portable, in ${prefix}`,
  );
}

/**
 * A SystemTap of the root's architecture that builds for the target's, and the staprun of the same release for the guest, out
 * of the packages of the suite that it is from.
 */
async function buildAcross(
  session: Session,
  { target }: OpenTarget,
  { version, kind, ...candidate }: Candidate,
  systemtap: UsableSystemtap,
  { allowExpiredRelease, cross }: CandidateOptions,
): Promise<UsableSystemtap> {
  if (cross === undefined || kind === 'build')
    throw new TapprepError('INTERNAL', `SystemTap ${version} has no packages for ${target.arch}`);
  const from = 'from' in candidate ? candidate.from : { distro: target.distro, suite: cross.suite };
  const request = toRequest(target, { kind: 'portable', version, packageVersion: null, distro: null, from });
  const portable = await assemblePortable(contextOf(session, allowExpiredRelease), request);
  const refusal = whyNotServed(portable.manifest, target.release, target.arch);
  if (refusal !== null) throw new TapprepError('NOT_PROVEN', refusal);
  return {
    ...systemtap,
    stapArgv: [...systemtap.stapArgv, ...cross.stapWords],
    guestStaprun: await collectGuestStaprun(portable, placeOfVersion(portable.manifest.version)),
  };
}

function contextOf(session: Session, allowExpiredRelease: boolean): PortableContext {
  const { reader, cacheDir, mirrors, overrides } = session;
  return {
    reader,
    cacheDir,
    findRepositories: (wanted) => findSuiteRepositories(wanted, { mirrors, overrides, allowExpiredRelease }),
    acquire: (items) => acquireArtifacts(session, items),
  };
}
