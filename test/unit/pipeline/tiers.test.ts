import { expect, test } from 'vitest';
import { TapprepError } from '../../../src/errors.ts';
import { planInTiers } from '../../../src/pipeline/tiers.ts';
import type { Plan, Repository } from '../../../src/types.ts';
import { failureOf } from '../../helpers/failure-of.ts';
import { rpmRepository } from '../../helpers/rpm-repository.ts';

const from = (id: string, origin: Repository['origin'], state: Repository['state'] = 'live'): Repository =>
  rpmRepository([`http://${id}.example.org/`], {}, { id, origin, state });
const ORDER = [
  from('given', 'override'),
  from('main', 'target'),
  from('updates', 'target'),
  from('here', 'local'),
  from('official', 'mirrors.json'),
  from('vault', 'mirrors.json', 'vault'),
];

/** What was asked at each attempt, where the repository of that id has the kernel. */
async function askFor(owner: string): Promise<readonly string[]> {
  const attempts: string[] = [];
  const plan = planInTiers(
    ORDER,
    async (asked) => {
      attempts.push(asked.map(({ id }) => id).join(' '));
      const has = asked.some(({ id }) => id === owner);
      return Promise.resolve({
        failures: [],
        plan: () => {
          if (has) return { notes: [] } as unknown as Plan;
          throw new TapprepError('NO_EXACT_PACKAGE', 'none');
        },
      });
    },
    () => undefined,
  );
  await plan.catch(() => undefined);
  return attempts;
}

test('the nearest that have a plan are asked, and no further ones: this machine’s archive after the target’s own sources', async () => {
  expect(await askFor('given')).toEqual(['given']);
  expect(await askFor('updates')).toEqual(['given', 'given main updates']);
  expect(await askFor('here')).toEqual(['given', 'given main updates', 'given main updates here']);
  expect((await askFor('vault')).at(-1)).toBe('given main updates here official vault');
  expect(await askFor('nobody')).toHaveLength(5);
});

test('each that was asked is told once, in order, with what it answered and whether that was enough', async () => {
  const told: (readonly string[])[] = [];
  await planInTiers(
    ORDER,
    async (asked) =>
      Promise.resolve({
        failures: asked
          .filter(({ id }) => id === 'updates')
          .map((repository) => ({ repository, error: new TapprepError('TIMEOUT', 'late') })),
        plan: () => {
          if (asked.some(({ id }) => id === 'here')) return { notes: [] } as unknown as Plan;
          throw new TapprepError('NO_EXACT_PACKAGE', 'none');
        },
      }),
    (event) => {
      if (event.type === 'asked') told.push([event.repository, event.tier, event.answer, event.plan]);
    },
  );
  expect(told).toEqual([
    ['given', 'override', 'read', 'NO_EXACT_PACKAGE'],
    ['main', 'target', 'read', 'NO_EXACT_PACKAGE'],
    ['updates', 'target', 'TIMEOUT', 'NO_EXACT_PACKAGE'],
    ['here', 'local', 'read', 'planned'],
  ]);
});

const refuses = (): ReturnType<Parameters<typeof planInTiers>[1]> =>
  Promise.resolve({
    failures: [],
    plan: () => {
      throw new TapprepError('UNKNOWN_RELEASE', 'of no known family');
    },
  });

test('an error that no other repository can mend ends it at once', async () => {
  expect((await failureOf(planInTiers(ORDER, refuses, () => undefined))).code).toBe('UNKNOWN_RELEASE');
});

test('with --offline, what is in no index of the cache is not said to be nowhere while others are not in it', async () => {
  const plan = planInTiers(
    ORDER,
    async (asked) =>
      Promise.resolve({
        failures: asked
          .filter(({ id }) => id === 'official')
          .map((repository) => ({ repository, error: new TapprepError('OFFLINE', 'not in the cache') })),
        plan: () => {
          throw new TapprepError('NO_EXACT_PACKAGE', 'none');
        },
      }),
    () => undefined,
  );
  expect(await failureOf(plan)).toMatchObject({
    code: 'OFFLINE',
    message: 'none; with --offline not asked: official',
    facts: { unanswered: ['official'] },
  });
});
