/** Which SystemTap is used on a target: candidates in the order of what is expected of them, each judged by compiling and loading. */
import { isTapprepError } from '../errors.ts';
import { asksFirst } from '../host/asks-first.ts';
import type { Host } from '../host/host.ts';
import { recordChosen } from '../systemtap/chosen.ts';
import {
  type Candidate,
  chooseSystemtap,
  nameOf,
  type RankedCandidate,
  type SystemtapWish,
} from '../systemtap/choose.ts';
import type { FitRung } from '../systemtap/incompatibilities.ts';
import { type UpstreamKernel, upstreamKernelOf } from '../systemtap/kernel-version.ts';
import { describeOutside, findOutside, type OutsideMend } from '../systemtap/mends/choose-mends.ts';
import { describeLookedUp, lookUpMissing, type LookedUp } from '../systemtap/mends/look-up.ts';
import type { MendedManifest } from '../systemtap/mends/manifest-schema.ts';
import type { MendedSystemtap } from '../systemtap/mends/place.ts';
import { readKernelPresence } from '../systemtap/mends/presence.ts';
import type { Predictions } from '../systemtap/predict.ts';
import { INSTALLED_SYSTEMTAP, type UsableSystemtap } from '../systemtap/usable.ts';
import { kernelBuildOf } from '../systemtap/kernel-build.ts';
import { rememberVerdict } from '../systemtap/verdicts.ts';
import { say, textOf } from '../sentence.ts';
import type { Sentence, VerifyReport } from '../types.ts';
import type { CrossBuild, VerifyLevel } from '../verify/options.ts';
import { findDecisive } from '../verify/step.ts';
import { findVerdicts } from './known-verdicts.ts';
import { carries, isFaultOfSystemtap, leavesScriptOpen, seeVerdict } from './see-verdict.ts';
import { lookAtInstalled } from './installed-systemtap.ts';
import { type Failure, keepUnknown } from './keep-unknown.ts';
import { listAllowed, listOpen } from './open-candidates.ts';
import type { OpenTarget } from './open-target.ts';
import { noCandidate } from './plan-systemtap.ts';
import { type PlannedFolders, provideCandidate } from './provide-candidate.ts';
import type { Session } from './session.ts';
import { withoutRetry } from './without-retry.ts';

/** auto: whatever is expected to fit best; a word: only that way; a version: by whichever way there is. */
export type SystemtapChoice = SystemtapWish;

export interface ProvideOptions {
  readonly choice: SystemtapChoice;
  /** How far the ladder is climbed: a SystemTap that reaches hello world and no further may not be enough. */
  readonly level: VerifyLevel;
  readonly allowExpiredRelease: boolean;
  /** The ladder with one SystemTap. */
  readonly verify: (systemtap: UsableSystemtap) => Promise<VerifyReport>;
  /**
   * Whether a SystemTap may be mended, which puts a folder on the target. Names: by these rows alone, and only the distribution's
   * own; no names: by all that the kernel calls for, whatever release they were written for.
   */
  readonly mends: boolean | readonly string[];
  /** What a plan brings; where left out, whatever the lists know. */
  readonly planned?: PlannedFolders;
  /** Where the host is a root of another architecture than the target. */
  readonly cross?: CrossBuild;
  /** Asked before a candidate changes anything of the target. @throws TapprepError NOT_ROOT, NOT_APPROVED: then none is tried any more */
  readonly beforePlacing?: (name: string) => Promise<void>;
}

/** What ends all trying. */
const FINAL: ReadonlySet<string> = new Set(['INTERRUPTED', 'NOT_ROOT', 'NOT_APPROVED']);

/** One candidate, what was expected of it and what became of it. */
export interface TriedSystemtap {
  /** "4.8-2 of the distribution", "portable 5.1 (debian trixie)". */
  readonly name: string;
  /** What was expected before it was tried; null where nothing was known of it. */
  readonly predicted: Predictions | null;
  readonly ready: boolean;
  /** What was changed of it, where it was mended. */
  readonly mended?: MendedManifest;
  /** Mends that were applied outside of their known range, as the kernel's own files call for them. */
  readonly outside?: readonly OutsideMend[];
  /** Why it was not taken; null for the one that was. */
  readonly reason: Sentence | null;
  /** What it asked of the kernel in vain, and what the kernel has instead; left out where its failure tells of nothing. */
  readonly missing?: readonly LookedUp[];
  /** Where nothing that is known mends it: the file on this machine that keeps the failure, to be read and sent. */
  readonly caseFile?: string;
}

export interface ProvidedSystemtap {
  /** Of the candidate that is taken, else of that which came farthest, the first of several. */
  readonly verify: VerifyReport;
  readonly tried: readonly TriedSystemtap[];
}

/**
 * Tries candidates until one carries the ladder as far as it is climbed; what a script of the user does is no matter of
 * the SystemTap. Every outcome is remembered for this kernel build.
 * @throws TapprepError when no candidate could even be tried: the reason of the first; NO_REPOSITORY when none is known
 */
export async function provideSystemtap(
  session: Session,
  open: OpenTarget,
  host: Host,
  options: ProvideOptions,
): Promise<ProvidedSystemtap> {
  const installed = await lookAtInstalled(host, session.signal);
  const rung = rungOf(options.level);
  const kernelVersion = options.cross?.kernelVersion ?? installed.kernelVersion(open);
  const build = kernelBuildOf(open.target, kernelVersion);
  const kernel = upstreamKernelOf(open.target, kernelVersion);
  const listed = listOpen(installed.own(open), session.mirrors.systemtap, options.planned);
  // What is built in the root runs there, and no staprun of the target's architecture comes of it.
  const allowed = options.cross === undefined ? listed : listed.filter(({ kind }) => kind !== 'build');
  const presence = options.mends === false ? null : await readKernelPresence(host, open.target, session.mends);
  const { known, further } =
    presence === null
      ? { known: allowed, further: [] }
      : listAllowed(allowed, { kernel, presence, table: session.mends, wish: options.mends }, options.planned);
  const context = { kernel, rung, verdicts: await findVerdicts(session, build) };
  const [ranked, last] = [known, further].map((each) => chooseSystemtap(each, options.choice, context)) as [
    Ranked,
    Ranked,
  ];
  // Whatever the database says: where the distribution's is asked for, the ladder tells what is wrong with it.
  if (ranked.length === 0 && options.choice === 'distro') {
    const verify = await options.verify(INSTALLED_SYSTEMTAP);
    return { verify, tried: [describe('of the distribution', null, verify, rung)] };
  }
  const tried: TriedSystemtap[] = [];
  const places = new Set<string>();
  let farthest: VerifyReport | null = null;
  /** Carries the ladder, though not every script. */
  let nearly: Taken | null = null;
  let problem: unknown = null;
  const failures: Failure[] = [];
  const left = [...ranked, ...last];
  const take = async ({ ranked: one, verify, place }: Taken): Promise<ProvidedSystemtap> => {
    await keepChoice(session, open, host, { name: one.name, version: one.candidate.version, place });
    return { verify, tried: await keepUnknown(session, open, tried, { failures, left, taken: one, rung }) };
  };
  for (let one = left.shift(); one !== undefined; one = left.shift()) {
    const { name, candidate, predictions } = one;
    tellChoice(session, name, predictions, rung);
    try {
      const { beforePlacing } = options;
      const changing = beforePlacing === undefined ? host : asksFirst(host, () => beforePlacing(name));
      const systemtap = await provideCandidate(session, open, changing, candidate, options);
      // A runtime that does not call for the others comes to the same.
      if (systemtap.place !== undefined && places.has(systemtap.place)) continue;
      if (systemtap.place !== undefined) places.add(systemtap.place);
      const verify = await options.verify(systemtap);
      const log = readFaults(verify);
      const missing = await tellMissing(session, open, host, log);
      if (log !== '') failures.push({ ranked: one, at: tried.length, log, missing });
      tried.push({
        ...describe(name, predictions, verify, rung),
        ...tellMended(session, systemtap, candidate.version, kernel),
        ...(missing.length === 0 ? {} : { missing }),
      });
      const seen = seeVerdict(session, build, candidate, verify);
      if (seen !== null) await rememberVerdict(session.cacheDir, seen);
      const taken: Taken = { ranked: one, verify, place: systemtap.place ?? null };
      if (carries(verify, rung)) {
        if (!leavesScriptOpen(verify)) return await take(taken);
        if (nearly === null || countPassed(verify) > countPassed(nearly.verify)) nearly = taken;
      }
      if (farthest === null || countPassed(verify) > countPassed(farthest)) farthest = verify;
      if (!canAnotherHelp(verify)) break;
    } catch (error) {
      if (!isTapprepError(error) || FINAL.has(error.code)) throw error;
      // What was expected most says most.
      problem ??= error;
      tried.push({ name, predicted: predictions, ready: false, reason: say(error.message) });
      if (error.code === 'MEND_REFUSED') bringForward(left, candidate);
      session.emit({ type: 'note', level: 'warning', text: `SystemTap ${name} could not be used: ${error.message}` });
    }
  }
  if (nearly !== null) return take(nearly);
  if (farthest !== null) {
    const verify = options.choice === 'auto' ? withoutRetry(farthest, open.facts) : farthest;
    return { verify, tried: await keepUnknown(session, open, tried, { failures, left, taken: null, rung }) };
  }
  throw problem ?? noCandidate(session, options.choice);
}

/** The one that is the target's from now on. */
interface Taken {
  readonly ranked: RankedCandidate;
  readonly verify: VerifyReport;
  readonly place: string | null;
}

/**
 * What was expected of a release is not true of a runtime that its mends do not fit, such as one that a distribution mended
 * itself: as it is, it comes next, unless it was tried before.
 */
function bringForward(left: RankedCandidate[], { mends: _refused, ...plain }: Candidate): void {
  const at = left.findIndex(({ name, verdict }) => name === nameOf(plain) && verdict === null);
  if (at > 0) left.unshift(...left.splice(at, 1));
}

function countPassed({ steps }: VerifyReport): number {
  return steps.filter(({ status }) => status === 'pass').length;
}

/** The rung that a level of the ladder needs of a SystemTap. */
export function rungOf(level: VerifyLevel): FitRung {
  return level === 'hello' ? 'hello' : 'kernel.function';
}

/** What was proven is the target's from now on. */
function keepChoice(
  { now }: Session,
  { target: { release } }: OpenTarget,
  host: Host,
  { name, version, place }: { readonly name: string; readonly version: string; readonly place: string | null },
): Promise<void> {
  const at = new Date(now()).toISOString();
  return recordChosen(
    host,
    release,
    place === null ? null : { schema: 'tapprep-chosen/1', release, name, version, place, hello: 'pass', at },
  );
}

type Ranked = readonly RankedCandidate[];

function tellChoice(session: Session, name: string, predictions: Predictions, rung: FitRung): void {
  const { verdict, reasons } = predictions[rung];
  const text = { fits: 'should fit', mended: 'should fit', unfit: 'should not fit', unknown: 'may fit' }[verdict];
  const [why] = reasons;
  const because = why === undefined ? '' : `: ${textOf(why)}`;
  session.emit({ type: 'note', level: 'info', text: `SystemTap ${name} ${text}${because}` });
}

/** Not where nothing can be loaded, nor where the target itself is wrong, nor where this machine is too slow. */
function canAnotherHelp({ ranIn, steps }: VerifyReport): boolean {
  const failed = steps.filter(({ status }) => status === 'fail');
  if (failed.length === 0) return ranIn !== null;
  if (failed.some(({ blame }) => blame === 'this-machine')) return false;
  return failed.some(({ blame }) => blame === 'systemtap' || blame === null);
}

function describe(name: string, predicted: Predictions | null, verify: VerifyReport, rung: FitRung): TriedSystemtap {
  const ready = carries(verify, rung) && !leavesScriptOpen(verify);
  return { name, predicted, ready, reason: ready ? null : explain(verify) };
}

function explain({ steps }: VerifyReport): Sentence {
  const failed = findDecisive(steps);
  if (failed === null) return say('not every step passed');
  return say(`${failed.step}: ${failed.reason === null ? failed.status : textOf(failed.reason)}`);
}

/** What a SystemTap that failed by its own fault said; empty where none did. */
function readFaults({ steps }: VerifyReport): string {
  return steps
    .filter(isFaultOfSystemtap)
    .map(({ output, reason }) => `${reason === null ? '' : textOf(reason)}\n${output}`)
    .join('\n');
}

/** Looks up in the kernel what a SystemTap asked of it in vain. */
async function tellMissing(
  { emit }: Session,
  { target }: OpenTarget,
  host: Host,
  log: string,
): Promise<readonly LookedUp[]> {
  const missing = await lookUpMissing(host, target, log);
  for (const each of missing) emit({ type: 'note', level: 'warning', text: describeLookedUp(each) });
  return missing;
}

/** What was changed of a SystemTap, for the report and for whoever watches. */
function tellMended(
  { emit, mends }: Session,
  systemtap: UsableSystemtap | MendedSystemtap,
  version: string,
  kernel: UpstreamKernel,
): Pick<TriedSystemtap, 'mended' | 'outside'> {
  if (!('manifest' in systemtap) || systemtap.manifest.schema !== 'tapprep-mended/1') return {};
  const { manifest, place } = systemtap;
  const parts = [
    ...manifest.files.map(({ file }) => file),
    ...(manifest.header === null ? [] : [manifest.header.name]),
  ];
  emit({
    type: 'note',
    level: 'detail',
    text: `${place}: ${manifest.mends.join(' and ')} changed ${parts.join(', ')}`,
  });
  const applied = mends.filter(({ id }) => manifest.mends.includes(id));
  const outside = findOutside(applied, version, kernel);
  for (const each of outside) emit({ type: 'note', level: 'info', text: describeOutside(each) });
  return { mended: manifest, ...(outside.length === 0 ? {} : { outside }) };
}
