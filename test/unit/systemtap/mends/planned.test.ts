import { expect, test } from 'vitest';
import { isTapprepError } from '../../../../src/errors.ts';
import { planMends, requirePlannedMends } from '../../../../src/systemtap/mends/planned.ts';
import { MENDS } from '../../../../src/systemtap/mends/table.ts';
import type { PlannedMend, Sha256 } from '../../../../src/types.ts';

const planned = planMends('5.6 mended', MENDS);

function refused(by: PlannedMend['by']): string {
  try {
    requirePlannedMends([{ name: '5.6 mended', by }]);
  } catch (error) {
    if (isTapprepError(error, 'LOCK_STALE')) return error.message;
    throw error;
  }
  return 'taken';
}

test('what this tapprep has is taken, by its digest', () => {
  expect(refused(planned.by)).toBe('taken');
  expect(new Set(planned.by.map(({ sha256 }) => sha256)).size).toBe(MENDS.length);
});

test('a mend with another content, or that is not there, makes a lock stale', () => {
  const other = 'a'.repeat(64) as Sha256;
  const own = planned.by[0]?.sha256.slice(0, 12) ?? '';
  expect(refused([{ id: 'task-euid', sha256: other }])).toBe(
    `the plan wants the mend task-euid aaaaaaaaaaaa, but this tapprep has ${own}`,
  );
  expect(refused([{ id: 'no-such', sha256: other }])).toBe(
    'the plan wants the mend no-such aaaaaaaaaaaa, but this tapprep has none of that name',
  );
});
