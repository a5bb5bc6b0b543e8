import { describe, expect, test } from 'vitest';
import { type AskedDay, dateKernel, judgeDay, nextDay } from '../../../../src/resolve/deb/snapshot-days.ts';
import { debTarget } from '../../../helpers/deb-records.ts';

const day = (text: string): number => Date.parse(`${text}T00:00:00Z`) / 86_400_000;
const TODAY = day('2026-11-29');

test('the day and the version of a Debian kernel are those of its uname -v', () => {
  const target = debTarget({
    unameV: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.37-1 (2023-07-03)',
    packageVersion: '1:6.1.37-1',
  });
  expect(dateKernel(target)).toEqual({ built: day('2023-07-03'), version: '6.1.37-1' });
  expect(dateKernel({ ...target, unameV: '#1 SMP Debian 6.1.37-1' })).toBeNull();
  expect(dateKernel({ ...target, packageVersion: null })).toBeNull();
  expect(dateKernel({ ...target, kernelFamily: 'ubuntu' })).toBeNull();
});

/** The days that are asked of an archive that has the kernel from one day until before another. @returns offsets */
function walk(first: number, from: number, until: number, today = 1000): readonly number[] {
  const asked: AskedDay[] = [];
  for (let next = nextDay(0, first, today, asked); next !== null; next = nextDay(0, first, today, asked)) {
    asked.push({ day: next, verdict: next < from ? 'not yet' : next < until ? 'there' : 'no longer' });
  }
  return asked.map((one) => one.day);
}

describe('the days that are asked', () => {
  test.each([
    ['a security update of the day', 1, 1, 20, [1]],
    ['one that waited three days', 1, 3, 20, [1, 2, 4]],
    ['one whose successor came a week later', 1, 5, 8, [1, 2, 4, 8, 6]],
    ['a point release within two weeks', 14, 8, 80, [14]],
    ['one much later', 14, 50, 80, [14, 28, 56]],
    ['one that was replaced soon', 14, 3, 6, [14, 7, 3]],
  ])('%s', (_, first, from, until, expected) => {
    expect(walk(first, from, until)).toEqual(expected);
  });

  test('end where there is no day left between too early and too late', () => {
    expect(walk(1, 5, 5)).toEqual([1, 2, 4, 8, 6, 5]);
    expect(walk(14, 1, 1)).toEqual([14, 7, 3, 1]);
  });

  test('end at today, at half a year, and after eight at the latest, whatever the archive says', () => {
    expect(walk(1, 900, 1000, 5)).toEqual([1, 2, 4, 5]);
    expect(walk(14, 900, 1000)).toEqual([14, 28, 56, 112]);
    for (const first of [1, 14])
      for (let from = 1; from < 200; from += 1) {
        for (const length of [0, 1, 30]) {
          const days = walk(first, from, from + length);
          expect(days.length).toBeLessThanOrEqual(8);
          expect(new Set(days).size).toBe(days.length);
        }
      }
    expect(nextDay(TODAY, 1, TODAY, [])).toBeNull();
  });

  test('pass over a day without an index to its neighbour', () => {
    expect(nextDay(0, 14, 1000, [{ day: 14, verdict: 'absent' }])).toBe(28);
    const between: readonly AskedDay[] = [
      { day: 14, verdict: 'no longer' },
      { day: 7, verdict: 'absent' },
    ];
    expect(nextDay(0, 14, 1000, between)).toBe(8);
  });

  test('end where an index was not to be believed', () => {
    expect(nextDay(0, 1, 1000, [{ day: 1, verdict: 'unknown' }])).toBeNull();
  });
});

describe('what the index of a day says', () => {
  const target = debTarget({ release: '6.1.0-10-amd64', packageVersion: '6.1.37-1' });
  const judge = (...records: readonly (readonly [string, string])[]) =>
    judgeDay(
      records.map(([name, version]) => ({ name, version })),
      target,
      '6.1.37-1',
    );

  test.each([
    ['this very build', [['linux-headers-6.1.0-10-amd64', '6.1.37-1']], 'there', null],
    ['a rebuild for one architecture', [['linux-headers-6.1.0-10-amd64', '6.1.37-1+b1']], 'there', null],
    ['the same name in a newer version', [['linux-headers-6.1.0-10-amd64', '6.1.38-1']], 'no longer', '6.1.38-1'],
    ['an older kernel', [['linux-headers-6.1.0-9-amd64', '6.1.27-1']], 'not yet', '6.1.27-1'],
    [
      'an older and a newer one',
      [
        ['linux-headers-6.1.0-9-amd64', '6.1.27-1'],
        ['linux-headers-6.1.0-11-amd64', '6.1.38-4'],
      ],
      'no longer',
      '6.1.38-4',
    ],
    ['no kernel', [['gcc', '4:12.2.0-3']], 'not yet', null],
    ['another flavour only', [['linux-headers-6.1.0-11-cloud-amd64', '6.1.38-4']], 'not yet', null],
    [
      'a newer series beside an older one of ours',
      [
        ['linux-headers-6.1.0-9-amd64', '6.1.27-1'],
        ['linux-headers-6.4.0-1-amd64', '6.4.4-1'],
      ],
      'not yet',
      '6.1.27-1',
    ],
    ['a newer series only', [['linux-headers-6.4.0-1-amd64', '6.4.4-1']], 'no longer', '6.4.4-1'],
  ] as const)('%s', (_, records, verdict, seen) => {
    expect(judge(...records)).toEqual({ verdict, seen });
  });
});
