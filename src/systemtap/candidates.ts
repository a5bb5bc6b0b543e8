/** All ways to a SystemTap that are known for a target, before any is judged. Pure. */
import type { Mirrors } from '../mirrors/mirror-list.ts';
import type { Candidate } from './choose.ts';
import type { StapIdentity } from './predict.ts';

/**
 * The distribution's own where it has one, then a portable one and a build for each suite of the mirror list. A build is
 * made from the upstream source, without the distribution's patches.
 */
export function listCandidates(own: StapIdentity | null, { portable }: Mirrors['systemtap']): readonly Candidate[] {
  return [
    ...(own === null ? [] : [{ ...own, kind: 'distro' } as const]),
    ...portable.map(({ distro, suite, version, packageVersion }) => {
      return { kind: 'portable', version, packageVersion, distro, from: { distro, suite } } as const;
    }),
    ...portable.map(({ distro, suite, version }) => {
      return { kind: 'build', version, packageVersion: null, distro: null, from: { distro, suite } } as const;
    }),
  ];
}
