/** Mends as a plan names them, and whether this tapprep still has the same. Pure. */
import { TapprepError } from '../../errors.ts';
import { tapprep } from '../../make-remedy.ts';
import type { PlannedMend, Sha256 } from '../../types.ts';
import { digest } from './edit.ts';
import { findMend, type Mend } from './table.ts';

/** A SystemTap with the digests of all that its mends change. */
export function planMends(name: string, mends: readonly Mend[]): PlannedMend {
  return { name, by: mends.map((mend) => ({ id: mend.id, sha256: digestOf(mend) })) };
}

/** Whether this tapprep has the very mend that is named. */
export function isKnownMend({ id, sha256 }: PlannedMend['by'][number]): boolean {
  const mend = findMend(id);
  return mend !== null && digestOf(mend) === sha256;
}

/** @throws TapprepError LOCK_STALE where a plan names a mend that this tapprep does not have, or has otherwise */
export function requirePlannedMends(planned: readonly PlannedMend[]): void {
  for (const { id, sha256 } of planned.flatMap(({ by }) => by)) {
    const mend = findMend(id);
    if (mend !== null && digestOf(mend) === sha256) continue;
    const found = mend === null ? 'none of that name' : digestOf(mend).slice(0, 12);
    throw new TapprepError(
      'LOCK_STALE',
      `the plan wants the mend ${id} ${sha256.slice(0, 12)}, but this tapprep has ${found}`,
      {
        remedy: tapprep('plan', '--out', 'FILE'),
        hint: 'makes a new lock',
        facts: { mend: id, wanted: sha256, found },
      },
    );
  }
}

/** Of what is changed, and not of what is said of it. */
function digestOf({ definitions, edits, flags }: Mend): Sha256 {
  return digest(JSON.stringify([definitions, edits, flags])) as Sha256;
}
