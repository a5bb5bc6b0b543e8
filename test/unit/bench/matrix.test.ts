import { expect, test } from 'vitest';
import { type ArchiveKernel, kernelsOf, orderKernels } from '../../../bench/matrix-kernels.ts';
import { type MatrixKernel, type MatrixState, type MatrixTry, parseMatrixState } from '../../../bench/matrix-schema.ts';
import {
  describeScore,
  findKernel,
  formatMatrix,
  predictedReach,
  scorePredictions,
  seenReach,
  shippedVerdicts,
  withKernel,
} from '../../../bench/matrix-table.ts';
import type { Candidate } from '../../../src/systemtap/choose.ts';
import { makeVerdictList, parseVerdictList, renderVerdictList } from '../../../src/systemtap/verdict-list.ts';
import { sampleVerdict } from '../../helpers/sample-verdict.ts';

const OWN: Candidate = { kind: 'distro', version: '4.8', packageVersion: '4.8-2', distro: 'debian' };
const KERNEL: ArchiveKernel = {
  distro: 'debian:12',
  suite: 'bookworm',
  release: '6.1.0-18-amd64',
  flavour: 'amd64',
  version: '6.1.76-1',
};

type Fit = MatrixTry['predicted']['hello'];

function tried(predicted: readonly [Fit, Fit], seen: MatrixTry['seen'], more: Partial<MatrixTry> = {}): MatrixTry {
  return {
    name: '4.8-2 of the distribution',
    predicted: { hello: predicted[0], 'kernel.function': predicted[1] },
    seen,
    why: seen === null ? 'hello: stap -p4 did not end in time' : null,
    refused: false,
    at: '2026-11-30T10:00:00.000Z',
    commit: '0123456789abcdef',
    seconds: 52,
    ...more,
  };
}

function stateOf(...tries: readonly MatrixTry[]): MatrixState {
  return { schema: 'tapprep-matrix/1', kernels: [{ ...KERNEL, done: true, tried: tries, error: null }] };
}

test.each([
  [['fits', 'fits'], 'kernel.function'],
  [['mended', 'mended'], 'kernel.function'],
  [['fits', 'unfit'], 'hello'],
  [['unfit', 'unfit'], 'nothing'],
  [['mended', 'unknown'], null],
  [['unknown', 'unknown'], null],
] as const)('what is foretold by %j is how far it gets: %s', (predicted, reach) => {
  expect(predictedReach(tried(predicted, null))).toBe(reach);
});

test.each([
  ['pass', 'pass', 'kernel.function'],
  ['pass', 'fail', 'hello'],
  ['fail', 'skip', 'nothing'],
  // Without debug information nobody knows how far it would have got.
  ['pass', 'skip', null],
] as const)('hello %s and kernel.function %s reach %s', (hello, higher, reach) => {
  expect(seenReach(tried(['fits', 'fits'], sampleVerdict(OWN, hello, higher)))).toBe(reach);
});

test('a prediction is right when the verdict agrees; an open one never is, and what has no verdict does not count', () => {
  const works = sampleVerdict(OWN, 'pass', 'pass');
  const fails = sampleVerdict(OWN, 'fail', 'skip');
  const state = stateOf(
    tried(['fits', 'fits'], works),
    tried(['unfit', 'unfit'], fails),
    tried(['fits', 'unfit'], works),
    tried(['unknown', 'unknown'], works),
    tried(['mended', 'mended'], null, { refused: true }),
    tried(['fits', 'fits'], null),
  );
  expect(scorePredictions(state)).toEqual({ right: 2, all: 5, open: 1 });
  expect(describeScore(scorePredictions(state))).toMatch(/^predictions right 2 of 5 \(40\.0 %\); 1 of them open/);
  expect(describeScore({ right: 0, all: 0, open: 0 })).toContain('0 of 0 (- %)');
});

const record = (
  name: string,
  version: string,
  suite = 'bookworm',
): { name: string; version: string; suite: string } => ({
  name,
  version,
  suite,
});

test('a kernel counts where image, headers and debug package are there in one version', () => {
  const whole = (release: string, version: string): ReturnType<typeof record>[] =>
    [`linux-image-${release}`, `linux-headers-${release}`, `linux-image-${release}-dbg`].map((each) =>
      record(each, version),
    );
  const found = kernelsOf('debian:12', [
    ...whole('6.1.0-50-cloud-amd64', '6.1.176-1'),
    ...whole('6.1.0-50-rt-amd64', '6.1.176-1'),
    ...whole('6.1.0-50-amd64', '6.1.176-1').slice(1),
    ...whole('6.1.0-51-amd64', '6.1.177-1'),
    ...whole('6.1.0-51-amd64', '6.1.177-2'),
    record('linux-image-amd64-dbg', '6.1.176-1'),
    record('linux-image-6.1.0-52-cloud-amd64-dbg', '6.1.178-1'),
  ]);
  expect(found.map(({ release, version }) => `${release} ${version}`)).toEqual([
    '6.1.0-50-cloud-amd64 6.1.176-1',
    '6.1.0-51-amd64 6.1.177-2',
    '6.1.0-50-rt-amd64 6.1.176-1',
  ]);
});

function kernelOf(distro: string, suite: string, abi: string, flavour: string, version: string): ArchiveKernel {
  return { distro, suite, release: `${abi}-${flavour}`, flavour, version };
}

test('kernels come in turn, the newest of each suite and flavour first; of amd64 and rt one of each series', () => {
  const cloud = 'cloud-amd64';
  const all = [
    kernelOf('debian:12', 'bookworm', '6.1.0-47', cloud, '6.1.170-3'),
    kernelOf('debian:12', 'bookworm', '6.1.0-50', cloud, '6.1.176-1'),
    kernelOf('debian:12', 'bookworm', '6.1.0-47', 'amd64', '6.1.170-3'),
    kernelOf('debian:12', 'bookworm', '6.1.0-50', 'amd64', '6.1.176-1'),
    kernelOf('debian:12', 'bookworm', '6.1.0-50', 'rt-amd64', '6.1.176-1'),
    kernelOf('debian:sid', 'sid', '7.2.13+deb14', cloud, '7.2.13-1'),
    kernelOf('debian:13', 'trixie-updates', '7.2.13+deb14', cloud, '7.2.13-1'),
  ];
  expect(orderKernels(all).map(({ suite, release }) => `${suite} ${release}`)).toEqual([
    'sid 7.2.13+deb14-cloud-amd64',
    'bookworm 6.1.0-50-cloud-amd64',
    'bookworm 6.1.0-50-amd64',
    'bookworm 6.1.0-50-rt-amd64',
    'bookworm 6.1.0-47-cloud-amd64',
  ]);
});

test('a run goes on where the last one ended: what was tried is found again, another version of a release is another kernel', () => {
  const first: MatrixKernel = {
    ...findKernel(stateOf(), { ...KERNEL, release: 'other' }),
    tried: [tried(['fits', 'fits'], null)],
  };
  const state = withKernel(stateOf(), first);
  expect(findKernel(state, first).tried).toHaveLength(1);
  expect(findKernel(state, KERNEL).done).toBe(true);
  expect(findKernel(state, { ...KERNEL, version: '6.1.76-2' })).toMatchObject({ done: false, tried: [] });
  expect(withKernel(state, { ...first, done: true }).kernels).toHaveLength(2);
  expect(parseMatrixState(JSON.stringify(state), 'matrix.json')).toEqual(state);
  expect(() => parseMatrixState('{"schema":"tapprep-matrix/2","kernels":[]}', 'matrix.json')).toThrow('matrix.json');
});

test('the table names every kernel and reason, and no word of a tool breaks it', () => {
  const fails = { ...sampleVerdict(OWN, 'fail', 'skip'), reason: 'a|b <script> `c`\nsecond line' };
  const error = { code: 'NO_EXACT_PACKAGE', message: 'not there', at: '2026-11-30T11:00:00.000Z' };
  const missing: MatrixKernel = { ...KERNEL, release: '6.1.0-19-amd64', done: false, tried: [], error };
  const page = formatMatrix(withKernel(stateOf(tried(['fits', 'fits'], fails)), missing));
  const rows = page.split('\n').filter((line) => line.startsWith('| Debian'));
  expect(rows).toEqual([
    String.raw`| Debian 12 (bookworm)<br>6.1.0-18-amd64<br>6.1.76-1 | 4.8-2 of the distribution | kernel.function **(wrong)** | nothing | hello: a\|b &lt;script> \`c\` | 2026-11-30 | 012345678 |`,
    String.raw`| Debian 12 (bookworm)<br>6.1.0-19-amd64<br>6.1.76-1 |  |  |  | NO\_EXACT\_PACKAGE: not there | 2026-11-30 |  |`,
  ]);
  expect(page).toContain('0 of 2 kernels are proven');
  expect(page).toContain('predictions right 0 of 1');
});

test('what ships is read as any list is', () => {
  const state = stateOf(tried(['fits', 'fits'], sampleVerdict(OWN, 'pass', 'pass')), tried(['fits', 'fits'], null));
  const text = renderVerdictList(makeVerdictList(shippedVerdicts(state), Date.UTC(2026, 10, 30)));
  expect(parseVerdictList(text, 'verdicts.json').verdicts).toEqual([sampleVerdict(OWN, 'pass', 'pass')]);
  // A kernel that went from one suite to another was tried twice, and is told of once.
  const later = { ...sampleVerdict(OWN, 'fail', 'skip'), at: '2026-11-30T12:00:00.000Z' };
  const moved = { ...KERNEL, distro: 'debian:13', done: true, tried: [tried(['fits', 'fits'], later)], error: null };
  expect(shippedVerdicts(withKernel(state, moved))).toEqual([later]);
});
