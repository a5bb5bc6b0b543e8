import { expect, test } from 'vitest';
import type { DebRecord } from '../../../../src/resolve/deb/packages-index.ts';
import { createPool } from '../../../../src/resolve/deb/pool.ts';
import { orderWaves } from '../../../../src/resolve/deb/waves.ts';
import { debRecord } from '../../../helpers/deb-records.ts';

function waves(
  records: readonly DebRecord[],
  installed: Readonly<Record<string, string>> = {},
): Record<string, number> {
  const chosen = new Map(records.map((record) => [record.name, record]));
  return Object.fromEntries(orderWaves(chosen, createPool(records), new Map(Object.entries(installed))));
}

test('what is pre-depended on is installed by an earlier run, and so is all that it depends on', () => {
  const records = [
    debRecord('lsb-release', '1', { Depends: 'python3:any' }),
    debRecord('python3', '1', { PreDepends: 'python3-minimal (= 1)' }),
    debRecord('python3-minimal', '1', { PreDepends: 'python3.9-minimal' }),
    debRecord('python3.9-minimal', '1', { Depends: 'libexpat1' }),
    debRecord('libexpat1', '1'),
    debRecord('make', '1'),
  ];
  expect(waves(records)).toEqual({
    libexpat1: 0,
    make: 0,
    'python3.9-minimal': 0,
    'python3-minimal': 1,
    python3: 2,
    'lsb-release': 2,
  });
});

test('an installed version that does makes no run of its own', () => {
  const records = [
    debRecord('dpkg', '2', { PreDepends: 'libc6 (>= 1)' }),
    debRecord('libc6', '2', { Depends: 'dpkg' }),
  ];
  expect(waves(records, { libc6: '1', dpkg: '1' })).toEqual({ dpkg: 0, libc6: 0 });
});

test('a provider counts, and a circle of dependencies stays together', () => {
  const records = [
    debRecord('a', '1', { PreDepends: 'shell' }),
    debRecord('dash', '1', { Provides: 'shell', Depends: 'b' }),
    debRecord('b', '1', { Depends: 'dash' }),
  ];
  expect(waves(records)).toEqual({ a: 1, dash: 0, b: 0 });
});
