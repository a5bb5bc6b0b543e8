/** Mends on real kernels of Debian, by what their headers, and the runtimes of its SystemTaps, were seen to answer. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { UpstreamKernel } from '../../../../src/systemtap/kernel-version.ts';
import { chooseForeignMends, chooseMends, findOutside } from '../../../../src/systemtap/mends/choose-mends.ts';
import type { KernelPresence } from '../../../../src/systemtap/mends/presence.ts';
import { type Mend, MENDS } from '../../../../src/systemtap/mends/table.ts';
import type { StapIdentity } from '../../../../src/systemtap/predict.ts';

/** As scripts/record-presence.ts writes it. */
interface Recorded {
  readonly kernels: Readonly<
    Record<string, { readonly upstream: string; readonly answers: Readonly<Record<string, boolean | null>> }>
  >;
  readonly stap: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
}
const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../fixtures/presence.json'), 'utf8'),
) as Recorded;

function lookUp<T>(answers: Readonly<Record<string, T>>, key: string): T {
  const answer = answers[key];
  if (answer === undefined) throw new Error(`"${key}" was not recorded: scripts/record-presence.ts`);
  return answer;
}

function presenceOf(release: string): KernelPresence {
  const { answers } = lookUp(recorded.kernels, release);
  return {
    answer: (test) => {
      const key = test.kind === 'symbol' ? `symbol ${test.name}` : `${test.kind} ${test.file} ${test.text}`;
      const isThere = lookUp(answers, key);
      return isThere === null ? null : isThere === test.there;
    },
  };
}

function kernelOf(release: string): UpstreamKernel {
  const text = lookUp(recorded.kernels, release).upstream;
  const [major = '', minor = '', patch = ''] = text.split('.');
  return { series: `${major}.${minor}`, patch: { least: Number(patch), most: Number(patch) }, isVendor: false, text };
}

function stapOf(packageVersion: string): StapIdentity {
  return { version: packageVersion.split('-')[0] ?? '', packageVersion, distro: 'debian' };
}

/** Those that the runtime calls for and has every text of, as often as is wanted. */
function applied(mends: readonly Mend[], packageVersion: string): readonly string[] {
  const answers = lookUp(recorded.stap, packageVersion);
  return mends
    .filter(
      ({ runtime, edits }) =>
        runtime.every(({ file, text, there }) => lookUp(answers, `has ${file} ${text}`) === Number(there)) &&
        edits.every(({ file, text, count }) => lookUp(answers, `count ${file} ${text}`) === count),
    )
    .map(({ id }) => id);
}

const PAIRS = Object.keys(recorded.kernels).flatMap((release) =>
  Object.keys(recorded.stap).map((packageVersion) => [release, packageVersion] as const),
);

/** The table without a single version in it: nothing but what is there can decide. */
const BARE = MENDS.map((mend) => ({ ...mend, cures: [], stap: { from: '0', before: null }, kernels: [] }));
const WITHOUT_KERNELS = MENDS.map((mend) => ({ ...mend, kernels: [] }));

test('real kernels from 5.10 to 7.3 and the SystemTaps of four releases of Debian were asked', () => {
  expect(Object.keys(recorded.kernels).length).toBeGreaterThanOrEqual(12);
  expect(Object.keys(recorded.stap)).toEqual(['4.4-2', '4.8-2', '5.1-5', '5.6-1']);
});

test.each(PAIRS)('%s with SystemTap %s: with every version range taken away the same mends', (release, version) => {
  const [presence, kernel, stap] = [presenceOf(release), kernelOf(release), stapOf(version)];
  const known = chooseMends(stap, kernel, presence);
  expect(chooseMends(stap, kernel, presence, WITHOUT_KERNELS).map(({ id }) => id)).toEqual(known.map(({ id }) => id));
  const foreign = chooseForeignMends(stap, kernel, presence);
  const all = MENDS.filter((mend) => known.includes(mend) || foreign.includes(mend));
  expect(applied(chooseMends(stap, kernel, presence, BARE), version)).toEqual(applied(all, version));
});

test.each(PAIRS)(
  '%s with SystemTap %s: no version range promises, where no file can be asked, what its files do not call for',
  (release, version) => {
    const [kernel, stap] = [kernelOf(release), stapOf(version)];
    const foretold = applied(chooseMends(stap, kernel, null), version);
    const called = applied(chooseMends(stap, kernel, presenceOf(release)), version);
    expect(foretold.filter((id) => !called.includes(id))).toEqual([]);
  },
);

/** As they were measured: loaded into that very kernel. */
describe.each([
  ['7.3.4+deb13-cloud-amd64', '5.6-1', 'task-euid'],
  ['6.12.118+deb13-cloud-amd64', '5.1-5', 'uprobe-unregister-6.12', 'tracepoint-args'],
  ['6.1.0-57-cloud-amd64', '4.8-2', 'task-work-cancel-func'],
  ['5.10.0-32-cloud-amd64', '4.4-2', 'module-mutex-lock'],
  ['5.10.0-32-cloud-amd64', '5.6-1', 'proc-ns-type'],
])('%s with SystemTap %s', (release, version, ...ids) => {
  const [id] = ids;
  const [presence, kernel, stap] = [presenceOf(release), kernelOf(release), stapOf(version)];

  test(`is mended by ${ids.join(' and ')} alone, inside of what it is known for`, () => {
    const mends = chooseMends(stap, kernel, presence);
    expect(applied(mends, version)).toEqual(ids);
    expect(
      findOutside(
        mends.filter((mend) => mend.id === id),
        stap.version,
        kernel,
      ),
    ).toEqual([]);
  });

  test('and where it is known for neither this kernel nor this release it is tried all the same, and marked', () => {
    const row = MENDS.filter((mend) => mend.id === id);
    const elsewhere = row.map((mend) => ({
      ...mend,
      stap: { from: '99', before: null },
      kernels: [{ from: '99.0', before: null, evidence: 'measured' } as const],
    }));
    expect(chooseForeignMends(stap, kernel, presence, elsewhere).map((mend) => mend.id)).toEqual([id]);
    expect(findOutside(elsewhere, stap.version, kernel)).toEqual([{ mend: id, of: ['kernel', 'SystemTap'] }]);
  });
});
