/** Who may load a module that was compiled here. */
import type { HostFacts } from '../types.ts';

/**
 * staprun, which is set-uid root, is for those of stapusr alone to start; of them those of stapdev load every module. Those of stapsys
 * load, beside what root has put below /lib/modules/RELEASE/systemtap, only what a compile server has signed (man staprun, and the
 * words of staprun 4.8: 'Members of the "stapusr" and "stapsys" groups can only use unsigned modules within …').
 */
const NEEDED = ['stapusr', 'stapdev'] as const;

/** The groups that a user lacks for it; none for root, who needs none. */
export function findMissingGroups({ uid, groups }: Pick<HostFacts['user'], 'uid' | 'groups'>): readonly string[] {
  return uid === 0 ? [] : NEEDED.filter((group) => !groups.includes(group));
}
