/** What the matrix shows: how often predictions were right, docs/matrix.md, and the verdicts that ship. Pure. */
import { nameOf } from '../src/systemtap/choose.ts';
import type { FitRung } from '../src/systemtap/incompatibilities.ts';
import { isSameBuild } from '../src/systemtap/kernel-build.ts';
import type { SeenVerdict } from '../src/systemtap/verdicts.ts';
import type { ArchiveKernel } from './matrix-kernels.ts';
import type { MatrixKernel, MatrixState, MatrixTry } from './matrix-schema.ts';

/** How far a SystemTap gets on a kernel; null where that is not known. */
type Reach = FitRung | 'nothing' | null;

export interface Score {
  readonly right: number;
  /** SystemTaps on kernels that have a verdict. */
  readonly all: number;
  /** Those of which nothing was foretold: none of them counts as right. */
  readonly open: number;
}

/** Right is what agrees with the verdict as far as kernel.function; "unknown" is no prediction, and never right. */
export function scorePredictions({ kernels }: MatrixState): Score {
  const judged = kernels.flatMap(({ tried }) => tried).filter((each) => seenReach(each) !== null);
  return {
    right: judged.filter((each) => predictedReach(each) === seenReach(each)).length,
    all: judged.length,
    open: judged.filter((each) => predictedReach(each) === null).length,
  };
}

/** "predictions right 57 of 60 (95.0 %)" */
export function describeScore({ right, all, open }: Score): string {
  const share = all === 0 ? '-' : ((100 * right) / all).toFixed(1);
  return `predictions right ${right} of ${all} (${share} %); ${open} of them open, which counts as not right`;
}

export function predictedReach({ predicted }: Pick<MatrixTry, 'predicted'>): Reach {
  const holds = (rung: FitRung): boolean => predicted[rung] === 'fits' || predicted[rung] === 'mended';
  if (predicted.hello === 'unfit') return 'nothing';
  if (holds('kernel.function')) return 'kernel.function';
  return holds('hello') && predicted['kernel.function'] === 'unfit' ? 'hello' : null;
}

/** What could not be mended gets nowhere; a rung that could not be tried leaves it open how far. */
export function seenReach({ seen, refused }: Pick<MatrixTry, 'seen' | 'refused'>): Reach {
  if (refused) return 'nothing';
  if (seen === null) return null;
  if (seen.rungs.hello !== 'pass') return 'nothing';
  const higher = seen.rungs['kernel.function'];
  return higher === 'pass' ? 'kernel.function' : higher === 'fail' ? 'hello' : null;
}

/** What the package ships: every verdict of an exact build, the newest where a kernel was tried in two suites. */
export function shippedVerdicts({ kernels }: MatrixState): readonly SeenVerdict[] {
  const seen = kernels.flatMap(({ tried }) => tried.flatMap((each) => each.seen ?? []));
  return seen.filter((verdict) => seen.every((other) => !isNewer(other, verdict)));
}

function isNewer(other: SeenVerdict, { kernel, systemtap, at }: SeenVerdict): boolean {
  const isSame = isSameBuild(other.kernel, kernel) && nameOf(other.systemtap) === nameOf(systemtap);
  return isSame && other.at > at;
}

/** The state with one kernel as it is now, in the place of what was known of it. */
export function withKernel(state: MatrixState, kernel: MatrixKernel): MatrixState {
  const isSame = (each: MatrixKernel): boolean => keyOf(each) === keyOf(kernel);
  const kernels = state.kernels.some(isSame)
    ? state.kernels.map((each) => (isSame(each) ? kernel : each))
    : [...state.kernels, kernel];
  return { ...state, kernels };
}

/** A kernel as far as it was tried before; another version of the same release is another kernel. */
export function findKernel(state: MatrixState, kernel: ArchiveKernel): MatrixKernel {
  const found = state.kernels.find((each) => keyOf(each) === keyOf(kernel));
  return found ?? { ...kernel, done: false, tried: [], error: null };
}

function keyOf({ distro, release, version }: ArchiveKernel): string {
  return `${distro} ${release} ${version}`;
}

/** docs/matrix.md */
export function formatMatrix(state: MatrixState): string {
  const rows = state.kernels.flatMap((kernel) => {
    const name = `${nameOfSuite(kernel)}<br>${kernel.release}<br>${kernel.version}`;
    if (kernel.tried.length === 0)
      return [
        cells(name, '', '', '', kernel.error === null ? '' : describeError(kernel.error), kernel.error?.at ?? '', ''),
      ];
    return kernel.tried.map((tried, at) => rowOf(at === 0 ? name : '', tried));
  });
  const proven = state.kernels.filter(({ tried }) => tried.some((each) => seenReach(each) === 'kernel.function'));
  return `${[
    '# Kernels and SystemTaps',
    `Written by \`npm run matrix\`; do not edit. Each SystemTap was tried on each kernel in a root of its distribution: hello world and \`kernel.function\` with \`$return\` were compiled there, loaded in that very kernel in QEMU, heard and removed. What was expected comes from the signed indexes alone, before anything was downloaded, and without any earlier verdict. The data are in [matrix.json](matrix.json); the verdicts ship as \`verdicts.json\`.`,
    `${proven.length} of ${state.kernels.length} kernels are proven as far as \`kernel.function\`; ${describeScore(scorePredictions(state))}.`,
    [
      cells('kernel', 'SystemTap', 'predicted', 'seen', 'exact reason', 'date', 'commit'),
      cells(...Array.from({ length: 7 }, () => '---')),
      ...rows,
    ].join('\n'),
  ].join('\n\n')}\n`;
}

function rowOf(kernel: string, tried: MatrixTry): string {
  const [expected, seen] = [predictedReach(tried), seenReach(tried)];
  const mark = seen === null ? '' : expected === seen ? '' : ' **(wrong)**';
  const reason = tried.seen?.reason ?? tried.why ?? '';
  const step = tried.seen?.failed == null ? '' : `${tried.seen.failed.step}: `;
  return cells(
    kernel,
    tried.name,
    `${expected ?? 'not known'}${mark}`,
    seen ?? 'no verdict',
    reason === '' ? '' : `${step}${reason}`,
    tried.at,
    tried.commit?.slice(0, 9) ?? '',
  );
}

function describeError({ code, message }: NonNullable<MatrixKernel['error']>): string {
  return `${code}: ${message}`;
}

function nameOfSuite({ distro, suite }: ArchiveKernel): string {
  return `${distro.replace(/^debian:/, 'Debian ')} (${suite})`;
}

const MOST_REASON = 200;

/** The words of tools may hold anything; of dates the day is told. */
function cells(...texts: readonly string[]): string {
  const safe = texts.map((text, at) => {
    const line = text.split('\n')[0] ?? '';
    const short = line.length > MOST_REASON ? `${line.slice(0, MOST_REASON)}…` : line;
    if (at === 5) return short.slice(0, 10);
    return at === 4
      ? short
          .replaceAll('&', '&amp;')
          .replaceAll('<', '&lt;')
          .replaceAll(/([|`*_[\]\\])/g, String.raw`\$1`)
      : short;
  });
  return `| ${safe.join(' | ')} |`;
}
