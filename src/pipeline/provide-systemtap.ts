/** Which SystemTap is used on a target: candidates in the order of what is expected of them, each judged by compiling and loading. */
import { parseStapVersion } from '../detect/stap-version.ts';
import { isTapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { identifySystem, listPackages, type ListedPackage } from '../install/package-list.ts';
import { namePackages } from '../resolve/package-names.ts';
import { recordChosen } from '../systemtap/chosen.ts';
import { listCandidates, withMended } from '../systemtap/candidates.ts';
import {
  chooseSystemtap,
  type Candidate,
  nameOf,
  type RankedCandidate,
  type SystemtapWish,
} from '../systemtap/choose.ts';
import type { FitRung } from '../systemtap/incompatibilities.ts';
import { upstreamKernelOf } from '../systemtap/kernel-version.ts';
import { chooseMends } from '../systemtap/mends/choose-mends.ts';
import type { MendedManifest } from '../systemtap/mends/manifest-schema.ts';
import { type MendedSystemtap, placeMended } from '../systemtap/mends/place.ts';
import { readKernelPresence } from '../systemtap/mends/presence.ts';
import { MENDS } from '../systemtap/mends/table.ts';
import { assembleFolder, assemblePortable } from '../systemtap/portable/assemble.ts';
import { upstreamVersion } from '../version/upstream.ts';
import { placePortable } from '../systemtap/portable/place.ts';
import { findSuiteRepositories } from '../systemtap/portable/repositories.ts';
import type { Predictions, StapIdentity } from '../systemtap/predict.ts';
import { INSTALLED_SYSTEMTAP, type UsableSystemtap } from '../systemtap/usable.ts';
import { kernelBuildKey, recallVerdicts, rememberVerdict, type Verdict } from '../systemtap/verdicts.ts';
import { say, textOf } from '../sentence.ts';
import type { Artifact, FolderItem, PlanItem, Sentence, VerifyReport, VerifyStep } from '../types.ts';
import type { VerifyLevel } from '../verify/options.ts';
import { findDecisive } from '../verify/step.ts';
import { acquireArtifacts } from './acquire.ts';
import { provideBuild } from './build-systemtap.ts';
import type { Subject } from './open-target.ts';
import { noCandidate, toRequest } from './plan-systemtap.ts';
import type { Session } from './session.ts';
import { runStage } from './stage.ts';

/** auto: whatever is expected to fit best; a word: only that way; a version: by whichever way there is. */
export type SystemtapChoice = SystemtapWish;

export interface ProvideOptions {
  readonly choice: SystemtapChoice;
  /** How far the ladder is climbed: a SystemTap that reaches hello world and no further may not be enough. */
  readonly level: VerifyLevel;
  readonly allowExpiredRelease: boolean;
  /** The ladder with one SystemTap. */
  readonly verify: (systemtap: UsableSystemtap) => Promise<VerifyReport>;
  /** Whether a SystemTap may be mended, which puts a folder on the target. */
  readonly mends: boolean;
  /** What a plan brings; where left out, whatever the lists know. */
  readonly planned?: PlannedFolders;
}

/** The portable SystemTaps of a plan. */
export interface PlannedFolders {
  readonly folders: readonly FolderItem[];
  /** Whether no other may come beside what is installed: a lock names every byte, and a bundle is all there is. */
  readonly isAll: boolean;
  /** The verified packages of a folder. */
  readonly acquire: (items: readonly PlanItem[]) => Promise<readonly Artifact[]>;
}

/** One candidate, what was expected of it and what became of it. */
export interface TriedSystemtap {
  /** "4.8-2 of the distribution", "portable 5.1 (debian trixie)". */
  readonly name: string;
  /** What was expected before it was tried; null where nothing was known of it. */
  readonly predicted: Predictions | null;
  readonly ready: boolean;
  /** What was changed of it, where it was mended. */
  readonly mended?: MendedManifest;
  /** Why it was not taken; null for the one that was. */
  readonly reason: Sentence | null;
}

export interface ProvidedSystemtap {
  /** Of the candidate that is taken, else of the first that could be tried. */
  readonly verify: VerifyReport;
  readonly tried: readonly TriedSystemtap[];
}

/**
 * Tries candidates until one carries the ladder as far as it is climbed; what a script of the user does is no matter of
 * the SystemTap. Every outcome is remembered for this kernel build.
 * @throws TapprepError when no candidate could even be tried: the reason of the last; NO_REPOSITORY when none is known
 */
export async function provideSystemtap(
  session: Session,
  subject: Subject,
  host: Host,
  options: ProvideOptions,
): Promise<ProvidedSystemtap> {
  const installed = await lookAt(host, session.signal);
  const rung = rungOf(options.level);
  const kernelVersion = installed.kernelVersion(subject);
  const key = kernelBuildKey(subject.target, kernelVersion);
  const kernel = upstreamKernelOf(subject.target, kernelVersion);
  const open = listOpen(installed.own(subject), session.mirrors.systemtap, options.planned);
  const presence = options.mends ? await readKernelPresence(host, subject.target, MENDS) : null;
  const candidates = presence === null ? open : withMended(open, (stap) => chooseMends(stap, kernel, presence));
  const ranked = chooseSystemtap(candidates, options.choice, {
    kernel,
    rung,
    verdicts: await recallVerdicts(session.cacheDir, key),
  });
  // Whatever the database says: where the distribution's is asked for, the ladder tells what is wrong with it.
  if (ranked.length === 0 && options.choice === 'distro') {
    const verify = await options.verify(INSTALLED_SYSTEMTAP);
    return { verify, tried: [describe('of the distribution', null, verify, rung)] };
  }
  const tried: TriedSystemtap[] = [];
  let first: VerifyReport | null = null;
  let problem: unknown = null;
  for (const { name, candidate, predictions } of ranked) {
    tellChoice(session, name, predictions, rung);
    try {
      const systemtap = await provideCandidate(session, subject, host, candidate, options);
      const verify = await options.verify(systemtap);
      tried.push({ ...describe(name, predictions, verify, rung), ...tellMended(session, systemtap) });
      if (isTelling(verify)) await rememberVerdict(session.cacheDir, key, toVerdict(name, verify, session.now()));
      if (carries(verify, rung)) {
        await keepChoice(session, subject, host, { name, version: candidate.version, place: systemtap.place ?? null });
        return { verify, tried };
      }
      first ??= verify;
      if (!canAnotherHelp(verify)) break;
    } catch (error) {
      if (!isTapprepError(error) || error.code === 'INTERRUPTED' || error.code === 'NOT_ROOT') throw error;
      problem = error;
      tried.push({ name, predicted: predictions, ready: false, reason: say(error.message) });
      session.emit({ type: 'note', level: 'warning', text: `SystemTap ${name} could not be used: ${error.message}` });
    }
  }
  if (first !== null) return { verify: first, tried };
  throw problem ?? noCandidate(session, options.choice);
}

/** Every way that is left: a plan's folders stand for those of the lists. */
function listOpen(
  own: StapIdentity | null,
  known: Session['mirrors']['systemtap'],
  planned: PlannedFolders | undefined,
): readonly Candidate[] {
  const open = planned?.isAll === true ? { portable: [], sources: [] } : known;
  const folders = (planned?.folders ?? []).map(({ upstream, version, distro, suite }) => {
    return { kind: 'portable', version: upstream, packageVersion: version, distro, from: { distro, suite } } as const;
  });
  const isPlanned = (candidate: Candidate): boolean =>
    candidate.kind === 'portable' && folders.some((each) => nameOf(each) === nameOf(candidate));
  const listed = listCandidates(own, open);
  const first = listed.filter(({ kind }) => kind === 'distro');
  const others = listed.filter((candidate) => candidate.kind !== 'distro' && !isPlanned(candidate));
  return [...first, ...folders, ...others];
}

/** The rung that a level of the ladder needs of a SystemTap. */
export function rungOf(level: VerifyLevel): FitRung {
  return level === 'hello' ? 'hello' : 'kernel.function';
}

/** What was proven is the target's from now on. */
function keepChoice(
  { now }: Session,
  { target: { release } }: Subject,
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

interface Installed {
  own(subject: Subject): StapIdentity | null;
  kernelVersion(subject: Subject): string | null;
}

/** What is in place on the target now, which may be more than when its facts were collected. */
async function lookAt(host: Host, signal: AbortSignal): Promise<Installed> {
  const packages = await listInstalled(host);
  const stap = await host.which('stap');
  const said = stap === null ? null : await host.run([stap, '-V'], { timeoutMs: 60_000, signal });
  const parsed = said === null ? null : parseStapVersion(`${said.stdout}\n${said.stderr}`.split('\n'));
  const version = (name: string): string | null => packages.find((item) => item.name === name)?.version ?? null;
  return {
    own: ({ target: { distro } }) => {
      if (stap === null) return null;
      const packageVersion = version('systemtap') ?? version('systemtap-client');
      if (packageVersion === null && parsed === null) return null;
      return {
        version: parsed?.version ?? upstreamVersion(packageVersion ?? ''),
        packageVersion,
        distro,
        testedKernels: parsed?.testedKernels ?? null,
      };
    },
    kernelVersion: ({ target }) => {
      const headers = namePackages(target).find(({ role }) => role === 'headers' || role === 'devel');
      return headers === undefined ? null : version(headers.name);
    },
  };
}

async function listInstalled(host: Host): Promise<readonly ListedPackage[]> {
  try {
    return await listPackages(host, await identifySystem(host));
  } catch (error) {
    // A system without a package database can still be proven.
    if (isTapprepError(error, 'TOOL_MISSING') || isTapprepError(error, 'INSTALL_FAILED')) return [];
    throw error;
  }
}

function tellChoice(session: Session, name: string, predictions: Predictions, rung: FitRung): void {
  const { verdict, reasons } = predictions[rung];
  const text = { fits: 'should fit', mended: 'should fit', unfit: 'should not fit', unknown: 'may fit' }[verdict];
  session.emit({ type: 'note', level: 'info', text: `SystemTap ${name} ${text}: ${reasons[0] ?? ''}` });
}

/** Whether the rungs that a release may fail on by itself were reached; one that could not be tried stands against nobody. */
function carries({ steps }: VerifyReport, rung: FitRung): boolean {
  const ladder = steps.filter(({ id }) => id !== 'script');
  if (ladder.some(({ status }) => status === 'fail') || steps.some(isFaultOfSystemtap)) return false;
  const hello = ladder.find(({ id }) => id === 'hello');
  return hello?.status === 'pass' && (rung === 'hello' || ladder.some(({ id }) => id === 'kernel.function'));
}

/** Not where nothing can be loaded, nor where the target itself is wrong, nor where this machine is too slow. */
function canAnotherHelp({ ranIn, steps }: VerifyReport): boolean {
  const failed = steps.filter(({ status }) => status === 'fail');
  if (failed.length === 0) return ranIn !== null;
  if (failed.some(({ blame }) => blame === 'this-machine')) return false;
  return failed.some(({ blame }) => blame === 'systemtap' || blame === null);
}

function isFaultOfSystemtap({ status, blame }: VerifyStep): boolean {
  return status === 'fail' && blame === 'systemtap';
}

/** Whether an outcome says something of the SystemTap: not of tools that are missing, nor of a machine that was too slow. */
function isTelling({ steps }: VerifyReport): boolean {
  const hello = steps.find(({ id }) => id === 'hello');
  if (hello === undefined || hello.status === 'skip') return false;
  return steps.some(isFaultOfSystemtap) || !steps.some(({ id, status }) => id in RUNGS && status === 'fail');
}

function describe(name: string, predicted: Predictions | null, verify: VerifyReport, rung: FitRung): TriedSystemtap {
  return { name, predicted, ready: carries(verify, rung), reason: carries(verify, rung) ? null : explain(verify) };
}

function explain({ steps }: VerifyReport): Sentence {
  const failed = findDecisive(steps);
  if (failed === null) return say('not every step passed');
  return say(`${failed.step}: ${failed.reason === null ? failed.status : textOf(failed.reason)}`);
}

const RUNGS: Readonly<Record<FitRung, true>> = { hello: true, 'kernel.function': true };

/** A SystemTap that fails on any rung or script above hello is not taken for what lies there: it may have ended the guest. */
function toVerdict(candidate: string, verify: VerifyReport, now: number): Verdict {
  const outcome = (rung: FitRung): Verdict['rungs'][FitRung] =>
    verify.steps.find(({ id }) => id === rung)?.status ?? 'skip';
  const faults = verify.steps.filter(isFaultOfSystemtap);
  const above = faults.some(({ id }) => id !== 'hello') ? 'fail' : outcome('kernel.function');
  const rungs = { hello: outcome('hello'), 'kernel.function': above };
  const reason = faults[0]?.reason ?? null;
  return { candidate, rungs, reason: reason === null ? null : textOf(reason), at: new Date(now).toISOString() };
}

/** What was changed of a SystemTap, for the report and for whoever watches. */
function tellMended({ emit }: Session, systemtap: UsableSystemtap | MendedSystemtap): Pick<TriedSystemtap, 'mended'> {
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
  return { mended: manifest };
}

async function provideCandidate(
  session: Session,
  subject: Subject,
  host: Host,
  candidate: RankedCandidate['candidate'],
  options: ProvideOptions,
): Promise<UsableSystemtap | MendedSystemtap> {
  const { mends, ...base } = candidate;
  const systemtap = await provideBase(session, subject, host, base, options);
  if (mends === undefined) return systemtap;
  const { tapprepVersion, now } = session;
  const { release } = subject.target;
  const { version } = candidate;
  return placeMended({ host, base: systemtap, name: nameOf(base), version, mends, release, tapprepVersion, now });
}

function provideBase(
  session: Session,
  subject: Subject,
  host: Host,
  candidate: Candidate,
  options: ProvideOptions,
): Promise<UsableSystemtap> {
  switch (candidate.kind) {
    case 'distro':
      return Promise.resolve(INSTALLED_SYSTEMTAP);
    case 'portable':
      return providePortable(session, subject, host, candidate, options);
    case 'build':
      return provideBuild(session, subject, host, candidate, options.allowExpiredRelease);
  }
}

type FromSuite = Extract<Candidate, { kind: 'portable' | 'build' }>;

function providePortable(
  session: Session,
  { target }: Subject,
  host: Host,
  candidate: FromSuite,
  { allowExpiredRelease, planned }: ProvideOptions,
): Promise<UsableSystemtap> {
  const { reader, cacheDir, mirrors, overrides, tapprepVersion, emit, now, signal } = session;
  const { version, from } = candidate;
  const folder = planned?.folders.find(
    ({ upstream, distro, suite }) => upstream === version && distro === from.distro && suite === from.suite,
  );
  return runStage(
    session,
    `SystemTap ${version}`,
    async () => {
      const portable =
        folder === undefined || planned === undefined
          ? await assemblePortable(
              {
                reader,
                cacheDir,
                findRepositories: (wanted) =>
                  findSuiteRepositories(wanted, { mirrors, overrides, allowExpiredRelease }),
                acquire: (items) => acquireArtifacts(session, items),
              },
              toRequest(target, candidate),
            )
          : await assembleFolder({ emit, signal, cacheDir, acquire: planned.acquire }, folder);
      const { release, arch } = target;
      return placePortable({ host, portable, release, arch, tapprepVersion, emit, now, signal });
    },
    ({ prefix }) => `portable, in ${prefix}`,
  );
}
