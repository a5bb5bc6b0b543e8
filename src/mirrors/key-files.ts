/** Which key files of this machine a mirror entry is believed by. Pure. */
import type { MirrorEntry } from './mirror-list.ts';

/**
 * The key files of an entry: its keyrings, then each pinned key as it came with a list; where none brought it, where the
 * distribution itself puts it, in case this is such a machine. Every one of them only counts for the pinned fingerprints.
 * A Debian archive is believed by keyrings alone: they are what mmdebstrap and apt take, one file for all keys.
 */
export function keyFilesOf({ kind, trust }: Pick<MirrorEntry, 'kind' | 'trust'>): readonly string[] {
  const pinned = trust.keys.flatMap(({ material, file }) => (kind === 'deb' ? null : material) ?? file ?? []);
  return [...new Set([...trust.keyrings, ...pinned])];
}
