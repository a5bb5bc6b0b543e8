/** Installs verified packages on a target and keeps the journal. */
import { TapprepError } from '../errors.ts';
import { run, tapprepAsRoot } from '../make-remedy.ts';
import { type Host, isRemote, type RunResult } from '../host/host.ts';
import { AWAIT_RUNNING, script } from '../host/ssh-scripts.ts';
import type { Artifact, Emit, InstallReport } from '../types.ts';
import { ensureBuildLink } from './build-link.ts';
import { buildInstallArgv, type InstallMethod, QUIET_ENV, sortByRole } from './commands.ts';
import { compareLists, packageKey } from './compare-lists.ts';
import { type JournalEntry, JOURNAL_PATH, readJournal, writeEntry } from './journal.ts';
import { listPackages, listRemains, listTraces, type ListedPackage } from './package-list.ts';
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
 * What a failed transaction had brought is taken away again; what an interrupted one left is in the journal, from which
 * the next run goes on.
 * @throws TapprepError INSTALL_FAILED, NO_SPACE, PERMISSION, NOT_ROOT, INTERRUPTED
 */
export async function installArtifacts(request: InstallRequest): Promise<InstallReport> {
  const { host, method, release, emit } = request;
  const manager = method === 'dpkg' ? 'dpkg' : 'rpm';
  await recoverInterrupted(host, manager, emit);
  const before = await listPackages(host, manager);
  const damaged = new Set((request.damaged ?? []).map(packageKey));
  const have = new Set(before.map(packageKey).filter((key) => !damaged.has(key)));
  const wanted = sortByRole(request.artifacts.map((artifact) => ({ ...artifact, role: artifact.item.role }))).filter(
    ({ item }) => !have.has(packageKey(item)),
  );
  if (wanted.length === 0) return { installed: [], replaced: [], unchanged: request.artifacts.length, journal: null };
  refuseReplacement(wanted, request.allowUpgrade);

  const entry: JournalEntry = {
    at: new Date(request.now()).toISOString(),
    tapprep: request.tapprepVersion,
    release,
    manager,
    state: 'started',
    // What only comes again was there before, and stays when the rest is removed.
    packages: wanted
      .filter(({ item }) => !damaged.has(packageKey(item)))
      .map(({ item: { name, version, arch } }) => ({ name, version, arch })),
    replaced: [],
    files: [],
  };
  const traces = await listTraces(host, manager);
  await writeEntry(host, entry);
  const result = await withStagedFiles(host, wanted, request, async (paths) => {
    let last: RunResult | null = null;
    for (const { files, unsigned } of splitRuns(wanted, paths, manager)) {
      const argv = buildInstallArgv(files, {
        method,
        inRoot: host.kind === 'root',
        allowUpgrade: request.allowUpgrade,
        again: damaged.size > 0,
        unsigned,
      });
      emit({ type: 'command', argv, where: host.name });
      last = await host.run(argv, { env: QUIET_ENV, signal: request.signal, timeoutMs: 1_800_000, untilEnd: true });
      if (last.exitCode !== 0) return last;
    }
    if (last === null) throw new TapprepError('INTERNAL', 'an install of no files was asked for');
    return last;
  });
  const { added, replaced } = compareLists(before, await listPackages(host, manager));
  if (result.exitCode === 0) {
    const files = manager === 'rpm' ? await ensureBuildLink(host, release) : [];
    await writeEntry(host, { ...entry, state: 'done', packages: added, replaced, files });
    const again = wanted.filter(({ item }) => damaged.has(packageKey(item))).map(({ item }) => item.name);
    return {
      installed: added,
      replaced,
      unchanged: request.artifacts.length - wanted.length,
      ...(again.length === 0 ? {} : { again }),
      journal: JOURNAL_PATH,
    };
  }
  const left = await undoTransaction(host, manager, traces, emit);
  await writeEntry(host, { ...entry, state: left.length === 0 ? 'removed' : 'failed', packages: left, replaced });
  const undone = left.length === 0 ? 'what it had installed was taken away again' : `${left.length} packages are left`;
  throw new TapprepError(
    'INSTALL_FAILED',
    `${result.argv[0]} on ${host.name} exited ${result.exitCode ?? 'by a signal'}, and ${undone}: ${lastWords(result.stderr || result.stdout)}`,
    {
      remedy:
        left.length > 0
          ? tapprepAsRoot('remove')
          : run(manager === 'dpkg' ? 'dpkg --audit' : 'rpm -Va --nofiles --nodigest'),
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

/** An install that was killed half-way: dpkg may hold half-configured packages, and says so to every later command. */
async function recoverInterrupted(host: Host, manager: 'dpkg' | 'rpm', emit: Emit): Promise<void> {
  const last = (await readJournal(host)).entries.at(-1);
  if (last?.state !== 'started') return;
  emit({
    type: 'note',
    level: 'warning',
    text: `an install of ${last.at} was interrupted; going on from what it left`,
  });
  if (isRemote(host)) await host.run(script(AWAIT_RUNNING, []));
  if (manager === 'dpkg')
    await host.run(['dpkg', '--configure', '--pending'], { env: QUIET_ENV, timeoutMs: 600_000, untilEnd: true });
  const now = new Set((await listRemains(host, manager)).map(packageKey));
  await writeEntry(host, {
    ...last,
    state: 'failed',
    packages: last.packages.filter((item) => now.has(packageKey(item))),
  });
}

/** The files of one run of the package manager. */
export interface InstallRun {
  readonly files: readonly string[];
  /** Nobody signed them: they are installed apart from the others, so that nothing of them is run. */
  readonly unsigned: boolean;
}

/** The staged files of each run, in order; all at once but for dpkg's Pre-Depends and for rpms that nobody signed. */
export function splitRuns(
  wanted: readonly Pick<Artifact, 'item'>[],
  paths: readonly string[],
  manager: 'dpkg' | 'rpm',
): readonly InstallRun[] {
  const isUnsigned = (at: number): boolean => {
    const item = wanted[at]?.item;
    return manager === 'rpm' && item !== undefined && gradeOf(item.trust) === 'nobody';
  };
  const byRun = Map.groupBy(paths, (_, at) => (isUnsigned(at) ? Infinity : (wanted[at]?.item.wave ?? 0)));
  return [...byRun].toSorted(([a], [b]) => a - b).map(([run, files]) => ({ files, unsigned: run === Infinity }));
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
