import { expect, test } from 'vitest';
import { listCrossTools } from '../../../../src/resolve/deb/cross-tools.ts';
import { planNames } from '../../../../src/resolve/deb/plan-deb.ts';
import { failureOf } from '../../../helpers/failure-of.ts';
import { debRecord, debTarget } from '../../../helpers/deb-records.ts';

const items = (...names: readonly string[]): readonly { readonly name: string }[] => names.map((name) => ({ name }));

test.each([
  // As the plans of Debian 12 and 13 for arm64 have them.
  [
    ['gcc', 'gcc-12', 'cpp-12', 'linux-kbuild-6.1'],
    'aarch64-linux-gnu',
    'aarch64-linux-gnu-gcc-12',
    ['systemtap', 'make', 'linux-kbuild-6.1', 'gcc-12-aarch64-linux-gnu'],
  ],
  [
    ['gcc', 'gcc-14', 'gcc-14-aarch64-linux-gnu', 'gcc-aarch64-linux-gnu', 'linux-kbuild-6.12.107+deb13'],
    'aarch64-linux-gnu',
    'aarch64-linux-gnu-gcc-14',
    ['systemtap', 'make', 'linux-kbuild-6.12.107+deb13', 'gcc-14-aarch64-linux-gnu'],
  ],
  // A kernel's own compiler beside the distribution's default.
  [
    ['gcc-9', 'gcc-10'],
    'x86_64-linux-gnu',
    'x86_64-linux-gnu-gcc-10',
    ['systemtap', 'make', 'gcc-10-x86-64-linux-gnu', 'gcc-9-x86-64-linux-gnu'],
  ],
  [[], 's390x-linux-gnu', 's390x-linux-gnu-gcc', ['systemtap', 'make', 'gcc-s390x-linux-gnu']],
] as const)('%j for %s', (names, triplet, compiler, packages) => {
  expect(listCrossTools(items(...names), triplet)).toEqual({ compiler, packages });
});

const RECORDS = [
  debRecord('gcc-12-aarch64-linux-gnu', '12.2.0-14cross1', { Depends: 'gcc-12-cross-base, libc6' }),
  debRecord('gcc-12-cross-base', '12.2.0-14cross1', { arch: 'all' }),
  debRecord('libc6', '2.36-9'),
];

test('packages are planned by name with what they need, beside what is installed', () => {
  const installed = [{ name: 'libc6', version: '2.36-9', arch: 'amd64' }];
  const plan = planNames(debTarget(), RECORDS, ['gcc-12-aarch64-linux-gnu'], { installed });
  expect(plan.map(({ name, install }) => [name, install])).toEqual([
    ['gcc-12-aarch64-linux-gnu', true],
    ['gcc-12-cross-base', true],
  ]);
});

test('a compiler that no repository has is told by its name', async () => {
  const error = await failureOf(
    Promise.resolve().then(() => planNames(debTarget(), RECORDS, ['gcc-14-aarch64-linux-gnu'], { installed: [] })),
  );
  expect(error.code).toBe('UNSATISFIED_DEPENDENCY');
  expect(error.message).toContain('gcc-14-aarch64-linux-gnu');
});
