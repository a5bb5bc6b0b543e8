/** Which SystemTaps may be tried on a target: what is installed there, what a plan brings, and what the lists know. */
import { listCandidates } from '../systemtap/candidates.ts';
import { type Candidate, nameOf } from '../systemtap/choose.ts';
import { listMended, type MendedCandidates, type MendWish } from '../systemtap/mended-candidates.ts';
import type { StapIdentity } from '../systemtap/predict.ts';
import type { PlannedFolders } from './provide-candidate.ts';
import type { Session } from './session.ts';

/** Every way that is left: a plan's folders stand for those of the lists. */
export function listOpen(
  own: StapIdentity | null,
  known: Session['mirrors']['systemtap'],
  planned: PlannedFolders | undefined,
): readonly Candidate[] {
  const open = planned?.isAll === true ? { portable: [], sources: [] } : known;
  const folders = (planned?.folders ?? []).map(({ upstream, version, distro, suite }) => {
    return { kind: 'portable', version: upstream, packageVersion: version, distro, from: { distro, suite } } as const;
  });
  const isPlanned = (candidate: Candidate): boolean =>
    candidate.kind === 'portable' && folders.some((each) => nameOf(each) === nameOf(candidate));
  const listed = listCandidates(own, open);
  const first = listed.filter(({ kind }) => kind === 'distro');
  const others = listed.filter((candidate) => candidate.kind !== 'distro' && !isPlanned(candidate));
  return [...first, ...folders, ...others];
}

/** Where a plan is all that may come, nothing is mended but what it names. */
export function listAllowed(
  open: readonly Candidate[],
  wish: MendWish,
  planned: PlannedFolders | undefined,
): MendedCandidates {
  const listed = listMended(open, wish);
  if (planned?.isAll !== true) return listed;
  const names = new Set(planned.mends.map(({ name }) => name));
  return { known: listed.known.filter((each) => each.mends === undefined || names.has(nameOf(each))), further: [] };
}
