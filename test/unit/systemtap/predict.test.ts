import { expect, test } from 'vitest';
import { INCOMPATIBILITIES } from '../../../src/systemtap/incompatibilities.ts';
import { compareKernels, upstreamKernelOf, type UpstreamKernel } from '../../../src/systemtap/kernel-version.ts';
import { MENDS } from '../../../src/systemtap/mends/table.ts';
import { textOf } from '../../../src/sentence.ts';
import { predictFit, predictRungs, type Fit, type StapIdentity } from '../../../src/systemtap/predict.ts';
import { compareStap, STAP_RELEASES } from '../../../src/systemtap/releases.ts';
import { debTarget } from '../../helpers/deb-records.ts';
import { targetOf } from '../../helpers/mirror-targets.ts';

/** "5.10.223", or "5.10" for one of which only the series is known. */
function kernel(text: string): UpstreamKernel {
  const [major = '', minor = '', patch] = text.split('.');
  const bounds = patch === undefined ? { least: 0, most: Infinity } : { least: Number(patch), most: Number(patch) };
  return { series: `${major}.${minor}`, patch: bounds, isVendor: false, text };
}

function stap(text: string): StapIdentity {
  const [distro = '', packageVersion = ''] = text.split(' ');
  const version = packageVersion.split('-')[0] ?? '';
  return {
    distro: distro === 'upstream' ? null : distro,
    packageVersion: distro === 'upstream' ? null : packageVersion,
    version,
  };
}

const SEEN: readonly (readonly [string, string, Fit, Fit])[] = [
  // What was measured: SystemTap, kernel, hello, kernel.function.
  ['debian 4.4-2', '5.10.223', 'fits', 'unfit'],
  ['debian 5.1-5', '5.10.223', 'fits', 'fits'],
  ['debian 4.4-2', '5.10.262', 'unfit', 'unfit'],
  ['debian 5.1-5', '5.10.262', 'fits', 'fits'],
  ['upstream 5.5', '5.10.223', 'unfit', 'unfit'],
  ['debian 5.6-1', '5.10.223', 'unfit', 'unfit'],
  ['debian 4.8-2', '6.1.192', 'unfit', 'unfit'],
  ['debian 5.1-5', '6.1.192', 'fits', 'fits'],
  ['upstream 5.5', '6.1.192', 'fits', 'fits'],
  ['debian 5.6-1', '6.1.192', 'fits', 'fits'],
  ['debian 5.1-5', '6.12.107', 'unfit', 'unfit'],
  ['debian 5.1-5', '6.12.117', 'unfit', 'unfit'],
  ['debian 5.6-1', '6.12.107', 'fits', 'fits'],
  ['debian 5.6-1', '7.2.13', 'fits', 'fits'],
  ['ubuntu 5.0-2ubuntu1', '6.8', 'unfit', 'unfit'],
  ['ubuntu 2.9-2ubuntu2', '4.5', 'unfit', 'unfit'],
];

test.each(SEEN)('as it was seen: %s on %s', (name, release, hello, higher) => {
  const found = predictRungs(stap(name), kernel(release));
  expect([found.hello.verdict, found['kernel.function'].verdict]).toEqual([hello, higher]);
});

test.each([
  ['a stable release of before the backport', 'debian 4.8-2', '6.1.102', 'fits'],
  ['the first with it', 'debian 4.8-2', '6.1.103', 'unfit'],
  ['a stable release that is not known', 'debian 4.8-2', '6.1', 'unknown'],
  ['a release that was not tried on it', 'debian 4.3-1', '5.10.262', 'unknown'],
  ['the same version without its distribution’s patch', 'upstream 5.1', '6.1.192', 'unfit'],
  ['the revision of before the patch', 'debian 5.1-1', '6.1.192', 'unfit'],
  ['the revision with it, rebuilt by Ubuntu', 'ubuntu 5.1-4.1', '6.1.192', 'fits'],
  ['a revision that another distribution counts', 'fedora 5.1-9', '6.1.192', 'unfit'],
  ['what was concluded and not seen', 'debian 5.6-1', '5.15.200', 'unknown'],
  ['of before its runtime took that way', 'debian 5.6-1', '5.4.200', 'fits'],
  ['a kernel of before the tested range', 'debian 5.6-1', '2.6', 'unknown'],
  ['a series whose number alone says nothing of its members', 'upstream 5.1', '2.6', 'unknown'],
  ['a kernel of after the tested range', 'debian 4.9-1', '6.5.1', 'unknown'],
  ['a kernel that no known release is free of fault on', 'debian 5.6-1', '7.9.1', 'unfit'],
  ['a release of after all that are known to have the fault', 'debian 5.9-1', '7.9.1', 'unknown'],
  ['of before the name went', 'debian 5.6-1', '7.2.13', 'fits'],
  ['between what was seen with it and without', 'debian 5.6-1', '7.3.1', 'unknown'],
  ['a SystemTap newer than the table', 'debian 5.9-1', '6.1.192', 'unknown'],
] as const)('%s: %s on %s', (_, name, release, verdict) => {
  expect(predictFit(stap(name), kernel(release)).verdict).toBe(verdict);
});

test('every reason says both sides', () => {
  expect(predictFit(stap('debian 4.8-2'), kernel('6.1.192'))).toEqual({
    verdict: 'unfit',
    reasons: [
      'Linux 6.11 gave the name task_work_cancel to another function, and stable releases took that over (pass 4: task_work_cancel); free of it since 5.2; seen from 6.1.103 to below 6.2, and this is 6.1.192',
    ],
  });
  const newer = { ...stap('debian 5.9-1'), testedKernels: '3.10 ... 7.5' };
  expect(predictFit(newer, kernel('7.9.1')).reasons).toEqual([
    '5.9 was tested up to 7.5, and 7.9.1 is newer than any that a known release was tested on',
  ]);
  expect(predictFit(stap('debian 4.9-1'), kernel('6.5.1')).reasons).toEqual([
    '4.9 was tested up to 6.3.0-rc1, and 6.5.1 is in the range since 5.0',
  ]);
});

test('what stap -V said itself comes before the table', () => {
  const own = { ...stap('debian 5.9-1'), testedKernels: '3.10 ... 8.0' };
  expect(predictFit(own, kernel('7.9.1')).verdict).toBe('fits');
});

test.each([
  [debTarget({ release: '6.1.0-56-amd64', packageVersion: '6.1.192-2' }), '6.1', 192, 192],
  [debTarget({ release: '6.1.0-56-amd64', packageVersion: null }), '6.1', 192, 192],
  [debTarget({ release: '6.1.0-51-cloud-amd64', packageVersion: null }), '6.1', 176, 187],
  [debTarget({ release: '6.1.0-99-amd64', packageVersion: null }), '6.1', 192, Infinity],
  [debTarget({ release: '4.19.0-20-amd64', packageVersion: null }), '4.19', 0, Infinity],
  [debTarget({ release: '6.12.107+deb13-cloud-amd64', packageVersion: null }), '6.12', 107, 107],
  [
    debTarget({ release: '5.15.0-67-generic', kernelFamily: 'ubuntu', packageVersion: '5.15.0-67.74' }),
    '5.15',
    0,
    Infinity,
  ],
  [targetOf('amzn', '2023', '6.1.192-118.189.amzn2023.x86_64'), '6.1', 192, 192],
  [targetOf('rocky', '9.5', '5.14.0-503.11.1.el9_5.x86_64'), '5.14', 0, Infinity],
  [targetOf('centos', '6', '2.6.32-642.el6.x86_64'), '2.6.32', 0, Infinity],
  [targetOf('centos', '5', '2.6.18-398.el5', 'x86_64'), '2.6.18', 0, Infinity],
])('the upstream place of $release', (target, series, least, most) => {
  expect(upstreamKernelOf(target)).toMatchObject({ series, patch: { least, most } });
});

test('the version that an index tells counts where the target itself does not know it', () => {
  const target = debTarget({ release: '6.1.0-99-amd64', packageVersion: null });
  expect(upstreamKernelOf(target, '6.1.240-1')).toMatchObject({ patch: { least: 240, most: 240 }, text: '6.1.240' });
});

test("a vendor's own branch is said to be one", () => {
  const place = upstreamKernelOf(targetOf('almalinux', '8.10', '4.18.0-553.el8_10.x86_64'));
  const found = predictFit({ version: '4.9', packageVersion: '4.9-3.el8', distro: 'rhel' }, place);
  expect(found.verdict).toBe('fits');
  expect(found.reasons.at(-1)).toContain('a vendor');
});

test('kernel versions are ordered by their numbers', () => {
  const ordered = ['2.6.18', '2.6.32', '3.2', '4.18', '5.9.99', '5.10', '5.10.223', '6.1', '6.12', '7.0'];
  for (const [index, left] of ordered.entries()) {
    for (const [place, right] of ordered.entries()) {
      expect(Math.sign(compareKernels(left, right))).toBe(Math.sign(index - place));
    }
  }
  expect(compareKernels('5.10', '5.10.0-rc7')).toBe(0);
});

test('the tables are in order, and every row says where it is from', () => {
  const versions = STAP_RELEASES.map(({ version }) => version);
  expect(versions.toSorted(compareStap)).toEqual(versions);
  const dates = STAP_RELEASES.map(({ date }) => date);
  expect(dates.toSorted()).toEqual(dates);
  expect(new Set(INCOMPATIBILITIES.map(({ id }) => id)).size).toBe(INCOMPATIBILITIES.length);
  for (const { kernels, source, cause } of INCOMPATIBILITIES) {
    expect([source === '', cause === '']).toEqual([false, false]);
    for (const { from, before } of kernels) expect(before === null || compareKernels(from, before) < 0).toBe(true);
  }
});

test.each([
  ['debian 4.8-2', '6.1.192', ['task-work-cancel-func'], 'mended'],
  ['debian 4.4-2', '5.10.223', ['module-mutex-lock'], 'mended'],
  // Of the two only one is mended.
  ['debian 4.4-2', '5.10.262', ['module-mutex-lock'], 'unfit'],
  ['debian 5.6-1', '5.10.223', ['proc-ns-type'], 'mended'],
  ['debian 5.6-1', '7.3.4', ['task-euid'], 'mended'],
  // Tested up to 6.9, but seen to work with the mend.
  ['debian 5.1-5', '6.12.117', ['uprobe-unregister-6.12'], 'mended'],
  ['debian 5.6-1', '7.3.1', ['task-euid'], 'unknown'],
  ['debian 4.8-2', '6.6.44', ['task-work-cancel-func'], 'unknown'],
])('%s on %s, mended by %s: %s', (name, release, ids, verdict) => {
  const mends = MENDS.filter(({ id }) => ids.includes(id));
  expect(predictFit(stap(name), kernel(release), 'kernel.function', mends).verdict).toBe(verdict);
});

test.each([
  ['5', '2.6.18-398.el5', 'unknown', 'tested from 2.6.32, and 2.6.18-398.el5 is older'],
  ['6', '2.6.32-642.el6.x86_64', 'fits', '2.6.32 lies in what 5.1 was tested on, 2.6.32 to '],
])('CentOS %s: a kernel 2.6 is held against the range by its third number', (version, release, verdict, words) => {
  const own = upstreamKernelOf(targetOf('centos', version, release, 'x86_64'));
  const found = predictFit(stap('debian 5.1-5'), { ...own, isVendor: false }, 'hello');
  expect(found.verdict).toBe(verdict);
  expect(found.reasons.map(textOf).join('; ')).toContain(words);
});
