import { expect, test } from 'vitest';
import { withMended } from '../../../src/systemtap/candidates.ts';
import { chooseMends } from '../../../src/systemtap/mends/choose-mends.ts';
import {
  chooseSystemtap,
  type Candidate,
  type ChoiceContext,
  type SystemtapWish,
} from '../../../src/systemtap/choose.ts';
import type { UpstreamKernel } from '../../../src/systemtap/kernel-version.ts';
import type { Verdict } from '../../../src/systemtap/verdicts.ts';
import { ownVerdict } from '../../helpers/sample-verdict.ts';

const PORTABLE: readonly Candidate[] = [portable('trixie', '5.1', '5.1-5'), portable('sid', '5.6', '5.6-1')];
const BUILD: Candidate = {
  kind: 'build',
  version: '5.5',
  packageVersion: null,
  distro: null,
  from: { distro: 'debian', suite: 'sid' },
};

function portable(suite: string, version: string, packageVersion: string): Candidate {
  return { kind: 'portable', version, packageVersion, distro: 'debian', from: { distro: 'debian', suite } };
}

function own(packageVersion: string): Candidate {
  return { kind: 'distro', version: packageVersion.split('-')[0] ?? '', packageVersion, distro: 'debian' };
}

function place(text: string): UpstreamKernel {
  const [major = '', minor = '', patch = ''] = text.split('.');
  return { series: `${major}.${minor}`, patch: { least: Number(patch), most: Number(patch) }, isVendor: false, text };
}

function order(
  packageVersion: string,
  kernel: string,
  more: Partial<ChoiceContext> = {},
  wish: SystemtapWish = 'auto',
): readonly string[] {
  const available = [BUILD, ...PORTABLE, own(packageVersion)];
  const context: ChoiceContext = { kernel: place(kernel), rung: 'kernel.function', verdicts: [], ...more };
  return chooseSystemtap(available, wish, context).map(({ name }) => name);
}

const OWN = (version: string): string => `${version} of the distribution`;
const P51 = 'portable 5.1 (debian trixie)';
const P56 = 'portable 5.6 (debian sid)';
const B55 = 'build 5.5 (debian sid)';

test.each([
  ['4.4-2', '5.10.223', [P51, OWN('4.4-2'), P56, B55]],
  ['4.8-2', '6.1.192', [P51, P56, B55, OWN('4.8-2')]],
  ['5.1-5', '6.12.107', [P56, B55, OWN('5.1-5'), P51]],
  ['5.6-1', '7.2.13', [OWN('5.6-1'), P56, P51, B55]],
])('%s of the distribution on %s', (version, kernel, expected) => {
  expect(order(version, kernel)).toEqual(expected);
});

test.each([
  ['4.8-2', '6.1.192', [`${OWN('4.8-2')} mended by task-work-cancel-func`, P51, P56, B55, OWN('4.8-2')]],
  ['4.4-2', '5.10.223', [`${OWN('4.4-2')} mended by module-mutex-lock`, P51, `${P56} mended by proc-ns-type`]],
  ['5.1-5', '7.3.4', [`${P56} mended by task-euid`, OWN('5.1-5'), P51, P56]],
  [
    '5.1-5',
    '6.12.117',
    [
      `${OWN('5.1-5')} mended by uprobe-unregister-6.12 and tracepoint-args`,
      P56,
      `${P51} mended by uprobe-unregister-6.12 and tracepoint-args`,
    ],
  ],
])(
  '%s of the distribution on %s, with what may be mended: what is there before what comes',
  (version, text, expected) => {
    const kernel = place(text);
    const available = withMended([BUILD, ...PORTABLE, own(version)], (stap) => chooseMends(stap, kernel, null));
    const ranked = chooseSystemtap(available, 'auto', { kernel, rung: 'kernel.function', verdicts: [] });
    expect(ranked.map(({ name }) => name).slice(0, expected.length)).toEqual(expected);
  },
);

test('where only hello world is wanted, the distribution’s own comes first if it fits that far', () => {
  expect(order('4.4-2', '5.10.223', { rung: 'hello' })[0]).toBe(OWN('4.4-2'));
});

test('a way or a version that was asked for leaves only that', () => {
  expect(order('4.8-2', '6.1.192', {}, 'distro')).toEqual([OWN('4.8-2')]);
  expect(order('4.8-2', '6.1.192', {}, 'portable')).toEqual([P51, P56]);
  expect(order('4.8-2', '6.1.192', {}, 'build')).toEqual([B55]);
  expect(order('4.8-2', '6.1.192', {}, { version: '5.6' })).toEqual([P56]);
  expect(order('4.8-2', '6.1.192', {}, { version: '5.60' })).toEqual([]);
});

test('what was proven on this kernel build comes first, what failed there is left out', () => {
  const verdicts = [verdict(P51, 'pass', 'pass'), verdict(P56, 'fail', 'skip')];
  expect(order('4.8-2', '6.1.192', { verdicts })).toEqual([P51, B55, OWN('4.8-2')]);
  // Asked for by name it is tried again, and where everything failed before, everything is.
  expect(order('4.8-2', '6.1.192', { verdicts }, { version: '5.6' })).toEqual([P56]);
  const all = [OWN('4.8-2'), P51, P56, B55].map((name) => verdict(name, 'fail', 'skip'));
  expect(order('4.8-2', '6.1.192', { verdicts: all })).toHaveLength(4);
});

test('one that reached hello world and no more comes after what may reach further', () => {
  const verdicts = [verdict(P56, 'pass', 'fail')];
  expect(order('4.8-2', '6.1.192', { verdicts })).toEqual([P51, B55, P56, OWN('4.8-2')]);
});

test('what was seen to load and not tried any higher comes before what was never tried, not before what is expected more of', () => {
  expect(order('4.8-2', '6.1.192', { verdicts: [verdict(P56, 'pass', 'skip')] })[0]).toBe(P56);
  expect(order('5.1-5', '6.12.107', { verdicts: [verdict(P51, 'pass', 'skip')] })[0]).toBe(P56);
});

test('what was seen to load here, and to get higher elsewhere, comes before what was only seen elsewhere', () => {
  const elsewhere = [P51, P56].map((name) => foreign(verdict(name, 'pass', 'pass')));
  const verdicts = [verdict(P56, 'pass', 'skip'), ...elsewhere];
  expect(order('4.8-2', '6.1.192', { verdicts }).slice(0, 2)).toEqual([P56, P51]);
  const failed = [verdict(P51, 'pass', 'skip'), foreign(verdict(P51, 'pass', 'fail'))];
  expect(order('4.8-2', '6.1.192', { verdicts: failed }).slice(0, 3)).toEqual([P56, B55, P51]);
});

test('what others saw only counts for the order: nothing is left out, and what was seen here comes before it', () => {
  const failed = [foreign(verdict(P51, 'fail', 'skip'))];
  expect(order('4.8-2', '6.1.192', { verdicts: failed })).toEqual([P56, B55, OWN('4.8-2'), P51]);
  const both = [foreign(verdict(B55, 'pass', 'pass')), verdict(P56, 'pass', 'pass')];
  expect(order('4.8-2', '6.1.192', { verdicts: both }).slice(0, 3)).toEqual([P56, B55, P51]);
});

function foreign(each: Verdict): Verdict {
  return { ...each, origin: { kind: 'shipped' } };
}

function verdict(name: string, ...rungs: ['pass' | 'fail', 'pass' | 'fail' | 'skip']): Verdict {
  const all = [BUILD, ...PORTABLE, own('4.8-2')].map((candidate) => ownVerdict(candidate, ...rungs));
  const found = all.find(({ candidate }) => candidate === name);
  if (found === undefined) throw new Error(`no candidate ${name}`);
  return found;
}
