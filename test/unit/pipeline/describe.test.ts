import { expect, test } from 'vitest';
import { describeChange, describePlan } from '../../../src/pipeline/describe.ts';
import type { Plan, PlanItem } from '../../../src/types.ts';

const item = (name: string, more: Partial<PlanItem> = {}): Partial<PlanItem> => ({
  kind: 'package',
  name,
  install: true,
  ...more,
});

const planOf = (...items: readonly Partial<PlanItem>[]): Plan =>
  ({ items, target: { release: '6.1.0-57-cloud-amd64' } }) as unknown as Plan;

test('the kernel that a proof unpacks is no package of those that are installed: both lines have one number', () => {
  const plan = planOf(item('headers'), item('gcc'), item('linux-image', { kind: 'image', install: false }));
  expect(describePlan(plan)).toBe('2 packages, 1 more with the kernel itself for 6.1.0-57-cloud-amd64');
  expect(describeChange(plan)).toBe('install 2 packages');
});

test('without it a plan is its packages', () => {
  expect(describePlan(planOf(item('headers')))).toBe('1 package for 6.1.0-57-cloud-amd64');
});
