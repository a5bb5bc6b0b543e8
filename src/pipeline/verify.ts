/** Where the module of a target can be loaded, the ladder there, and what a failure of it means. */
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { checkTools } from '../diagnose/check-facts.ts';
import { diagnose } from '../diagnose/diagnose.ts';
import { kernelMachineOf } from '../detect/architectures.ts';
import { describeLoad, foretell } from '../detect/module-policy.ts';
import { collectFacts } from '../detect/facts.ts';
import { type Reach, reachOf, wordsOf } from '../diagnose/place.ts';
import { isTapprepError, TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import { openPrivateDirectory } from '../files/private-directory.ts';
import { withTemporaryDirectory } from '../files/temporary-directory.ts';
import { type Host, isRemote } from '../host/host.ts';
import type { HostFacts, Runtime, VerifyReport } from '../types.ts';
import type { ModuleSigner } from '../sign/module-signer.ts';
import { STAP_CACHE } from '../verify/private-directory.ts';
import { findKernelImage } from '../verify/build-id.ts';
import { findLocalObstacle } from '../verify/local-obstacle.ts';
import type { UsableSystemtap } from '../systemtap/usable.ts';
import type { CrossBuild, VerifyLevel, VerifyOptions, VerifyScript, VmAssets } from '../verify/options.ts';
import { blame, type Fault } from '../verify/step.ts';
import { foreseePolicy, type PolicyWish } from '../verify/guest-policy.ts';
import { verifyTarget } from '../verify/verify-target.ts';
import { prepareFirmware, requireFirmware } from '../vm/firmware.ts';
import { findVmTools, type VmTools } from '../vm/host-tools.ts';
import { machineFor } from '../vm/machines.ts';
import { provideGuestBusybox } from './guest-busybox.ts';
import type { OpenTarget } from './open-target.ts';
import { findKeptImage, provideImage } from './provide-image.ts';
import type { Session } from './session.ts';

export interface VerifyChoice {
  /** null: local where the target's kernel runs here, else vm. */
  readonly where: 'local' | 'vm' | null;
  readonly level: VerifyLevel;
  /** Of the rungs above hello these alone; all where left out. */
  readonly rungs?: NonNullable<VerifyOptions['rungs']>;
  readonly scripts: readonly VerifyScript[];
  /** vmlinuz of the target's release on this machine; looked for on the target when null. */
  readonly kernelImage: string | null;
  readonly systemtap: UsableSystemtap;
  /** Hello world, too, may come from stap's cache: a root of our own, unchanged since it was proven. */
  readonly keepsHello?: boolean;
  readonly onProven?: NonNullable<VerifyOptions['onProven']>;
  /** Signs the modules; null for none. */
  readonly signer?: ModuleSigner | null;
  /** auto: bpf where it is known that no module will load. */
  readonly runtime?: Runtime | 'auto';
  /** Where the host is a root of another architecture than the target. */
  readonly cross?: CrossBuild;
  /** vm: what the guest's policy on modules is to be; left out: none. */
  readonly policy?: PolicyWish | null;
}

type Place =
  | { readonly where: 'local' }
  | { readonly where: 'vm'; readonly tools: VmTools; readonly kernelImage: string }
  | { readonly where: 'none'; readonly whyNot: Fault };

/** Directories on the target for what is built, and for what stap keeps of user scripts. */
const WORK_DIRECTORY = '/var/tmp/tapprep-verify';

/**
 * Verifies a target: in the kernel that its host runs, this or another machine, or in a virtual machine here.
 * @throws TapprepError USAGE when the place that was asked for cannot be used; TOOL_MISSING, NOT_ROOT, INTERRUPTED
 */
export async function verifyOpenTarget(
  session: Session,
  open: OpenTarget,
  host: Host,
  choice: VerifyChoice,
): Promise<VerifyReport> {
  const { target, facts } = open;
  await requirePolicy(session, target, choice);
  const kernelImage =
    choice.kernelImage ??
    (await findKernelImage(host, target.release, target.own)) ??
    (await findImageHere(session, open, host, choice.where));
  const outlook = await lookAhead(open, host, choice);
  const runtime = chooseRuntime(outlook, choice);
  if (choice.policy != null || isRunningOn(open, host)) {
    const key = choice.signer?.certificate ?? null;
    session.emit({ type: 'note', level: 'info', text: describeLoad(foretell(outlook, key), outlook, key) });
  }
  const place = await choosePlace(session, open, host, { ...choice, runtime }, kernelImage);
  const parent = await openPrivateDirectory(session.cacheDir, 'tmp');
  return withTemporaryDirectory(parent, 'verify-', async (temporaryDirectory) => {
    const options: VerifyOptions = {
      target,
      host,
      where: place.where,
      ...(place.where === 'none' ? { whyNot: place.whyNot } : {}),
      ...(place.where === 'vm'
        ? {
            vm: {
              ...(await preparePolicy(session, choice, temporaryDirectory)),
              ...describeVm(place, choice.systemtap),
              ...findModules(place.kernelImage, target.release),
              temporaryDirectory,
            },
          }
        : {}),
      ...(kernelImage === null ? {} : { kernelImage }),
      stapArgv: choice.systemtap.stapArgv,
      lifts: choice.systemtap.lifts ?? [],
      staprunArgv: choice.systemtap.staprunArgv,
      ...(choice.onProven === undefined ? {} : { onProven: choice.onProven }),
      ...(choice.signer == null ? {} : { signer: choice.signer }),
      ...(choice.cross === undefined ? {} : { cross: choice.cross }),
      vermagic: facts.kernel.vermagic,
      ...(runtime === 'bpf' ? { runtime, lockdown: outlook.security.lockdown } : {}),
      level: choice.level,
      ...(choice.rungs === undefined ? {} : { rungs: choice.rungs }),
      scripts: choice.scripts,
      workDirectory: WORK_DIRECTORY,
      // On another machine nothing is left.
      ...(isRemote(host) ? {} : { cacheDirectory: STAP_CACHE }),
      keepsHello: choice.keepsHello ?? false,
      sleep: (milliseconds) => sleepFor(milliseconds),
      signal: session.signal,
      emit: session.emit,
    };
    return explainReport(await verifyTarget(options), open, host, choice);
  });
}

/** What decides about modules where they are to be loaded: of the guest that is asked for, else of the running kernel. */
async function lookAhead(
  { facts, target }: OpenTarget,
  host: Host,
  { policy, signer }: VerifyChoice,
): Promise<Outlook> {
  if (policy == null) return facts;
  // A machine that is only declared says nothing of its kernel's configuration; the root of a rehearsal does.
  const { config } = await collectFacts(host, { release: target.release });
  return { ...foreseePolicy(policy, { ...facts, config }, signer?.certificate ?? null), os: facts.os };
}

type Outlook = Pick<HostFacts, 'security' | 'config' | 'os'>;

/** Whether a module would load is known before one is built. */
function chooseRuntime(outlook: Outlook, { runtime = 'module', signer }: VerifyChoice): Runtime {
  if (runtime !== 'auto') return runtime;
  return foretell(outlook, signer?.certificate ?? null).loads === false ? 'bpf' : 'module';
}

/** Whether the firmware that a policy needs is here, before anything is made for it. @throws TapprepError USAGE, TOOL_MISSING */
export async function requirePolicy(
  { local }: Session,
  { arch }: OpenTarget['target'],
  { policy }: Pick<VerifyChoice, 'policy'>,
): Promise<void> {
  const secureBoot = policy?.secureBoot ?? null;
  if (secureBoot === null) return;
  if (machineFor(arch).arch !== 'x86_64')
    throw new TapprepError('USAGE', `Secure Boot is rehearsed for kernels of x86_64, but this one is of ${arch}`, {
      hint: '--sig-enforce and --lockdown need no firmware',
    });
  await requireFirmware(local, secureBoot);
}

/** The firmware that a policy needs. @throws TapprepError TOOL_MISSING, VM_FAILED */
async function preparePolicy(
  { local, signal }: Session,
  { policy, signer }: VerifyChoice,
  directory: string,
): Promise<Pick<VmAssets, 'firmware' | 'policy'>> {
  if (policy == null) return {};
  if (policy.secureBoot === null) return { policy };
  if (signer == null) throw new TapprepError('INTERNAL', 'firmware was asked for without a key to enrol');
  const certificate = new X509Certificate(signer.certificate.raw).toString();
  const wish = { secureBoot: policy.secureBoot, certificate };
  return { policy, firmware: await prepareFirmware(wish, { local, directory, signal }) };
}

function describeVm(
  { tools, kernelImage }: Extract<Place, { where: 'vm' }>,
  { guestStaprun }: UsableSystemtap,
): Omit<VmAssets, 'temporaryDirectory'> {
  return { tools, kernelImage, ...(guestStaprun === null ? {} : { staprun: guestStaprun }) };
}

/** The modules that came with a kernel image: beside it, or beside its /boot. */
function findModules(kernelImage: string, release: string): { readonly modulesDirectory?: string } {
  const folder = dirname(kernelImage);
  const places = [folder, ...['lib', 'usr/lib'].map((lib) => join(folder, '..', lib, 'modules', release))];
  const modulesDirectory = places.find((place) => existsSync(join(place, 'kernel')));
  return modulesDirectory === undefined ? {} : { modulesDirectory };
}

/** Another machine is named as it was reached; of the others the facts tell. */
function reachOfHost(host: Host, { own }: HostFacts): Reach | null {
  if (!isRemote(host)) return null;
  const more = own === undefined ? {} : { more: wordsOf(own) };
  return { via: 'ssh', destination: host.name, configFile: host.configFile, ...more };
}

/** Adds to a report what the tools' words in its failed steps mean. */
async function explainReport(
  report: VerifyReport,
  { facts }: OpenTarget,
  host: Host,
  { cross, systemtap }: VerifyChoice,
): Promise<VerifyReport> {
  const failed = report.steps.filter(({ status }) => status === 'fail');
  if (failed.length === 0) return report;
  const log = failed.map(({ output }) => output).join('\n');
  const { target } = report;
  const reach = reachOfHost(host, facts) ?? reachOf(facts);
  const said = diagnose({ log, facts, target, reach });
  // A tool that is not there says nothing. Facts may be of before an installation.
  if (cross !== undefined || !failed.some(({ id }) => id === 'tools')) return { ...report, diagnoses: said };
  const now = await collectFacts(host, { release: target.release, own: target.own });
  const missing = checkTools(now, target, reach, systemtap.place === undefined ? 'installed' : 'placed');
  return {
    ...report,
    diagnoses: [...missing, ...said.filter(({ code }) => missing.every((one) => one.code !== code))],
  };
}

/** For the virtual machine alone; where nobody asked for that, nothing is fetched for it. @throws TapprepError USAGE where it was asked for and cannot be had */
async function findImageHere(
  session: Session,
  open: OpenTarget,
  host: Host,
  where: VerifyChoice['where'],
): Promise<string | null> {
  if (where === 'vm') {
    const { path, problem } = await provideImage(session, open);
    if (problem !== null) throw withoutImage(open.target.release, host, problem);
    return path;
  }
  const runs = host.kind !== 'root' && open.facts.kernel.running;
  return where === 'local' || runs ? null : findKeptImage(session, open.target.release);
}

/** Only what --offline kept away comes by the same command with a network. */
function withoutImage(release: string, host: Host, problem: TapprepError): TapprepError {
  const isOffline = problem.code === 'OFFLINE';
  const way = isOffline ? 'once with a network, without --offline' : 'with a vmlinuz of that kernel';
  return new TapprepError(
    'USAGE',
    `the kernel ${release} itself is missing, which QEMU has to boot: ${host.name} has no vmlinuz of it, and it cannot be fetched (${problem.message}); run this ${way}`,
    { remedy: tapprep('verify', ...(isOffline ? [] : ['--boot-image', 'FILE']), '--in', 'vm') },
  );
}

/** Whether the target's kernel is the one that runs on the host. */
function isRunningOn({ facts, target }: OpenTarget, host: Host): boolean {
  return host.kind !== 'root' && facts.kernel.running && facts.kernel.release === target.release;
}

/** QEMU, and a busybox of the kernel's architecture. @throws TapprepError TOOL_MISSING, and of fetching one for another architecture */
export async function findToolsFor(
  session: Session,
  { target }: OpenTarget,
  { cross }: Pick<VerifyChoice, 'cross'>,
): Promise<VmTools> {
  const arch = kernelMachineOf(target);
  const busybox = cross?.witness.source ?? (await provideGuestBusybox(session, target, false));
  return findVmTools(session.local, { arch, ...(busybox === null ? {} : { busybox }) });
}

async function choosePlace(
  session: Session,
  open: OpenTarget,
  host: Host,
  choice: VerifyChoice,
  kernelImage: string | null,
): Promise<Place> {
  const { target, facts } = open;
  const { where: wanted, signer } = choice;
  const isRunning = isRunningOn(open, host);
  if (wanted === 'local' && !isRunning) {
    throw new TapprepError(
      'USAGE',
      `--in local needs the target's own kernel, but ${target.release} does not run on ${host.name}`,
      {
        remedy: tapprep('verify', '--in', 'vm'),
      },
    );
  }
  const obstacle = isRunning && choice.runtime !== 'bpf' ? findLocalObstacle(facts, signer?.certificate ?? null) : null;
  if (wanted !== 'vm' && isRunning && obstacle === null) return { where: 'local' };
  if (wanted === 'local') return { where: 'none', whyNot: blame('target', obstacle ?? '') };
  if (kernelImage === null) {
    const whyNot = `${obstacle ?? `${target.release} does not run on ${host.name}`}, and no vmlinuz of it was found on ${host.name} to boot in QEMU`;
    return { where: 'none', whyNot: blame('this-machine', whyNot) };
  }
  try {
    return { where: 'vm', tools: await findToolsFor(session, open, choice), kernelImage };
  } catch (error) {
    if (wanted === 'vm' || !isTapprepError(error, 'TOOL_MISSING')) throw error;
    return {
      where: 'none',
      whyNot: blame(
        'this-machine',
        `${obstacle ?? `${target.release} does not run on ${host.name}`}, and ${error.message}; ${error.hint ?? ''}`,
      ),
    };
  }
}
