import { expect, test } from 'vitest';
import { planBuildPackages } from '../../../../src/systemtap/build/plan-packages.ts';
import { debRecord, debTarget } from '../../../helpers/deb-records.ts';

const RECORDS = [
  debRecord('g++', '4:12.2.0-3', { Depends: 'g++-12 (>= 12.2.0-1~)' }),
  debRecord('g++-12', '12.2.0-14', { Depends: 'libstdc++-12-dev (= 12.2.0-14)' }),
  debRecord('libstdc++-12-dev', '12.2.0-14'),
  debRecord('gettext', '0.21-12'),
  debRecord('libboost-dev', '1.74.0.3', { Depends: 'libboost1.74-dev' }),
  debRecord('libboost1.74-dev', '1.74.0-18'),
  debRecord('libdw-dev', '0.188-2.1', { Depends: 'libelf-dev, libdw1 (= 0.188-2.1)' }),
  debRecord('libelf-dev', '0.188-2.1', { Depends: 'libelf1 (= 0.188-2.1), zlib1g-dev' }),
  debRecord('libdw1', '0.188-2.1', { Depends: 'libelf1 (= 0.188-2.1), libbz2-1.0' }),
  debRecord('libelf1', '0.188-2.1', { Depends: 'zlib1g (>= 1:1.1.4)' }),
  debRecord('zlib1g-dev', '1:1.2.13', { Depends: 'zlib1g (= 1:1.2.13)' }),
  debRecord('zlib1g', '1:1.2.13'),
  debRecord('libbz2-1.0', '1.0.8-5'),
  debRecord('make', '4.3-4.1'),
];

test('of what a build needs, the libraries that it links stay, with all that those need', () => {
  const { plan, stay } = planBuildPackages(debTarget(), RECORDS, []);
  expect(plan.items).toHaveLength(RECORDS.length);
  expect([...stay].toSorted()).toEqual(['libbz2-1.0', 'libdw1', 'libelf1', 'zlib1g']);
});

test('libraries that are there already are no part of it', () => {
  const there = ['libdw1', 'libelf1'].map((name) => ({ name, version: '0.188-2.1', arch: 'amd64' }));
  const { plan, stay } = planBuildPackages(debTarget(), RECORDS, there);
  expect(plan.items.map(({ name }) => name)).not.toContain('libdw1');
  expect([...stay]).toEqual([]);
});
