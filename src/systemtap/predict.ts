/** Whether a SystemTap will work on a kernel, as far as that can be known without trying. Pure. */
import { compareDebVersions } from '../version/deb-vercmp.ts';
import { INCOMPATIBILITIES, type FitRung, type Incompatibility, type KernelRange } from './incompatibilities.ts';
import { findHit } from './kernel-range.ts';
import { compareKernels, type UpstreamKernel } from './kernel-version.ts';
import type { Mend } from './mends/table.ts';
import { compareStap, findRelease, firstReleaseFor, seriesOf, STAP_RELEASES } from './releases.ts';
import type { Sentence } from '../types.ts';
import { say } from '../sentence.ts';

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

/** mended: it does not fit as it is, and mends that were seen to work take everything away that is known against it. */
export type Fit = 'fits' | 'mended' | 'unfit' | 'unknown';

/** A prediction; the verdict only ever comes from compiling and loading. */
export interface Prediction {
  readonly verdict: Fit;
  /** What weighs most first. */
  readonly reasons: readonly Sentence[];
}

/** One prediction for each rung that a release may fail on by itself; the second includes the first. */
export type Predictions = Readonly<Record<FitRung, Prediction>>;

/** Predicts for a rung of the ladder: "hello", or "kernel.function" with all below it. */
export function predictFit(
  stap: StapIdentity,
  kernel: UpstreamKernel,
  rung: FitRung = 'hello',
  mends: readonly Mend[] = [],
): Prediction {
  const cured = new Set(mends.flatMap(({ cures }) => cures));
  const rows = INCOMPATIBILITIES.filter((row) => (row.rung === 'hello' || rung === row.rung) && !cured.has(row.id));
  const findings = rows.flatMap((row) => {
    const found = judge(row, stap, kernel);
    return found === null ? [] : [found];
  });
  const range = judgeRange(stap, kernel);
  const unfit = findings.filter(({ verdict }) => verdict === 'unfit');
  const unknown = findings.filter(({ verdict }) => verdict === 'unknown');
  const reasons = [...unfit, ...unknown].map(({ reason }) => reason);
  if (unfit.length > 0) return { verdict: 'unfit', reasons };
  if (mends.length > 0) return judgeMended(mends, kernel, reasons);
  const isOpen = unknown.length > 0 || range.verdict === 'unknown';
  const vendor = kernel.isVendor
    ? [say(`${kernel.text} is a vendor's own branch of ${kernel.series}, whose changes no table knows`)]
    : [];
  return { verdict: isOpen ? 'unknown' : 'fits', reasons: [...reasons, range.reason, ...vendor] };
}

/** Both rungs at once. */
export function predictRungs(stap: StapIdentity, kernel: UpstreamKernel, mends: readonly Mend[] = []): Predictions {
  return {
    hello: predictFit(stap, kernel, 'hello', mends),
    'kernel.function': predictFit(stap, kernel, 'kernel.function', mends),
  };
}

/** Where a mend was seen to work counts for more than what its release was tested on. @param open what else is not known */
function judgeMended(mends: readonly Mend[], kernel: UpstreamKernel, open: readonly Sentence[]): Prediction {
  const hits = mends.map((mend) => ({ mend, hit: findHit(mend.kernels, kernel) }));
  const isSeen = hits.every(({ hit }) => hit?.isInside === true && hit.range.evidence === 'measured');
  const reasons = hits.map(({ mend: { id, what, measured } }) => say(`${id} ${what} (seen: ${measured})`));
  return { verdict: open.length === 0 && isSeen ? 'mended' : 'unknown', reasons: [...open, ...reasons] };
}

interface Finding {
  readonly verdict: 'unfit' | 'unknown';
  readonly reason: Sentence;
}

function judge(row: Incompatibility, stap: StapIdentity, kernel: UpstreamKernel): Finding | null {
  if (!isAffected(row, stap)) return null;
  const hit = findHit(row.kernels, kernel);
  if (hit === null) return null;
  const fixed =
    row.stap.fixedIn === null ? 'no release is known to be free of it' : `free of it since ${row.stap.fixedIn}`;
  const words = row.symptom === null ? '' : ` (${row.failsIn}: ${row.symptom})`;
  const isCertain = hit.isInside && row.stap.evidence !== 'unverified' && hit.range.evidence !== 'unverified';
  const known = `${row.cause}${words}; ${fixed}`;
  if (isCertain)
    return { verdict: 'unfit', reason: say(`${known}; ${describeRange(hit.range)}, and this is ${kernel.text}`) };
  const why = hit.isInside
    ? `whether it reaches ${kernel.text} with ${stap.version} was not seen`
    : `${describeRange(hit.range)}, and which stable release ${kernel.text} is made from is not known`;
  return { verdict: 'unknown', reason: say(`${known}; ${why}`) };
}

/** Whether a release has the fault that a row tells of, before any kernel is looked at. */
export function isAffected({ stap: affected, patchedIn }: Incompatibility, stap: StapIdentity): boolean {
  if (affected.from !== null && compareStap(stap.version, affected.from) < 0) return false;
  if (affected.fixedIn !== null && compareStap(stap.version, affected.fixedIn) >= 0) return false;
  // What no known release is free of, the next one may be.
  if (affected.fixedIn === null && compareStap(stap.version, STAP_RELEASES.at(-1)?.version ?? '') > 0) return false;
  const { packageVersion, distro } = stap;
  if (packageVersion === null || distro === null) return true;
  return !patchedIn.some(
    ({ distros, from }) =>
      distros.includes(distro.toLowerCase()) && compareDebVersions(packageVersion.replace(/^\d+:/, ''), from) >= 0,
  );
}

function describeRange({ from, before, evidence }: KernelRange): string {
  const until = before === null ? 'on' : `to below ${before}`;
  return `${evidence === 'measured' ? 'seen' : 'known'} from ${from} ${until}`;
}

/** Where the kernel lies to what the release calls tested: no verdict by itself, but outside of it nothing was tried. */
function judgeRange(stap: StapIdentity, { series, text }: UpstreamKernel): { verdict: Fit; reason: Sentence } {
  const [oldest, newest] = testedRange(stap);
  if (oldest === null || newest === null) {
    const why = findRelease(stap.version) === null ? 'is in no table' : 'does not say what it was tested on';
    return { verdict: 'unknown', reason: say(`SystemTap ${stap.version} ${why}`) };
  }
  if (compareKernels(series, seriesOf(newest)) > 0) {
    const first = firstReleaseFor(series, compareKernels);
    const next =
      first === null ? 'newer than any that a known release was tested on' : `in the range since ${first.version}`;
    return { verdict: 'unknown', reason: say(`${stap.version} was tested up to ${newest}, and ${text} is ${next}`) };
  }
  // "2.6" alone may be any of forty kernels, and never stands for the newest of them.
  const newestOf = series === '2.6' ? series : `${series}.99999`;
  if (compareKernels(newestOf, oldest) < 0) {
    return { verdict: 'unknown', reason: say(`${stap.version} was tested from ${oldest}, and ${text} is older`) };
  }
  return {
    verdict: 'fits',
    reason: say(`${series} lies in what ${stap.version} was tested on, ${oldest} to ${newest}`),
  };
}

function testedRange({ version, testedKernels }: StapIdentity): readonly [string | null, string | null] {
  const [oldest = '', newest = ''] = (testedKernels ?? '').split('...').map((part) => part.trim());
  if (oldest !== '' && newest !== '') return [oldest, newest];
  const row = findRelease(version);
  return [row?.oldest ?? null, row?.newest ?? null];
}
