/** The third way to a SystemTap: source from a signed index, built on the target; what only the build needs goes again. */
import { join } from 'node:path';
import { isTapprepError, TapprepError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { QUIET_ENV } from '../install/commands.ts';
import { readJournal, writeJournal } from '../install/journal.ts';
import { listPackages, listRemains } from '../install/package-list.ts';
import { installArtifacts } from '../install/run.ts';
import { readDebRepositories } from '../resolve/deb/reader.ts';
import { packagesOf } from '../resolve/provisions.ts';
import { buildSystemtap, findBuilt } from '../systemtap/build/build.ts';
import { findSource, locateSource, type SourceTarball } from '../systemtap/build/find-source.ts';
import { type BuildPackages, planBuildPackages } from '../systemtap/build/plan-packages.ts';
import { BUILD_PACKAGES } from '../systemtap/build/recipe.ts';
import { findSuiteRepositories, type ExpiredAllowance } from '../systemtap/portable/repositories.ts';
import type { UsableSystemtap } from '../systemtap/usable.ts';
import type { DebTarget, Plan, Target } from '../types.ts';
import { acquireArtifacts } from './acquire.ts';
import { findRepositories } from './find-repositories.ts';
import type { OpenTarget } from './open-target.ts';
import type { Session } from './session.ts';
import { runStage } from './stage.ts';
import { planInTiers } from './tiers.ts';
import { forFamily, systemOf } from '../package-system/systems.ts';

export interface SourceWish {
  readonly version: string;
  readonly from: { readonly distro: string; readonly suite: string };
}

/**
 * Builds the SystemTap of a suite on the target.
 * @throws TapprepError NOT_FOUND or NO_EXACT_PACKAGE when the source cannot be had, INSTALL_FAILED with the log's path,
 *   UNSATISFIED_DEPENDENCY, USAGE for a target on which building is not known
 */
export async function provideBuild(
  session: Session,
  open: OpenTarget,
  host: Host,
  wish: SourceWish,
  allowExpiredRelease: boolean,
): Promise<UsableSystemtap> {
  const target = requireDeb(open.target);
  const source = await runStage(
    session,
    'source',
    () => findFirstSource(session, target, wish, allowExpiredRelease),
    ({ fileName }) => fileName,
  );
  const prefix = `/opt/tapprep/systemtap-${source.version}`;
  const built = await findBuilt(host, prefix, source);
  if (built !== null) return built;
  const tarball = await fetchTarball(session, source);
  const { plan, stay } = await planPackages(session, open, host, target, allowExpiredRelease);
  const remove = await installForBuild(session, host, target, plan);
  let isBuilt = false;
  try {
    const systemtap = await runStage(
      session,
      `build of SystemTap ${source.version}`,
      () =>
        buildSystemtap({
          host,
          source,
          tarballPath: tarball,
          prefix,
          logPath: join(session.cacheDir, 'systemtap', 'logs', `build-${source.version}-${target.release}.log`),
          release: target.release,
          tapprepVersion: session.tapprepVersion,
          emit: session.emit,
          now: session.now,
          signal: session.signal,
        }),
      () => `in ${prefix}`,
    );
    isBuilt = true;
    return systemtap;
  } finally {
    await remove(isBuilt ? stay : new Set());
  }
}

/** What the list pins by its digest, else what an index names: every copy of a suite has the same; the first is enough. */
async function findFirstSource(
  session: Session,
  { arch, packageArch }: DebTarget,
  { version, from }: SourceWish,
  allowExpiredRelease: ExpiredAllowance,
): Promise<SourceTarball> {
  const { mirrors, overrides } = session;
  const asked = { ...from, version, arch, debArch: packageArch };
  const repositories = await findSuiteRepositories(asked, { mirrors, overrides, allowExpiredRelease });
  const pinned = mirrors.systemtap.sources.find(
    (source) => source.version === version && source.distro === from.distro && source.suite === from.suite,
  );
  if (pinned !== undefined) return locateSource(pinned, repositories);
  let problem: unknown = null;
  for (const repository of repositories) {
    try {
      return await findSource(repository, session.reader);
    } catch (error) {
      if (!isTapprepError(error) || error.code === 'INTERRUPTED') throw error;
      problem ??= error;
    }
  }
  throw (
    problem ?? new TapprepError('NO_REPOSITORY', `no repository is known for suite ${from.suite} of ${from.distro}`)
  );
}

async function fetchTarball(session: Session, source: SourceTarball): Promise<string> {
  const { fileName, urls, sizeBytes, sha256 } = source;
  try {
    const digest = { algorithm: 'sha256', hex: sha256 } as const;
    const request = { name: fileName, urls, sizeBytes, digest, maxBytes: sizeBytes, redirects: 'any' } as const;
    return (await session.fetcher.fetchFile(request)).path;
  } catch (error) {
    if (!isTapprepError(error, 'NOT_FOUND')) throw error;
    throw new TapprepError(
      'NOT_FOUND',
      `${source.index} names ${fileName} as the source of SystemTap ${source.version}, but the archive does not have it`,
      { facts: { urls }, cause: error },
    );
  }
}

function requireDeb(target: Target): DebTarget {
  return forFamily(target, {
    deb: (found) => found,
    rpm: ({ distro }) => {
      throw new TapprepError('USAGE', `how SystemTap is built is known for Debian and Ubuntu only, not ${distro}`);
    },
  });
}

async function planPackages(
  session: Session,
  open: OpenTarget,
  host: Host,
  target: DebTarget,
  allowExpiredRelease: boolean,
): Promise<BuildPackages> {
  const installed = await listPackages(host, systemOf(target));
  const names = new Set(installed.map(({ name }) => name));
  const { repositories } = await findRepositories(session, open, { contents: ['toolchain'], allowExpiredRelease });
  const wanted = { roots: BUILD_PACKAGES, wantsName: (name: string) => names.has(name) };
  return planInTiers<BuildPackages>(
    repositories,
    async (asked) => {
      const { records, failures } = await readDebRepositories(asked, target.packageArch, wanted, session.reader);
      return { plan: () => planBuildPackages(target, records, installed), failures };
    },
    session.emit,
  );
}

/** Installs what is missing; returns what takes exactly that away again, but for packages that are to stay. */
async function installForBuild(
  session: Session,
  host: Host,
  target: DebTarget,
  { items }: Plan,
): Promise<(stay: ReadonlySet<string>) => Promise<void>> {
  if (items.length === 0) return () => Promise.resolve();
  const artifacts = await acquireArtifacts(session, packagesOf(items));
  const { tapprepVersion, emit, now, signal } = session;
  const report = await installArtifacts({
    host,
    artifacts,
    method: systemOf(target).manager,
    release: target.release,
    allowUpgrade: false,
    tapprepVersion,
    emit,
    now,
    signal,
  });
  const { entries } = await readJournal(host);
  const { at, configured = [] } = entries.at(-1) ?? {};
  return async (stay) => {
    const gone = report.installed.filter(({ name }) => !stay.has(name));
    if (gone.length === 0) return;
    const system = systemOf(target);
    const context = { known: await listRemains(host, system), configured };
    for (const argv of [system.buildRemoveArgv(gone, context), system.buildPurgeArgv(gone, context)]) {
      if (argv === null) continue;
      emit({ type: 'command', argv, where: host.name });
      const result = await host.run(argv, { env: QUIET_ENV, timeoutMs: 900_000, untilEnd: true });
      if (result.exitCode === 0) continue;
      // They stand in the journal, so that `remove` will try again.
      emit({ type: 'note', level: 'warning', text: `packages of the build stay: ${result.stderr.trim().slice(-300)}` });
      return;
    }
    const packages = report.installed.filter(({ name }) => stay.has(name));
    const left = packages.length === 0 ? ({ state: 'removed' } as const) : { packages };
    const journal = await readJournal(host);
    const next = journal.entries.map((entry) => (entry.at === at ? { ...entry, ...left } : entry));
    await writeJournal(host, { ...journal, entries: next });
  };
}
