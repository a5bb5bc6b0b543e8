/** Whether a SystemTap will work on a kernel, as far as that can be known without trying. Pure. */
import { compareDebVersions } from '../version/deb-vercmp.ts';
import {
  INCOMPATIBILITIES,
  type Evidence,
  type FitRung,
  type Incompatibility,
  type KernelRange,
} from './incompatibilities.ts';
import { compareKernels, type UpstreamKernel } from './kernel-version.ts';
import { compareStap, findRelease, firstReleaseFor, seriesOf } from './releases.ts';

/** A SystemTap by name: what is known of it before it runs. */
export interface StapIdentity {
  /** "5.1" */
  readonly version: string;
  /** "5.1-5"; null for one that is no package. */
  readonly packageVersion: string | null;
  /** ID of os-release of whoever packaged it; null for upstream. */
  readonly distro: string | null;
  /** "2.6.32 ... 6.9-rc0", where its `stap -V` was read; otherwise the table of releases tells. */
  readonly testedKernels?: string | null;
}

export type Fit = 'fits' | 'unfit' | 'unknown';

/** A prediction; the verdict only ever comes from compiling and loading. */
export interface Prediction {
  readonly verdict: Fit;
  /** Sentences, what weighs most first. */
  readonly reasons: readonly string[];
}

/** One prediction for each rung that a release may fail on by itself; the second includes the first. */
export type Predictions = Readonly<Record<FitRung, Prediction>>;

/** Predicts for a rung of the ladder: "hello", or "kernel.function" with all below it. */
export function predictFit(stap: StapIdentity, kernel: UpstreamKernel, rung: FitRung = 'hello'): Prediction {
  const findings = INCOMPATIBILITIES.filter((row) => row.rung === 'hello' || rung === row.rung).flatMap((row) => {
    const found = judge(row, stap, kernel);
    return found === null ? [] : [found];
  });
  const range = judgeRange(stap, kernel);
  const unfit = findings.filter(({ verdict }) => verdict === 'unfit');
  const unknown = findings.filter(({ verdict }) => verdict === 'unknown');
  const reasons = [...unfit, ...unknown].map(({ reason }) => reason);
  if (unfit.length > 0) return { verdict: 'unfit', reasons };
  const isOpen = unknown.length > 0 || range.verdict === 'unknown';
  const vendor = kernel.isVendor
    ? [`${kernel.text} is a vendor's own branch of ${kernel.series}, whose changes no table knows`]
    : [];
  return { verdict: isOpen ? 'unknown' : 'fits', reasons: [...reasons, range.reason, ...vendor] };
}

/** Both rungs at once. */
export function predictRungs(stap: StapIdentity, kernel: UpstreamKernel): Predictions {
  return {
    hello: predictFit(stap, kernel, 'hello'),
    'kernel.function': predictFit(stap, kernel, 'kernel.function'),
  };
}

interface Finding {
  readonly verdict: 'unfit' | 'unknown';
  readonly reason: string;
}

function judge(row: Incompatibility, stap: StapIdentity, kernel: UpstreamKernel): Finding | null {
  if (!isAffected(row, stap)) return null;
  const hit = bestHit(row.kernels, kernel);
  if (hit === null) return null;
  const fixed =
    row.stap.fixedIn === null ? 'no release is known to be free of it' : `free of it since ${row.stap.fixedIn}`;
  const words = row.symptom === null ? '' : ` (${row.failsIn}: ${row.symptom})`;
  const isCertain = hit.isInside && row.stap.evidence !== 'unverified' && hit.range.evidence !== 'unverified';
  const subject = `${row.cause}${words}; ${fixed}`;
  if (isCertain)
    return { verdict: 'unfit', reason: `${subject}; ${describeRange(hit.range)}, and this is ${kernel.text}` };
  const why = hit.isInside
    ? `whether it reaches ${kernel.text} with ${stap.version} was not seen`
    : `${describeRange(hit.range)}, and which stable release ${kernel.text} is made from is not known`;
  return { verdict: 'unknown', reason: `${subject}; ${why}` };
}

function isAffected({ stap: affected, patchedIn }: Incompatibility, stap: StapIdentity): boolean {
  if (affected.from !== null && compareStap(stap.version, affected.from) < 0) return false;
  if (affected.fixedIn !== null && compareStap(stap.version, affected.fixedIn) >= 0) return false;
  const { packageVersion, distro } = stap;
  if (packageVersion === null || distro === null) return true;
  return !patchedIn.some(
    ({ distros, from }) =>
      distros.includes(distro.toLowerCase()) && compareDebVersions(packageVersion.replace(/^\d+:/, ''), from) >= 0,
  );
}

interface Hit {
  readonly range: KernelRange;
  /** False where only a part of what the kernel may be lies in the range. */
  readonly isInside: boolean;
}

const EVIDENCE_ORDER: readonly Evidence[] = ['measured', 'published', 'unverified'];

function bestHit(ranges: readonly KernelRange[], kernel: UpstreamKernel): Hit | null {
  const hits = ranges.flatMap((range): readonly Hit[] => {
    const { least, most } = kernel.patch;
    const [low, high] = [isWithin(range, kernel.series, least), isWithin(range, kernel.series, most)];
    return low || high ? [{ range, isInside: low && high }] : [];
  });
  const rank = ({ range, isInside }: Hit): number => EVIDENCE_ORDER.indexOf(range.evidence) + (isInside ? 0 : 10);
  return hits.toSorted((a, b) => rank(a) - rank(b))[0] ?? null;
}

function isWithin({ from, before }: KernelRange, series: string, patch: number): boolean {
  const version = `${series}.${patch === Infinity ? 99_999 : patch}`;
  return compareKernels(version, from) >= 0 && (before === null || compareKernels(version, before) < 0);
}

function describeRange({ from, before, evidence }: KernelRange): string {
  const until = before === null ? 'on' : `to below ${before}`;
  return `${evidence === 'measured' ? 'seen' : 'known'} from ${from} ${until}`;
}

/** Where the kernel lies to what the release calls tested: no verdict by itself, but outside of it nothing was tried. */
function judgeRange(stap: StapIdentity, { series, text }: UpstreamKernel): { verdict: Fit; reason: string } {
  const [oldest, newest] = testedRange(stap);
  if (oldest === null || newest === null) {
    const why = findRelease(stap.version) === null ? 'is in no table' : 'does not say what it was tested on';
    return { verdict: 'unknown', reason: `SystemTap ${stap.version} ${why}` };
  }
  if (compareKernels(series, seriesOf(newest)) > 0) {
    const first = firstReleaseFor(series, compareKernels);
    const next =
      first === null ? 'newer than any that a known release was tested on' : `in the range since ${first.version}`;
    return { verdict: 'unknown', reason: `${stap.version} was tested up to ${newest}, and ${text} is ${next}` };
  }
  if (compareKernels(`${series}.99999`, oldest) < 0) {
    return { verdict: 'unknown', reason: `${stap.version} was tested from ${oldest}, and ${text} is older` };
  }
  return { verdict: 'fits', reason: `${series} lies in what ${stap.version} was tested on, ${oldest} to ${newest}` };
}

function testedRange({ version, testedKernels }: StapIdentity): readonly [string | null, string | null] {
  const [oldest = '', newest = ''] = (testedKernels ?? '').split('...').map((part) => part.trim());
  if (oldest !== '' && newest !== '') return [oldest, newest];
  const row = findRelease(version);
  return [row?.oldest ?? null, row?.newest ?? null];
}
