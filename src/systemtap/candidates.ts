/** All ways to a SystemTap that are known for a target, before any is judged. Pure. */
import type { Mirrors } from '../mirrors/mirror-list.ts';
import type { Candidate } from './choose.ts';
import type { Mend } from './mends/table.ts';
import type { StapIdentity } from './predict.ts';

/**
 * The distribution's own where it has one, then a portable one for each suite of the mirror list, and a build of each source. A build is
 * made from the upstream source, without the distribution's patches.
 */
export function listCandidates(
  own: StapIdentity | null,
  { portable, sources }: Mirrors['systemtap'],
): readonly Candidate[] {
  return [
    ...(own === null ? [] : [{ ...own, kind: 'distro' } as const]),
    ...portable.map(({ distro, suite, version, packageVersion }) => {
      return { kind: 'portable', version, packageVersion, distro, from: { distro, suite } } as const;
    }),
    // What is pinned needs no index, which the others may find out of date or without its tarball.
    ...[...sources, ...portable].map(({ distro, suite, version }) => {
      return { kind: 'build', version, packageVersion: null, distro: null, from: { distro, suite } } as const;
    }),
  ];
}

/** Each candidate that mends are known for, once as it is and once mended. What is built is built from the newest source. */
export function withMended(
  candidates: readonly Candidate[],
  mendsOf: (stap: StapIdentity) => readonly Mend[],
): readonly Candidate[] {
  return candidates.flatMap((candidate) => {
    const mends = candidate.kind === 'build' ? [] : mendsOf(candidate);
    return mends.length === 0 ? [candidate] : [candidate, { ...candidate, mends }];
  });
}
