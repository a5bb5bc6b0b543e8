/** The main job on a target: plan, fetch, verify the files, install, prove. */
import { join } from 'node:path';
import { adaptToInstalled } from '../bundle/adapt.ts';
import { countOf } from '../count.ts';
import { findDamaged } from '../detect/damaged-packages.ts';
import { isTapprepError, TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { packageKey } from '../install/compare-lists.ts';
import { buildInstallArgv, type InstallMethod } from '../install/commands.ts';
import { JOURNAL_PATH } from '../install/journal.ts';
import { refuseReadOnly } from '../install/read-only-system.ts';
import { demandsOf, requireRoom } from '../install/room.ts';
import type { ListedPackage } from '../install/package-list.ts';
import { installArtifacts, splitRuns } from '../install/run.ts';
import { again } from '../make-remedy.ts';
import { requirePlannedMends } from '../systemtap/mends/planned.ts';
import { unpackImage } from '../rehearse/unpack-image.ts';
import { findKernelImage } from '../verify/build-id.ts';
import type { Artifact, InstallReport, Plan, PlanItem, VerifyReport } from '../types.ts';
import { withItems } from '../resolve/plan.ts';
import { foldersOf, looseFilesOf, packagesOf } from '../resolve/provisions.ts';
import { acquirePlan } from './acquire.ts';
import { type ChangePermission, openPermission } from './change-permission.ts';
import type { OpenTarget } from './open-target.ts';
import { placeFilesOf } from './debug-files.ts';
import { acquireLooseFile, placeLooseFile } from './debuginfod.ts';
import { type DebuginfoChoice, planTarget } from './plan-target.ts';
import { proveTarget } from './prove.ts';
import { rungOf, type SystemtapChoice, type TriedSystemtap } from './provide-systemtap.ts';
import type { Session } from './session.ts';
import { runStage } from './stage.ts';
import { describeChange, describePlan } from './describe.ts';
import type { VerifyChoice } from './verify.ts';
import { FRONT_ENDS } from '../package-system/front-ends.ts';
import type { FrontEnd } from '../package-system/package-system.ts';
import { dropFrontEndDirectory, makeFrontEndDirectory } from './front-end-directory.ts';
import { systemOf } from '../package-system/systems.ts';

export interface InstallOptions {
  readonly debuginfo: DebuginfoChoice;
  readonly debuginfoFiles?: readonly string[] | null;
  readonly allowExpiredRelease: boolean;
  readonly allowUpgrade: boolean;
  readonly dryRun: boolean;
  readonly isRoot: boolean;
  readonly verify: Omit<VerifyChoice, 'kernelImage' | 'systemtap'>;
  readonly systemtap: SystemtapChoice;
  /** A plan that was made before (a lock); a fresh one is made when null. */
  readonly lock: Plan | null;
  /** Instead of fetching and verifying: the artifacts of a bundle that was checked. */
  readonly artifacts?: readonly Artifact[];
  /** Shows the plan and asks whether the target may be changed; false ends it without any change. @param change "install 6 packages" */
  readonly approve: (plan: Plan, change: string) => Promise<boolean>;
}

export interface InstallOutcome {
  readonly plan: Plan;
  /** null when it was a dry run or was not approved. */
  readonly install: InstallReport | null;
  /** The commands of a dry run. */
  readonly commands: readonly (readonly string[])[];
  readonly verify: VerifyReport | null;
  /** Every SystemTap that was tried, the one that was taken last. */
  readonly systemtap: readonly TriedSystemtap[];
  readonly stages: Session['times'];
}

/** @throws TapprepError of any stage; nothing is changed on the target before `install` runs */
export async function installTarget(
  session: Session,
  open: OpenTarget,
  host: Host,
  options: InstallOptions,
): Promise<InstallOutcome> {
  const plan = await runStage(
    session,
    'plan',
    async () =>
      adaptLock(session, open, options) ??
      (await planTarget(session, open, {
        ...options,
        image: await needsImage(open, host),
        rung: rungOf(options.verify.level),
      })),
    describePlan,
  );
  requirePlannedMends(plan.mends ?? []);
  const items = packagesOf(plan.items).filter(({ install }) => install);
  refuseReadOnly(open.facts, host, items.length);
  await requireRoomFor(session, host, plan, options);
  // What comes in a bundle is all there is: a front end would ask its repositories.
  const isOffline = options.artifacts !== undefined;
  const damaged = findDamaged(open.facts);
  // A front end takes an installed package for whole; rpm has an option that puts its files back.
  const isPlain = isOffline || damaged.length > 0;
  const { manager } = systemOf(plan.target);
  const method: InstallMethod = isPlain ? manager : await chooseMethod(host, plan, options.dryRun, session.signal);
  const outcome = { plan, install: null, commands: [], verify: null, systemtap: [], stages: session.times };
  if (options.dryRun) {
    const commands = listCommands(plan, open, host, method, damaged);
    return { ...outcome, commands };
  }
  const loose = looseFilesOf(plan.items);
  const partly = packagesOf(plan.items).filter(({ files }) => files !== undefined);
  const permission = openPermission(session, host, {
    isRoot: options.isRoot,
    approve: (change) => options.approve(plan, change),
  });
  try {
    const changes = items.length + loose.length + partly.length > 0;
    if (changes && !(await permission.ask(describeChange(plan)))) return outcome;
    return { ...outcome, ...(await carryOut(session, open, host, { plan, method, damaged, permission, options })) };
  } finally {
    await permission.close();
  }
}

/** Before anything is downloaded. Of a fresh plan's debug information one file may have room where all of it has none. */
async function requireRoomFor(
  { emit, signal }: Session,
  host: Host,
  { items }: Plan,
  { lock, debuginfo, debuginfoFiles = null }: InstallOptions,
): Promise<void> {
  const count = items.filter(({ install }) => install).length;
  const lighter = {
    demands: demandsOf(items.filter(({ role }) => role !== 'debuginfo')),
    facts: again('--debuginfo-files', 'vmlinux'),
  };
  await requireRoom(host, demandsOf(items), {
    what: countOf(count, 'part needs', 'parts of the plan need'),
    ...(lock === null && debuginfo === true && debuginfoFiles === null ? { lighter } : {}),
    emit,
    signal,
  });
}

/** The plan of a bundle is adapted by who reads the bundle. */
function adaptLock({ emit }: Session, { facts }: OpenTarget, { lock, artifacts }: InstallOptions): Plan | null {
  if (lock === null || artifacts !== undefined) return lock;
  const damaged = new Set(findDamaged(facts).map(packageKey));
  const installed = facts.packages.filter((item) => !damaged.has(packageKey(item)));
  const { items, present, notes } = adaptToInstalled(packagesOf(lock.items), installed, systemOf(lock.target));
  for (const text of notes) emit({ type: 'note', level: 'info', text });
  const others = lock.items.filter((item) => item.kind === 'folder' || item.kind === 'file');
  return withItems(lock, [...items, ...others], [...lock.present, ...present]);
}

interface Work {
  readonly plan: Plan;
  readonly method: InstallMethod;
  /** Installed packages whose files are not all there. */
  readonly damaged: readonly ListedPackage[];
  readonly permission: ChangePermission;
  readonly options: InstallOptions;
}

/** Download, install and proof. */
async function carryOut(
  session: Session,
  open: OpenTarget,
  host: Host,
  { plan, method, damaged, permission, options }: Work,
): Promise<Pick<InstallOutcome, 'install' | 'verify' | 'systemtap'>> {
  const loose = looseFilesOf(plan.items);
  const artifacts = await runStage(
    session,
    'download',
    async () => options.artifacts ?? (await acquirePlan(session, open, plan, { isLock: options.lock !== null })),
    (files) => `${countOf(files.length, 'package')} verified`,
  );
  const looseFiles = await Promise.all(loose.map((item) => acquireLooseFile(session, item)));
  const images = artifacts.filter(({ item }) => item.kind === 'image');
  const { local, cacheDir, signal } = session;
  const unpacked =
    images.length === 0
      ? null
      : await unpackImage(local, images, plan.target.release, join(cacheDir, 'images'), signal);
  const installed = await runStage(
    session,
    'install',
    () =>
      installArtifacts({
        host,
        artifacts: artifacts.filter(({ item }) => item.kind === 'package' && item.install),
        method,
        damaged,
        release: plan.target.release,
        allowUpgrade: options.allowUpgrade,
        tapprepVersion: session.tapprepVersion,
        emit: session.emit,
        now: session.now,
        signal: session.signal,
      }),
    ({ installed, again = [], replaced, removed = [] }) =>
      [
        ...(installed.length === 0 ? [] : [countOf(installed.length, 'package')]),
        ...(replaced.length === 0 ? [] : [`${countOf(replaced.length, 'package')} replaced`]),
        ...(removed.length === 0 ? [] : [`${countOf(removed.length, 'package')} gone`]),
        ...(again.length === 0 ? [] : [`the files of ${countOf(again.length, 'package')} put back`]),
      ].join(', ') || 'nothing to do',
  );
  const files = [
    ...(await Promise.all(looseFiles.map((file) => placeLooseFile(session, host, file)))),
    ...(await placeFilesOf(session, host, artifacts, plan.target)),
  ];
  const install = files.length === 0 ? installed : { ...installed, files, journal: JOURNAL_PATH };
  const brought = Map.groupBy(artifacts, ({ evidence }) => evidence.sha256);
  const { verify, tried } = await proveTarget(session, open, host, {
    ...options,
    planned: {
      folders: foldersOf(plan.items),
      mends: plan.mends ?? [],
      isAll: options.lock !== null,
      acquire: (wanted) => Promise.resolve(wanted.map((item) => takeBrought(brought, item))),
    },
    ladder: { ...options.verify, kernelImage: unpacked?.kernelImage ?? null },
    beforePlacing: (name) => permission.require(`put SystemTap ${name}`),
  });
  return { install, verify, systemtap: tried };
}

/** The file of an item among those that were brought and verified. */
function takeBrought(brought: ReadonlyMap<string, readonly Artifact[]>, { fileName, trust }: PlanItem): Artifact {
  const found = brought.get(trust.digest?.hex ?? '')?.[0];
  if (found === undefined) throw new TapprepError('INTERNAL', `${fileName} is in the plan and was not brought`);
  return found;
}

/**
 * Where no front end works, because none is there or its repositories are gone: plain rpm. A dry run leaves what the front
 * ends keep as it was.
 */
async function chooseMethod(
  host: Host,
  { target }: Plan,
  dryRun: boolean,
  signal: AbortSignal,
): Promise<InstallMethod> {
  const { frontEnds, manager } = systemOf(target);
  for (const method of frontEnds) {
    if ((await host.which(method)) === null) continue;
    if (await answers(host, method, dryRun, signal)) return method;
  }
  return manager;
}

async function answers(host: Host, frontEnd: FrontEnd, dryRun: boolean, signal: AbortSignal): Promise<boolean> {
  const directory = dryRun ? await makeFrontEndDirectory(host, signal).catch(noDirectory) : null;
  if (directory === null && dryRun) return false;
  try {
    const argv = FRONT_ENDS[frontEnd].buildRefreshArgv(directory);
    return (await host.run(argv, { timeoutMs: 180_000, signal })).exitCode === 0;
  } finally {
    if (directory !== null) await dropFrontEndDirectory(host, directory);
  }
}

/** Where nothing can be written nothing is asked: rpm or dpkg alone are then told of. */
function noDirectory(error: unknown): null {
  if (isTapprepError(error, 'PERMISSION')) return null;
  throw error;
}

/** What the package manager would be told, once the packages are there. */
function listCommands(
  { items: all, target }: Plan,
  { facts }: OpenTarget,
  host: Host,
  method: InstallMethod,
  damaged: readonly ListedPackage[],
): InstallOutcome['commands'] {
  const system = systemOf(target);
  const items = packagesOf(all).filter(({ install }) => install);
  const paths = items.map(({ fileName }) => `/var/cache/tapprep/staging-XXXXXX/${fileName}`);
  const choice = {
    method,
    inRoot: host.kind === 'root',
    again: damaged.length > 0,
    sideBySide: items.filter(({ role }) => system.keepsSideBySide(role)).map(({ name }) => name),
  };
  const runs = splitRuns(
    items.map((item) => ({ item })),
    paths,
    system,
    facts.packages,
  );
  return runs.map(({ files, ...run }) => buildInstallArgv(files, { ...choice, ...run }));
}

/** A kernel that does not run there is proven in a virtual machine: its image is fetched unless the target carries it. */
async function needsImage({ target, facts }: OpenTarget, host: Host): Promise<boolean> {
  const runs = host.kind !== 'root' && facts.kernel.running;
  // Nobody packages it.
  if ((target.own?.buildTree ?? null) !== null) return false;
  return host.kind !== 'local' && !runs && (await findKernelImage(host, target.release)) === null;
}
