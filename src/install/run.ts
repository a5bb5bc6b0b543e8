/** Installs verified packages on a target and keeps the journal. */
import { countOf } from '../count.ts';
import { isTapprepError, TapprepError } from '../errors.ts';
import type { Host, RunResult } from '../host/host.ts';
import { awaitEarlierRun } from '../host/until-end.ts';
import { interrupted, refuseWhenStopped, stopSignalOf } from '../interruption.ts';
import { run, tapprepAsRoot } from '../make-remedy.ts';
import type { Artifact, Emit, InstallReport, PlanItem } from '../types.ts';
import { settleMethod } from './ask-front-end.ts';
import { ensureBuildLink, listMissingLink } from './build-link.ts';
import type { PackageSystem } from '../package-system/package-system.ts';
import { buildInstallArgv, type InstallMethod, QUIET_ENV, sortByRole, systemOfMethod } from './commands.ts';
import { compareLists, isSamePackage, isSameVersion, packageKey } from './compare-lists.ts';
import { isSame } from './compare-transaction.ts';
import { completeCutOff, resumeCutOff } from './cut-off.ts';
import { type JournalEntry, JOURNAL_PATH, readJournal, readOpen, withoutOthers, writeEntry } from './journal.ts';
import { listConfigured, listPackages, listRemains, listTraces, type ListedPackage } from './package-list.ts';
import { findRemains, isStaging, takeRemains } from './remains.ts';
import { demandsOf, requireRoom } from './room.ts';
import { withStagedFiles } from './staging.ts';
import { gradeOf } from '../trust/grade.ts';
import { undoTransaction } from './undo.ts';

export interface InstallRequest {
  readonly host: Host;
  readonly artifacts: readonly Artifact[];
  readonly method: InstallMethod;
  /** Installed packages that have to come again, because their files are not all there. */
  readonly damaged?: readonly ListedPackage[];
  readonly release: string;
  /** Installed packages may be replaced by other versions. */
  readonly allowUpgrade: boolean;
  readonly tapprepVersion: string;
  readonly emit: Emit;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/**
 * Installs the artifacts in one transaction of the target's package manager; dpkg needs one run for each wave.
 * What a failed transaction had brought is taken away again, and so is what one had brought that a signal came in the middle
 * of: the run of the package manager that is at work comes to its end, and no other begins. What a killed one left is in the
 * journal, from which the next run goes on.
 * @throws TapprepError INSTALL_FAILED, NO_SPACE, PERMISSION, NOT_ROOT, INTERRUPTED
 */
export async function installArtifacts(request: InstallRequest): Promise<InstallReport> {
  const { host, method, release, emit } = request;
  const system = systemOfMethod(method);
  await recoverInterrupted(host, system, emit, request.signal);
  const before = await listPackages(host, system);
  const damaged = new Set((request.damaged ?? []).map(packageKey));
  const have = new Set(before.map(packageKey).filter((key) => !damaged.has(key)));
  const wanted = sortByRole(request.artifacts.map((artifact) => ({ ...artifact, role: artifact.item.role })))
    .filter(({ item }) => !have.has(packageKey(item)))
    // Their plan was made of another list, or for another machine.
    .map((artifact) => ({
      ...artifact,
      item: { ...artifact.item, replaces: replacedBy(artifact.item, before, system) },
    }));
  if (wanted.length === 0) return { installed: [], replaced: [], unchanged: request.artifacts.length, journal: null };
  refuseReplacement(wanted, request.allowUpgrade);
  // What only comes again takes the place that it had.
  const more = wanted.map(({ item }) => item).filter((item) => !damaged.has(packageKey(item)));
  await requireRoom(host, demandsOf(more), {
    what: countOf(more.length, 'package needs', 'packages need'),
    emit,
    signal: request.signal,
  });

  const configurations = await listForeignConfigurations(host, system);
  const configured = wanted
    .map(({ item: { name, version, arch } }) => ({ name, version, arch }))
    .filter((item) => configurations.some((one) => isSamePackage(one, item)));
  const entry: JournalEntry = {
    at: new Date(request.now()).toISOString(),
    tapprep: request.tapprepVersion,
    release,
    manager: system.manager,
    state: 'started',
    // What only comes again was there before, and stays when the rest is removed.
    packages: wanted
      .filter(({ item }) => !damaged.has(packageKey(item)) && item.replaces === null)
      .map(({ item: { name, version, arch } }) => ({ name, version, arch })),
    // These were there in another version, and stay whatever becomes of this run.
    replaced: wanted.flatMap(({ item: { name, version, replaces } }) =>
      replaces === null ? [] : [{ name, from: replaces, to: version }],
    ),
    files: [],
    ...(configured.length === 0 ? {} : { configured }),
  };
  const missing = await listMissingLink(host, release);
  const started: JournalEntry = { ...entry, files: missing };
  const traces = await listTraces(host, system);
  let isBegun = false;
  await writeEntry(host, { ...started, begun: false });
  // What came and is not among these was brought by somebody else meanwhile.
  const own: ListedPackage[] = wanted.map(({ item }) => item);
  const isOwn = (one: ListedPackage): boolean => own.some((each) => isSame(each, one));
  const { last: result, isWhole } = await transact(request, wanted, before, {
    again: damaged.size > 0,
    bringing: (more) => void own.push(...more),
    beginning: () => {
      isBegun = true;
      return writeEntry(host, started);
    },
  }).catch(async (error: unknown) => {
    // Over a connection that is gone nothing can be undone or written; the next run goes on from there.
    if (isTapprepError(error, 'SSH_LOST')) throw error;
    const left = isBegun ? await undoTransaction(host, system, traces, isOwn, configured, emit) : [];
    const { replaced } = compareLists(before, await listPackages(host, system));
    await writeEntry(host, { ...entry, state: left.length === 0 ? 'removed' : 'failed', packages: left, replaced });
    throw error;
  });
  const { added: came, replaced, removed } = compareLists(before, await listPackages(host, system));
  const added = came.filter(isOwn);
  tellOthers(
    request,
    came.filter((one) => !isOwn(one)),
  );
  const lost = removed.length === 0 ? {} : { removed };
  if (isWhole) {
    tellUnplanned(request, wanted, { replaced, removed });
    const files = await ensureBuildLink(host, release, missing);
    await writeEntry(host, { ...entry, state: 'done', packages: added, replaced, ...lost, files });
    refuseWhenStopped(
      request.signal,
      `while ${result.argv[0]} worked on ${host.name}: it came to its end first, and ${countOf(added.length, 'package is', 'packages are')} installed`,
      { remedy: tapprepAsRoot('remove') },
    );
    const again = wanted.filter(({ item }) => damaged.has(packageKey(item))).map(({ item }) => item.name);
    return {
      installed: added,
      replaced,
      ...lost,
      unchanged: request.artifacts.length - wanted.length,
      ...(again.length === 0 ? {} : { again }),
      journal: JOURNAL_PATH,
    };
  }
  const left = await undoTransaction(host, system, traces, isOwn, configured, emit);
  await writeEntry(host, {
    ...entry,
    state: left.length === 0 ? 'removed' : 'failed',
    packages: left,
    replaced,
    ...lost,
  });
  const undone =
    left.length === 0
      ? 'what it had installed was taken away again'
      : `${countOf(left.length, 'package is', 'packages are')} left`;
  if (result.exitCode === 0) {
    throw interrupted(request.signal, `between two runs of ${result.argv[0]} on ${host.name}, and ${undone}`, {
      ...(left.length === 0 ? {} : { remedy: tapprepAsRoot('remove') }),
      facts: { left, replaced },
    });
  }
  throw new TapprepError(
    'INSTALL_FAILED',
    `${result.argv[0]} on ${host.name} exited ${result.exitCode ?? 'by a signal'}, and ${undone}: ${lastWords(result.stderr || result.stdout)}`,
    {
      remedy: left.length > 0 ? tapprepAsRoot('remove') : run(system.checkCommand),
      // yum and zypper tell their errors on standard output.
      facts: {
        argv: result.argv,
        exitCode: result.exitCode,
        output: result.stdout.slice(-4000),
        stderr: result.stderr.slice(-4000),
        left,
        replaced,
      },
    },
  );
}

interface TransactionChoice {
  /** Some of the packages are installed and have to come again. */
  readonly again: boolean;
  /** Told before a front end begins that brings more than the plan holds. */
  readonly bringing: (more: readonly ListedPackage[]) => void;
  /** Told before the first run of the package manager. */
  readonly beginning: () => Promise<void>;
}

interface Transaction {
  /** The last run of the package manager. */
  readonly last: RunResult;
  /** Every run ended well; else the last failed, or a signal came before the next. */
  readonly isWhole: boolean;
}

/**
 * Runs the package manager, once for each wave, or a front end that was seen to do the same. A signal lets the run that is at
 * work come to its end, and begins no other.
 */
async function transact(
  request: InstallRequest,
  wanted: readonly Artifact[],
  before: readonly ListedPackage[],
  { again, bringing, beginning }: TransactionChoice,
): Promise<Transaction> {
  const { host, emit, signal } = request;
  const system = systemOfMethod(request.method);
  const inRoot = host.kind === 'root';
  const sideBySide = wanted.filter(({ item }) => system.keepsSideBySide(item.role)).map(({ item }) => item.name);
  return withStagedFiles(host, wanted, request, async (paths) => {
    let last: RunResult | null = null;
    for (const { files, unsigned, replaces } of splitRuns(wanted, paths, system, before)) {
      if (last !== null && signal.aborted) return { last, isWhole: false };
      const options = { method: system.manager, inRoot, replaces, again, unsigned, sideBySide };
      const { method, adds } = unsigned
        ? { method: system.manager, adds: [] }
        : await settleMethod(host, {
            ...request,
            files,
            sideBySide,
            wanted: wanted.filter((_, at) => files.includes(paths[at] ?? '')).map(({ item }) => item),
            testArgv: system.buildTestArgv(buildInstallArgv(files, options)),
          });
      bringing(adds);
      const argv = buildInstallArgv(files, { ...options, method });
      if (last === null) await beginning();
      emit({ type: 'command', argv, where: host.name });
      last = await tellWaiting(request, argv[0] ?? method, () =>
        host.run(argv, { env: QUIET_ENV, signal, timeoutMs: 1_800_000, untilEnd: true }),
      );
      if (last.exitCode !== 0) return { last, isWhole: false };
    }
    if (last === null) throw new TapprepError('INTERNAL', 'an install of no files was asked for');
    return { last, isWhole: true };
  });
}

/** The package database has the last word on what happened, whatever the front end had said before. */
function tellUnplanned(
  { host, emit }: InstallRequest,
  wanted: readonly Artifact[],
  { replaced, removed }: Pick<InstallReport, 'replaced'> & { readonly removed: readonly ListedPackage[] },
): void {
  const gone = [
    ...removed.map(({ name, version }) => `${name} ${version} is gone`),
    ...replaced
      .filter(
        ({ name, to }) =>
          !wanted.some(({ item }) => item.name === name && item.version === to && item.replaces !== null),
      )
      .map(({ name, from, to }) => `${name} ${from} became ${to}`),
  ];
  if (gone.length === 0) return;
  const text = `on ${host.name} more was changed than the plan holds, and remove cannot bring it back: ${gone.join(', ')}`;
  emit({ type: 'note', level: 'warning', text });
}

function tellOthers({ host, emit }: InstallRequest, others: readonly ListedPackage[]): void {
  if (others.length === 0) return;
  const names = others.map(({ name, version }) => `${name} ${version}`).join(', ');
  const text = `on ${host.name} ${names} came while packages were installed, and not by tapprep: remove leaves it`;
  emit({ type: 'note', level: 'info', text });
}

/** Says at once that a signal was seen, since what it interrupts takes a while to end. */
async function tellWaiting<T>(
  { host, emit, signal }: InstallRequest,
  program: string,
  work: () => Promise<T>,
): Promise<T> {
  const tell = (): void =>
    emit({
      type: 'note',
      level: 'warning',
      text: `${stopSignalOf(signal) ?? 'stopped'}: ${program} on ${host.name} comes to its end first; a second signal within 3 s ends tapprep at once`,
    });
  signal.addEventListener('abort', tell);
  try {
    return await work();
  } finally {
    signal.removeEventListener('abort', tell);
  }
}

/** The packages of which only the configuration is there, but for what tapprep brought: a killed removal leaves that. */
async function listForeignConfigurations(host: Host, system: PackageSystem): Promise<readonly ListedPackage[]> {
  const brought = (await readOpen(host)).flatMap(({ packages, configured = [] }) =>
    packages.filter((item) => !configured.some((one) => isSamePackage(one, item))),
  );
  return (await listConfigured(host, system)).filter((item) => !brought.some((one) => isSame(one, item)));
}

/** An install that was killed half-way: dpkg may hold half-configured packages, and says so to every later command. */
async function recoverInterrupted(host: Host, system: PackageSystem, emit: Emit, signal: AbortSignal): Promise<void> {
  const open = (await readJournal(host)).entries.at(-1);
  if (open?.state !== 'started') return;
  const last = withoutOthers(open);
  emit({
    type: 'note',
    level: 'warning',
    text: `an install of ${last.at} was interrupted; going on from what it left`,
  });
  await awaitEarlierRun(host, signal);
  await completeCutOff(host, system, [last], emit);
  await resumeCutOff(host, system);
  const there = await listRemains(host, system);
  const now = new Set(there.map(packageKey));
  await writeEntry(host, {
    ...last,
    state: 'failed',
    packages: last.packages.filter((item) => now.has(packageKey(item))),
    replaced: last.replaced.filter(({ name, to }) => there.some((one) => one.name === name && one.version === to)),
  });
  // What is on another machine already serves this run.
  const { ours } = await findRemains(host, [], false);
  await takeRemains(host, ours.filter(isStaging));
}

/** The files of one run of the package manager. */
export interface InstallRun {
  readonly files: readonly string[];
  /** Nobody signed them: they are installed apart from the others, so that nothing of them is run. */
  readonly unsigned: boolean;
  /** Other versions of them go. */
  readonly replaces: boolean;
}

/**
 * The staged files of each run, in order; all at once but for dpkg's Pre-Depends, for rpms that nobody signed, and for those
 * that come beside another version where others take the place of one.
 */
export function splitRuns(
  wanted: readonly Pick<Artifact, 'item'>[],
  paths: readonly string[],
  system: PackageSystem,
  before: readonly ListedPackage[],
): readonly InstallRun[] {
  const replaces = wanted.some(({ item }) => item.replaces !== null);
  const runOf = (at: number): number => {
    const item = wanted[at]?.item;
    if (item === undefined) return 0;
    if (system.canLeaveScriptsOut && gradeOf(item.trust) === 'nobody') return UNSIGNED;
    const isBeside =
      replaces &&
      system.keepsSideBySide(item.role) &&
      before.some(({ name, arch }) => name === item.name && arch === item.arch);
    return isBeside ? BESIDE : (item.wave ?? 0);
  };
  const byRun = Map.groupBy(paths, (_, at) => runOf(at));
  return [...byRun]
    .toSorted(([a], [b]) => a - b)
    .map(([run, files]) => ({
      files,
      unsigned: run === UNSIGNED,
      replaces: wanted.some(({ item }, at) => item.replaces !== null && files.includes(paths[at] ?? '')),
    }));
}

const BESIDE = 1e6;
const UNSIGNED = Infinity;

/** The installed version that a package takes the place of; null where it comes beside what is there. */
function replacedBy(item: PlanItem, before: readonly ListedPackage[], system: PackageSystem): string | null {
  if (system.keepsSideBySide(item.role)) return null;
  // Of some of them, a kernel's, several are installed: the plan knows which.
  if (system.addsBeside && item.role === 'dependency' && item.replaces === null) return null;
  const there = before.filter((one) => isSamePackage(one, item));
  return there.some(({ version }) => isSameVersion(version, item.version)) ? null : (there.at(-1)?.version ?? null);
}

function refuseReplacement(wanted: readonly Artifact[], allowed: boolean): void {
  const replacing = wanted.filter(({ item }) => item.replaces !== null);
  if (allowed || replacing.length === 0) return;
  const list = replacing.map(({ item }) => `${item.name} ${item.replaces} -> ${item.version}`).join(', ');
  throw new TapprepError(
    'INSTALL_FAILED',
    `installed packages would be replaced (${list}) but only additions are allowed`,
    {
      hint: 'add --allow-upgrade if that is acceptable; remove cannot bring the old versions back',
      facts: { replacing: replacing.map(({ item }) => ({ name: item.name, from: item.replaces, to: item.version })) },
    },
  );
}

function lastWords(text: string): string {
  return text.trim().split('\n').slice(-3).join(' / ').slice(-500);
}
