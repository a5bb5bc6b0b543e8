import { expect, test } from 'vitest';
import { findMissingGroups } from '../../../src/detect/load-groups.ts';
import { checkFacts } from '../../../src/diagnose/check-facts.ts';
import { findLocalObstacle } from '../../../src/verify/local-obstacle.ts';
import { alter, EL9 } from '../diagnose/sample-facts.ts';

const NEEDS = 'loading a module needs root rights or membership of stapusr and stapdev, but joe is not in ';

test.each([
  ['root, in none', 0, [], null],
  ['both', 1000, ['joe', 'stapusr', 'stapdev'], null],
  ['all three', 1000, ['stapusr', 'stapsys', 'stapdev'], null],
  ['none', 1000, ['joe'], `${NEEDS}stapusr and stapdev`],
  ['stapdev, who may not start staprun', 1000, ['stapdev'], `${NEEDS}stapusr`],
  ['stapusr, who loads what root has put in its place', 1000, ['stapusr'], `${NEEDS}stapdev`],
  ['stapsys, who loads what a compile server has signed', 1000, ['stapsys'], `${NEEDS}stapusr and stapdev`],
  ['stapusr and stapsys', 1000, ['stapusr', 'stapsys'], `${NEEDS}stapdev`],
])('a user in %s', (_, uid, groups, obstacle) => {
  const facts = alter(EL9, { user: { uid, name: 'joe', groups } });
  expect(findLocalObstacle(facts, null)).toBe(obstacle);
  // doctor says the same.
  const found = checkFacts(facts, null).filter(({ check }) => check === 'user');
  expect(found.map(({ status }) => status)).toEqual([obstacle === null ? 'ok' : 'problem']);
  expect(findMissingGroups(facts.user).length === 0).toBe(obstacle === null);
});

test('one without a name is told by number', () => {
  const facts = alter(EL9, { user: { uid: 1000, name: null, groups: ['stapusr'] } });
  expect(findLocalObstacle(facts, null)).toMatch(/but uid 1000 is not in stapdev$/);
});
