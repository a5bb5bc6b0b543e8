/** A rehearsal: a root of the target's distribution, the exact packages in it, hello world inside the target's own kernel. */
import { join } from 'node:path';
import { kernelMachineOf } from '../detect/architectures.ts';
import { treeOf } from '../detect/own-kernel.ts';
import { TapprepError } from '../errors.ts';
import { isRemote } from '../host/host.ts';
import { openPrivateDirectory } from '../files/private-directory.ts';
import type { Host } from '../host/host.ts';
import { hasProgramsOf, ownArchitecture, runsHere } from '../host/local.ts';
import { createRootHost } from '../host/root.ts';
import { ensureTools, type Tool } from '../host/tools.ts';
import { identifySystem, listPackages } from '../install/package-list.ts';
import { describing, tapprep, tapprepAsRoot } from '../make-remedy.ts';
import { unpackBase } from '../rehearse/base-root.ts';
import { buildKeptRoot, findKeptRoot, keyOfPlan, type KeptRoot } from '../rehearse/kept-root.ts';
import { unpackImage } from '../rehearse/unpack-image.ts';
import { imagesOf, packagesOf } from '../resolve/provisions.ts';
import type { ModuleSigner } from '../sign/module-signer.ts';
import type { Artifact, Plan, Role, Runtime, VerifyReport } from '../types.ts';
import { checkSpace } from '../fetch/space.ts';
import { findKernelImage } from '../verify/build-id.ts';
import type { PolicyWish } from '../verify/guest-policy.ts';
import { requirePolicy } from './verify.ts';
import type { CrossBuild, VerifyLevel, VerifyScript } from '../verify/options.ts';
import { machineFor } from '../vm/machines.ts';
import { acquireArtifacts } from './acquire.ts';
import { describePlan } from './describe.ts';
import { asPattern, requireHost, type OpenTarget } from './open-target.ts';
import { planTarget } from './plan-target.ts';
import { makeBase, makeBaseBeside } from './rehearse-base.ts';
import { prepareCross } from './rehearse-cross.ts';
import { installIntoRoot, openRootResolution } from './rehearse-root.ts';
import type { Resolution } from './resolution.ts';
import type { Session } from './session.ts';
import { runStage } from './stage.ts';
import { proveTarget } from './prove.ts';
import type { SystemtapChoice, TriedSystemtap } from './provide-systemtap.ts';
import { forFamily } from '../package-system/systems.ts';

export interface RehearseOptions {
  readonly debuginfo: boolean;
  readonly level: VerifyLevel;
  readonly scripts: readonly VerifyScript[];
  readonly allowExpiredRelease: boolean;
  readonly systemtap: SystemtapChoice;
  /** Signs the modules; null for none. */
  readonly signer?: ModuleSigner | null;
  /** The guest's policy on modules; null for none. */
  readonly policy?: PolicyWish | null;
  readonly runtime?: Runtime | 'auto';
  /** Missing programs of this machine may be installed. */
  readonly yes: boolean;
  readonly isRoot: boolean;
}

export interface RehearseReport {
  readonly plan: Plan;
  readonly root: string;
  readonly reusedRoot: boolean;
  readonly verify: VerifyReport;
  /** Every SystemTap that was tried, the one that was taken last. */
  readonly systemtap: readonly TriedSystemtap[];
  readonly stages: Session['times'];
}

/** What is known before the base system is: enough to start the large downloads. */
const EARLY_ROLES: readonly Role[] = [
  'headers',
  'devel',
  'debuginfo',
  'debuginfo-common',
  'debugsource',
  'image',
  'systemtap',
];

/** A root of the target's distribution in which everything is installed, and the kernel beside it. */
export interface Rehearsal {
  readonly plan: Plan;
  readonly root: string;
  readonly reusedRoot: boolean;
  readonly host: Host;
  /** vmlinuz on this machine. */
  readonly kernelImage: string;
  /** Where the kernel is of another architecture than this machine. */
  readonly cross?: CrossBuild;
}

/**
 * Rehearses one target. Roots, packages and the base system are kept in the cache for the next time.
 * @throws TapprepError of any stage; a step of the ladder that fails is in the report
 */
export async function rehearse(session: Session, open: OpenTarget, options: RehearseOptions): Promise<RehearseReport> {
  await requirePolicy(session, open.target, options);
  return withRehearsal(session, open, options, (rehearsal, pattern) =>
    proveRehearsal(session, pattern, options, rehearsal),
  );
}

async function proveRehearsal(
  session: Session,
  open: OpenTarget,
  options: RehearseOptions,
  { host, kernelImage, plan, root, reusedRoot, cross }: Rehearsal,
): Promise<RehearseReport> {
  const { verify, tried } = await proveTarget(session, open, host, {
    ...options,
    ...(cross === undefined ? {} : { cross }),
    // The root that was proven before is as it was left: stap judges itself whether its module of hello still holds.
    ladder: {
      where: 'vm',
      level: options.level,
      scripts: options.scripts,
      kernelImage,
      keepsHello: reusedRoot,
      signer: options.signer ?? null,
      policy: options.policy ?? null,
      runtime: options.runtime ?? 'module',
    },
  });
  return { plan, root, reusedRoot, verify, systemtap: tried, stages: session.times };
}

export type RootOptions = Pick<RehearseOptions, 'debuginfo' | 'allowExpiredRelease' | 'yes' | 'isRoot'>;

/** How long a rehearsal waits for another one in the same root. */
const ROOT_WAIT_MS = 30 * 60_000;

/**
 * Makes or finds the root of a rehearsal and does something there, which no other process does meanwhile.
 * @param use gets the target as what is installed into that root is planned for it
 * @throws TapprepError of any stage; LOCKED
 */
export async function withRehearsal<T>(
  session: Session,
  given: OpenTarget,
  options: RootOptions,
  use: (rehearsal: Rehearsal, pattern: OpenTarget) => Promise<T>,
): Promise<T> {
  const open = asPattern(given);
  const { local, signal, emit } = session;
  const { host, target } = open;
  if (target.own !== undefined) {
    throw new TapprepError(
      'USAGE',
      `a rehearsal makes a root of its own, in which ${treeOf(target)} does not lie: the kernel of a tree is proven where that is`,
      { remedy: tapprep('verify', '--in', 'vm') },
    );
  }
  if (!options.isRoot) {
    throw new TapprepError('NOT_ROOT', 'a rehearsal makes a root directory and runs in it, which needs root rights', {
      // Root here has other keys for ssh than this user.
      remedy: tapprepAsRoot('rehearse', ...(host !== null && isRemote(host) ? describing(target) : [])),
    });
  }
  const isCross = !runsHere(target.arch);
  const tools = forFamily<readonly Tool[]>(target, {
    deb: () => ['mmdebstrap', 'dpkg-deb'],
    rpm: () => {
      if (isCross) throw refuseForeignRpm(target.arch);
      return ['rpm'];
    },
  });
  await ensureTools(
    local,
    [
      'gpgv',
      'xz',
      'tar',
      ...tools,
      machineFor(target.arch).qemu,
      ...(hasProgramsOf(kernelMachineOf(target)) ? (['busybox'] as const) : []),
    ],
    { ...options, emit, signal },
  );
  const name = `${target.distro}-${target.version}-${target.release}${options.debuginfo ? '' : '-nodebuginfo'}`;
  const exclusive = { name: `root-${name}`, what: `the rehearsal root ${name}`, waitMs: ROOT_WAIT_MS };
  const prepare = (): Promise<Rehearsal> =>
    forFamily(target, {
      deb: (own) =>
        isCross ? prepareCross(session, open, own, name, options) : prepareRehearsal(session, open, name, options),
      rpm: () => prepareRehearsal(session, open, name, options),
    });
  return session.fetcher.exclusively(exclusive, async () => use(await prepare(), open));
}

function refuseForeignRpm(arch: string): TapprepError {
  const own = ownArchitecture()?.machine ?? 'of another architecture';
  return new TapprepError(
    'USAGE',
    `a rehearsal of an rpm distribution runs its programs, which are of ${arch}, but this machine is ${own}: Debian's kernels alone are built for across architectures`,
    { hint: 'run it on a machine of that architecture' },
  );
}

async function prepareRehearsal(
  session: Session,
  open: OpenTarget,
  name: string,
  options: RootOptions,
): Promise<Rehearsal> {
  const { local, signal, cacheDir } = session;
  const { target } = open;
  const resolution = await openRootResolution(session, open, options);
  const rootsDir = await openPrivateDirectory(cacheDir, 'roots');
  const kept = await findKeptRoot(rootsDir, name);
  const plan = await runStage(session, 'plan', () => resolution.plan(kept?.base ?? null), describePlan);
  const prepared =
    kept !== null && kept.key === keyOfPlan(plan)
      ? { root: kept, plan, images: await acquireArtifacts(session, imagesOf(plan.items)) }
      : await prepareRoot(session, target, resolution, plan, rootsDir, name);

  const image = await unpackImage(local, prepared.images, target.release, join(cacheDir, 'images'), signal);
  const host = createRootHost(prepared.root.directory);
  return {
    plan: prepared.plan,
    root: prepared.root.directory,
    reusedRoot: prepared.root === kept,
    host,
    kernelImage: image.kernelImage,
  };
}

/**
 * A root that somebody made and installed into, in the place of one of ours: only its kernel is fetched, where it has none.
 * @throws TapprepError of planning and fetching; USAGE for a target that is no root here
 */
export async function prepareGivenRoot(
  session: Session,
  open: OpenTarget,
  options: Pick<RehearseOptions, 'allowExpiredRelease'>,
): Promise<Pick<Rehearsal, 'host' | 'kernelImage'>> {
  const { target } = open;
  const host = requireHost(open, 'this');
  const own = await findKernelImage(host, target.release, target.own);
  if (own !== null) return { host, kernelImage: own };
  const plan = await planTarget(session, open, {
    ...options,
    debuginfo: false,
    image: true,
    systemtap: 'distro',
    rung: 'hello',
  });
  const images = await acquireArtifacts(session, imagesOf(plan.items));
  const directory = join(session.cacheDir, 'images');
  return { host, ...(await unpackImage(session.local, images, target.release, directory, session.signal)) };
}

interface Prepared {
  readonly root: KeptRoot;
  readonly plan: Plan;
  readonly images: readonly Artifact[];
}

/** Base system and large downloads at the same time; then the exact plan for that base, and the installation. */
async function prepareRoot(
  session: Session,
  target: OpenTarget['target'],
  resolution: Resolution,
  early: Plan,
  rootsDir: string,
  name: string,
): Promise<Prepared> {
  const { local, signal } = session;
  await checkSpace(rootsDir, early.installedBytes, `the root ${name}`);
  const large = packagesOf(early.items).filter(({ role }) => EARLY_ROLES.includes(role));
  const [tar] = await makeBaseBeside(session, (own) => makeBase(own, target, resolution, rootsDir), large);
  let result: { plan: Plan; images: readonly Artifact[] } | null = null;
  const root = await buildKeptRoot(rootsDir, name, async (directory) => {
    await unpackBase(local, tar, directory, signal);
    const host = createRootHost(directory);
    const installed = await listPackages(host, await identifySystem(host));
    const plan = await resolution.plan(installed);
    const artifacts = await acquireArtifacts(session, packagesOf(plan.items));
    await installIntoRoot(session, host, target, artifacts);
    result = { plan, images: artifacts.filter(({ item }) => item.role === 'image') };
    return { base: installed, key: keyOfPlan(plan) };
  });
  if (result === null) throw new TapprepError('INTERNAL', `${name} was built without a plan`);
  const { plan, images }: { plan: Plan; images: readonly Artifact[] } = result;
  return { root, plan, images };
}
