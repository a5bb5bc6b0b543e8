/** The attacks run with the slow tests; that a guard moved away from where they look for it is said by the quick ones. */
import { expect, test } from 'vitest';
import { endAll } from '../attacks/attack.ts';
import { listAttacks } from '../attacks/list.ts';
import { readEdited } from '../attacks/trees.ts';

test('every guard that an attack switches off stands where it is looked for', async () => {
  const listed = await listAttacks();
  expect(listed.length).toBeGreaterThan(200);
  const moved = listed.flatMap(({ kind, attack }) =>
    attack.guard.flatMap((edit) => {
      try {
        readEdited(edit);
        return [];
      } catch (error) {
        return [`${kind}: ${attack.name}: ${String(error)}`];
      }
    }),
  );
  endAll();
  expect(moved).toEqual([]);
});
