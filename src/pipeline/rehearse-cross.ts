/**
 * A rehearsal for a kernel of another architecture than this machine's: a root of this machine's, a cross compiler in it, and
 * beside it the foreign kernel's build tree and debug information as files. Nothing of the foreign architecture runs but in QEMU.
 */
import { join } from 'node:path';
import { type Architecture, findArchitecture, stapArchOf } from '../detect/architectures.ts';
import { TapprepError } from '../errors.ts';
import { openPrivateDirectory } from '../files/private-directory.ts';
import { ownArchitecture } from '../host/local.ts';
import { createRootHost } from '../host/root.ts';
import { identifySystem, listPackages } from '../install/package-list.ts';
import { unpackBase } from '../rehearse/base-root.ts';
import { putDebugFiles, putHeaders, putWitness } from '../rehearse/cross-root.ts';
import { buildKeptRoot, findKeptRoot, keyOfPlan, type KeptRoot } from '../rehearse/kept-root.ts';
import { unpackImage } from '../rehearse/unpack-image.ts';
import { listCrossTools } from '../resolve/deb/cross-tools.ts';
import { planNames } from '../resolve/deb/plan-deb.ts';
import { readDebRepositories } from '../resolve/deb/reader.ts';
import { assemblePlan, type InstalledVersion } from '../resolve/plan.ts';
import { packagesOf } from '../resolve/provisions.ts';
import type { DebTarget, Plan, PlanItem, Repository, Role } from '../types.ts';
import type { CrossBuild } from '../verify/options.ts';
import { acquireArtifacts } from './acquire.ts';
import { describePlan } from './describe.ts';
import { findRepositories } from './find-repositories.ts';
import { provideGuestBusybox } from './guest-busybox.ts';
import type { OpenTarget } from './open-target.ts';
import type { Rehearsal, RootOptions } from './rehearse.ts';
import { findBaseRepository, makeBaseBeside, makeDebBase } from './rehearse-base.ts';
import { installIntoRoot, openRootResolution } from './rehearse-root.ts';
import type { Session } from './session.ts';
import { runStage } from './stage.ts';

/** What is taken of the kernel's own packages. */
const KERNEL_ROLES: readonly Role[] = ['headers', 'debuginfo', 'image'];
/** In root and guest; busybox does what its name says. */
const WITNESS = '/usr/lib/tapprep/true';

/** @throws TapprepError of any stage; USAGE where there is no cross compiler */
export async function prepareCross(
  session: Session,
  open: OpenTarget,
  target: DebTarget,
  name: string,
  options: RootOptions,
): Promise<Rehearsal> {
  const { cacheDir, local, signal } = session;
  const { allowExpiredRelease } = options;
  const [own, other] = [ownArchitecture(), findArchitecture(target.arch)];
  if (own === null || other === null || other.triplet === null)
    throw new TapprepError(
      'USAGE',
      `there is no cross compiler for ${target.arch} on ${own?.machine ?? 'this machine'}`,
    );
  const tools = { ...target, arch: own.machine, packageArch: own.deb };
  const resolution = await openRootResolution(session, open, options);
  const { repositories } = await findRepositories(
    session,
    { ...open, target: tools },
    { contents: ['devel', 'toolchain', 'systemtap'], allowExpiredRelease },
  );
  const foreign = await runStage(session, 'plan', () => resolution.plan(null), describePlan);
  const kernel = packagesOf(foreign.items).filter(({ role }) => KERNEL_ROLES.includes(role));
  const { compiler, packages } = listCrossTools(packagesOf(foreign.items), other.triplet);
  const planTools = await readTools(session, tools, repositories, packages);
  const planWhole = (installed: readonly InstalledVersion[] | null): Plan =>
    assemblePlan(target, [...kernel.map(onlyUnpacked), ...planTools(installed)], [], foreign.notes);
  const rootsDir = await openPrivateDirectory(cacheDir, 'roots');
  const kept = await findKeptRoot(rootsDir, name);
  const wanted = planWhole(kept?.base ?? null);
  const isKept = kept !== null && kept.key === keyOfPlan(wanted);
  const root = isKept ? kept : await build();
  const plan = planWhole(root.base);
  const images = await acquireArtifacts(
    session,
    kernel.filter(({ role }) => role === 'image'),
  );
  const { kernelImage } = await unpackImage(local, images, target.release, join(cacheDir, 'images'), signal);
  return {
    plan,
    root: root.directory,
    reusedRoot: isKept,
    host: createRootHost(root.directory),
    kernelImage,
    cross: {
      ...describeCross(own, other, kernel, compiler, root.directory),
      suite: findBaseRepository(repositories, tools).suite ?? '',
    },
  };

  async function build(): Promise<KeptRoot> {
    const [tar, files] = await makeBaseBeside(
      session,
      (own) => makeDebBase(own, tools, { repositories }, rootsDir),
      kernel,
    );
    const filesOf = (role: Role): typeof files => files.filter(({ item }) => item.role === role);
    return buildKeptRoot(rootsDir, name, async (directory) => {
      await unpackBase(local, tar, directory, signal);
      const host = createRootHost(directory);
      const base = await listPackages(host, await identifySystem(host));
      const whole = planWhole(base);
      const artifacts = await acquireArtifacts(
        session,
        packagesOf(whole.items).filter(({ install }) => install),
      );
      await installIntoRoot(session, host, tools, artifacts);
      await putHeaders(local, filesOf('headers'), directory, signal);
      for (const artifact of filesOf('debuginfo')) await putDebugFiles(artifact, target.release, directory, signal);
      const busybox = await provideGuestBusybox(session, target, allowExpiredRelease);
      if (busybox !== null) await putWitness(busybox, directory, WITNESS);
      return { base, key: keyOfPlan(whole) };
    });
  }
}

/** @returns a plan of them for a system that has `installed` */
async function readTools(
  session: Session,
  target: DebTarget,
  repositories: readonly Repository[],
  names: readonly string[],
): Promise<(installed: readonly InstalledVersion[] | null) => readonly PlanItem[]> {
  const wanted = { roots: names, wantsName: () => false };
  const { records, failures } = await readDebRepositories(repositories, target.packageArch, wanted, session.reader);
  if (records.length === 0 && failures[0] !== undefined) throw failures[0].error;
  return (installed) => planNames(target, records, names, { installed, allowUnsigned: session.allowUnsigned });
}

function onlyUnpacked(item: PlanItem): PlanItem {
  return { ...item, install: false };
}

function describeCross(
  own: Architecture,
  other: Architecture,
  kernel: readonly PlanItem[],
  compiler: string,
  root: string,
): Omit<CrossBuild, 'suite'> {
  const prefix = `CROSS_COMPILE=${other.triplet}-`;
  return {
    rootArch: own.machine,
    stapWords: ['-a', stapArchOf(other), '-B', prefix],
    kbuildWords: [`ARCH=${other.tree}`, prefix],
    compiler,
    kernelVersion: kernel.find(({ role }) => role === 'headers')?.version ?? '',
    witness: { source: join(root, WITNESS), path: WITNESS, mode: 0o755 },
  };
}
