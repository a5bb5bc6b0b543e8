/** Takes back what tapprep put on a target: the packages that its journal names, and what is known to be its own beside them. */
import { countOf } from '../count.ts';
import { TapprepError } from '../errors.ts';
import { run, tapprep } from '../make-remedy.ts';
import type { Host } from '../host/host.ts';
import { shellLine } from '../shell-words.ts';
import { interrupted, refuseWhenStopped } from '../interruption.ts';
import type { Emit } from '../types.ts';
import type { PackageSystem } from '../package-system/package-system.ts';
import { systemOfManager } from '../package-system/systems.ts';
import { QUIET_ENV } from './commands.ts';
import { packageKey } from './compare-lists.ts';
import { completeCutOff, resumeCutOff } from './cut-off.ts';
import { type JournalEntry, readJournal, readOpen, writeJournal } from './journal.ts';
import { identifySystem, type ListedPackage, listRemains } from './package-list.ts';
import { findNeeded, type NeededPackage } from './needed.ts';
import { findRemains, type Kept, takeRemains } from './remains.ts';
import { isLockLeft, LOCK_PATH, withLockedTarget } from './target-lock.ts';

export interface RemovePlan {
  readonly packages: readonly ListedPackage[];
  /** Paths of everything else that is tapprep's there. */
  readonly files: readonly string[];
  /** What the journal names or what is called like tapprep's and is not. */
  readonly kept?: readonly Kept[];
  /** Journal packages that are gone or were changed by somebody else since; left alone. */
  readonly skipped: readonly ListedPackage[];
  /** Replaced by agreement; the old version cannot be brought back by tapprep. */
  readonly replaced: JournalEntry['replaced'];
  readonly argv: readonly string[] | null;
  /** After it, where of some the configuration stays that was there before: takes away that of the others. */
  readonly purgeArgv?: readonly string[] | null;
}

/** What was taken away, and what is still there. */
export interface Removal {
  readonly packages: readonly ListedPackage[];
  readonly files: readonly string[];
  readonly left: readonly string[];
  /** Packages that stay because others need them; the journal keeps them for a later removal. */
  readonly needed: readonly NeededPackage[];
}

export interface RemoveOptions {
  /** The journal and the reports, too. */
  readonly purge: boolean;
}

/** What remove would do now. Changes nothing. */
export async function planRemoval(host: Host, options: RemoveOptions = { purge: false }): Promise<RemovePlan> {
  return (await surveyRemoval(host, options)).plan;
}

interface Survey {
  readonly plan: RemovePlan;
  /** null where there is no package to remove. */
  readonly removal: {
    readonly system: PackageSystem;
    readonly buildArgv: (packages: readonly ListedPackage[]) => readonly string[];
    readonly buildPurgeArgv: (packages: readonly ListedPackage[]) => readonly string[] | null;
  } | null;
}

async function surveyRemoval(host: Host, { purge }: RemoveOptions): Promise<Survey> {
  const open = await readOpen(host);
  const replaced = open.flatMap((entry) => entry.replaced);
  const recorded = new Map(
    open
      .flatMap(({ packages }) => packages)
      // It was there before in another version.
      .filter((item) => !replaced.some(({ name, to }) => name === item.name && to === item.version))
      .map((item) => [packageKey(item), item]),
  );
  // Where no packages came there need be no package manager.
  const system = recorded.size === 0 ? null : await systemOfJournal(host, open);
  const listed = system === null ? [] : await listRemains(host, system);
  const remains = new Map(listed.map((item) => [packageKey(item), item]));
  const packages = [...recorded].filter(([key]) => remains.has(key)).map(([, item]) => item);
  const isWhole = packages.every((item) => remains.get(packageKey(item))?.isWhole === true);
  const { ours, kept } = await findRemains(host, pathsOf(open), purge);
  const context = { known: listed, configured: open.flatMap(({ configured = [] }) => configured) };
  const removal =
    system === null || packages.length === 0
      ? null
      : {
          system,
          buildArgv: (gone: readonly ListedPackage[]) =>
            isWhole ? system.buildRemoveArgv(gone, context) : system.buildUndoArgv(gone, context),
          buildPurgeArgv: (gone: readonly ListedPackage[]) => system.buildPurgeArgv(gone, context),
        };
  const plan = {
    packages,
    // It goes with the lock of this removal, which takes it over.
    files: [...ours.map(({ path }) => path), ...((await isLockLeft(host)) ? [LOCK_PATH] : [])],
    kept,
    skipped: [...recorded].filter(([key]) => !remains.has(key)).map(([, item]) => item),
    replaced,
    argv: removal?.buildArgv(packages) ?? null,
    purgeArgv: removal?.buildPurgeArgv(packages) ?? null,
  };
  return { plan, removal };
}

/**
 * Removes what there is to remove by now, which after a killed run can be more than `plan` says, and marks the journal's
 * entries as removed, but for files that could not be. Once the package manager is at work a signal ends nothing: half
 * removed is worse than late.
 * @throws TapprepError INSTALL_FAILED when the package manager refuses (the journal then stays as it was), or when
 *   something could not be taken away; INTERRUPTED
 */
export async function removeInstalled(
  host: Host,
  plan: RemovePlan,
  emit: Emit,
  signal: AbortSignal,
  options: RemoveOptions = { purge: false },
): Promise<Removal> {
  return withLockedTarget(host, { emit, signal }, () => removeLocked(host, plan, emit, signal, options));
}

async function removeLocked(
  host: Host,
  plan: RemovePlan,
  emit: Emit,
  signal: AbortSignal,
  options: RemoveOptions,
): Promise<Removal> {
  const open = await readOpen(host);
  const cutOff = open.filter(
    ({ state, packages, replaced }) => state === 'started' && packages.length + replaced.length > 0,
  );
  refuseWhenStopped(signal, `before anything was removed from ${host.name}`);
  const system = cutOff.length === 0 ? null : await systemOfJournal(host, open);
  if (system !== null) await completeCutOff(host, system, cutOff, emit);
  const { plan: now, removal } = await surveyRemoval(host, options);
  for (const { path, why } of now.kept ?? []) {
    const reason = why === 'at-work' ? 'a process that is at work there uses it' : "it is not tapprep's";
    emit({ type: 'note', level: 'warning', text: `${path} on ${host.name} was left alone: ${reason}` });
  }
  const needed = removal === null ? [] : await findNeeded(host, removal.system, now.packages, removal.buildArgv);
  const needs = new Set(needed.map(packageKey));
  const going = now.packages.filter((item) => !needs.has(packageKey(item)));
  if (removal !== null && going.length > 0) {
    await runRemoval(host, removal.buildArgv(going), emit, signal);
    const purgeArgv = removal.buildPurgeArgv(going);
    if (purgeArgv !== null) await runRemoval(host, purgeArgv, emit, signal);
  }
  // Triggers of other packages, which the killed run left waiting.
  if (system !== null) await resumeCutOff(host, system);
  const paths = pathsOf(open);
  await takeRemains(host, (await findRemains(host, paths, false)).ours);
  const after = await findRemains(host, paths, false);
  const stay = new Set(after.ours.map(({ path }) => path));
  for (const { path } of after.kept.filter((each) => now.files.includes(each.path)))
    emit({ type: 'note', level: 'info', text: `what else is in ${path} on ${host.name} stays: it is not tapprep's` });
  const journal = await readJournal(host);
  if (journal.entries.length > 0)
    await writeJournal(host, { ...journal, entries: journal.entries.map((entry) => closeEntry(entry, stay, needs)) });
  const left = stay.size > 0 || needed.length > 0 || !options.purge ? [...stay] : await purge(host);
  if (left.length > 0) {
    throw new TapprepError(
      'INSTALL_FAILED',
      `${left.length} of ${countOf(now.files.length, 'file')} could not be removed from ${host.name}: ${left.join(', ')}`,
      { remedy: run(shellLine`ls -la ${left[0] ?? ''}`), facts: { left, needed } },
    );
  }
  if (signal.aborted) {
    throw interrupted(signal, `while removing from ${host.name}, where the removal came to its end first`);
  }
  return { packages: going, files: [...new Set([...plan.files, ...now.files])], left, needed };
}

/** The journal and the reports: only once nothing is left that they tell of. @returns what could not be taken away */
async function purge(host: Host): Promise<readonly string[]> {
  await takeRemains(host, (await findRemains(host, [], true)).ours);
  return (await findRemains(host, [], true)).ours.map(({ path }) => path);
}

async function runRemoval(host: Host, argv: readonly string[], emit: Emit, signal: AbortSignal): Promise<void> {
  emit({ type: 'command', argv, where: host.name });
  const result = await host.run(argv, { env: QUIET_ENV, signal, timeoutMs: 900_000, untilEnd: true });
  if (result.exitCode === 0) return;
  const words = (result.stderr || result.stdout).trim().split('\n').slice(-3).join(' / ');
  throw new TapprepError(
    'INSTALL_FAILED',
    `removal on ${host.name} exited ${result.exitCode ?? 'by a signal'}: ${words}`,
    {
      remedy: tapprep('remove', '--dry-run'),
      facts: { argv, stderr: result.stderr.slice(-4000) },
    },
  );
}

/** Nothing but the journal knows of a file that could not be taken away, and whose a package is that others need. */
function closeEntry(entry: JournalEntry, stay: ReadonlySet<string>, needs: ReadonlySet<string>): JournalEntry {
  const packages = entry.packages.filter((item) => needs.has(packageKey(item)));
  const files = entry.files.filter((path) => stay.has(path));
  return entry.state === 'removed' || files.length + packages.length === 0
    ? { ...entry, state: 'removed' }
    : { ...entry, state: 'failed', packages, files };
}

async function systemOfJournal(host: Host, open: readonly JournalEntry[]): Promise<PackageSystem> {
  const manager = open.findLast((entry) => entry.manager !== undefined)?.manager;
  return manager === undefined ? identifySystem(host) : systemOfManager(manager);
}

function pathsOf(open: readonly JournalEntry[]): readonly string[] {
  return [...new Set(open.flatMap(({ files }) => files))];
}
