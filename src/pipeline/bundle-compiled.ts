/** A bundle of compiled modules: built here for exactly one kernel, proven in it, shipped with a staprun that needs nothing. */
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { compressBundle, isCompressedName } from '../bundle/compress.ts';
import { prepareData, prepareFile, prepareLicence, prepareScript, type PreparedFile } from '../bundle/files.ts';
import {
  type BundledModule,
  type BundleManifest,
  compareText,
  listFiles,
  MANIFEST_NAME,
  rootOf,
  SUMS_NAME,
} from '../bundle/manifest.ts';
import { toLine } from '../bundle/provenance.ts';
import { openBundle } from '../bundle/read.ts';
import { prepareLicences } from '../bundle/runtime-licences.ts';
import { makeRuntime, prepareRuntime, type Runtime, toGuestStaprun } from '../bundle/runtime.ts';
import { writeBundle, type WrittenBundle } from '../bundle/write.ts';
import { TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import { openPrivateDirectory } from '../files/private-directory.ts';
import { withTemporaryDirectory } from '../files/temporary-directory.ts';
import type { Host } from '../host/host.ts';
import type { UsableSystemtap } from '../systemtap/usable.ts';
import { readSignedModule } from '../sign/module-signature.ts';
import { checkSignedModule, type ModuleSigner } from '../sign/module-signer.ts';
import { textOf } from '../sentence.ts';
import type { BuildId, Runtime as RuntimeKind, VerifyReport, VerifyStep } from '../types.ts';
import type { ProvenModule, VerifyScript } from '../verify/options.ts';
import { HELLO } from '../verify/rungs.ts';
import { bootInVm } from '../vm/boot.ts';
import { collectInstalledStaprun } from '../vm/staprun.ts';
import { finishBundle } from './bundle.ts';
import type { OpenTarget } from './open-target.ts';
import { provideSystemtap, type SystemtapChoice, type TriedSystemtap } from './provide-systemtap.ts';
import type { Rehearsal } from './rehearse.ts';
import type { Session } from './session.ts';
import { runStage } from './stage.ts';
import { describeVerify } from './describe.ts';
import { findToolsFor, verifyOpenTarget } from './verify.ts';

/** A script to compile, to prove and to ship. */
export interface CompiledScript {
  /** How run.sh calls it. */
  readonly name: string;
  readonly verify: VerifyScript;
  readonly arguments: BundledModule['arguments'];
}

export interface CompiledOptions {
  /** Compressed where its name says so: .tar.gz or .tgz. */
  readonly out: string;
  readonly scripts: readonly CompiledScript[];
  readonly systemtap: SystemtapChoice;
  readonly allowExpiredRelease: boolean;
  readonly sign: ((sums: string) => Promise<string>) | null;
  /** Signs the modules; null for none. */
  readonly signer?: ModuleSigner | null;
  /** What they run by; modules where left out. */
  readonly runtime?: RuntimeKind;
}

export interface CompiledReport {
  readonly bundle: WrittenBundle;
  readonly manifest: BundleManifest;
  readonly systemtap: readonly TriedSystemtap[];
  readonly stages: Session['times'];
}

/** Where the runtime lies in the guest that proves it. */
const GUEST_PREFIX = '/opt/tapprep-runtime';
const HELLO_NAME = 'hello';
const HELLO_TIMEOUT_MS = 60_000;
const SCRIPTS = ['run.sh', ...['start', 'common', 'kernel', 'signature', 'module'].map((part) => `sh/${part}.sh`)];

/** One SystemTap that was tried, and what was proven with it. */
interface Attempt {
  readonly systemtap: UsableSystemtap;
  readonly runtime: Runtime;
  /** By the name of the script; hello world by null. */
  readonly proven: Map<string | null, Proven>;
}

interface Proven extends ProvenModule {
  /** Copy on this machine. */
  readonly file: string;
}

/**
 * Compiles in the root of a rehearsal, proves every module in the kernel by the very runtime that is shipped, writes the
 * bundle, and runs it once more out of its own tar in a guest that has nothing but busybox.
 * @throws TapprepError NOT_PROVEN naming what did not work; of any stage
 */
export async function bundleCompiled(
  session: Session,
  open: OpenTarget,
  rehearsal: Pick<Rehearsal, 'host' | 'kernelImage' | 'cross'>,
  options: CompiledOptions,
): Promise<CompiledReport> {
  const parent = await openPrivateDirectory(session.cacheDir, 'tmp');
  return withTemporaryDirectory(parent, 'compiled-', async (work) => {
    const { attempt, tried } = await proveAll(session, open, rehearsal, options, work);
    const { manifest, sources } = await assemble(session, open, rehearsal.host, options, attempt);
    const write = (out: string, sign: CompiledOptions['sign']): Promise<WrittenBundle> =>
      writeBundle({ out, manifest, sources, sign, signal: session.signal });
    await runStage(
      session,
      'try the bundle',
      async () => {
        const trial = join(work, 'trial.tar');
        await write(trial, null);
        await tryBundle(session, open, rehearsal, trial, work);
      },
      () => 'Hello, World by run.sh, in a guest with busybox alone',
    );
    const bundle = await runStage(
      session,
      'write',
      () => writeOut(options, work, write, session.signal),
      ({ path }) => path,
    );
    return { bundle, manifest, systemtap: tried, stages: session.times };
  });
}

/** The first SystemTap with which hello world and every script were proven. */
async function proveAll(
  session: Session,
  open: OpenTarget,
  { host, kernelImage, cross }: Pick<Rehearsal, 'host' | 'kernelImage' | 'cross'>,
  options: CompiledOptions,
  work: string,
): Promise<{ readonly attempt: Attempt; readonly tried: readonly TriedSystemtap[] }> {
  const attempts: Attempt[] = [];
  const level = options.scripts.length === 0 ? 'hello' : 'scripts';
  const wanted: readonly (string | null)[] = [null, ...options.scripts.map(({ verify }) => verify.name)];
  const isWanted = ({ id, script }: Pick<VerifyStep, 'id' | 'script'>): boolean =>
    (id === 'hello' || id === 'script') && wanted.includes(script);
  const verifyWith = async (systemtap: UsableSystemtap): Promise<VerifyReport> => {
    const runtime = await makeRuntime(systemtap.guestStaprun ?? (await collectInstalledStaprun(host)), options.runtime);
    const attempt: Attempt = { systemtap, runtime, proven: new Map() };
    attempts.push(attempt);
    const directory = join(work, String(attempts.length));
    await mkdir(directory);
    const report = await verifyOpenTarget(session, open, host, {
      where: 'vm',
      level,
      scripts: options.scripts.map(({ verify }) => verify),
      kernelImage,
      signer: options.signer ?? null,
      ...(cross === undefined ? {} : { cross }),
      runtime: options.runtime ?? 'module',
      systemtap: { ...systemtap, guestStaprun: toGuestStaprun(runtime, GUEST_PREFIX) },
      onProven: async (module) => {
        if (!isWanted(module)) return;
        const local = host.localPath(module.modulePath);
        if (local === null) throw new TapprepError('INTERNAL', `modules of ${host.name} cannot be read here`);
        const file = join(directory, basename(module.modulePath));
        await copyFile(local, file);
        attempt.proven.set(module.script, { ...module, file });
      },
    });
    // What is wanted of the ladder is what is shipped: a rung that fails beside it is no reason to look further.
    return { ...report, ready: report.ready || wanted.every((script) => attempt.proven.has(script)) };
  };
  const { verify, tried } = await provideSystemtap(session, open, host, {
    choice: options.systemtap,
    level,
    allowExpiredRelease: options.allowExpiredRelease,
    mends: true,
    ...(cross === undefined ? {} : { cross }),
    verify: (systemtap) => runStage(session, 'verify', () => verifyWith(systemtap), describeVerify),
  });
  const attempt = attempts.find(({ proven }) => wanted.every((script) => proven.has(script)));
  if (attempt !== undefined) return { attempt, tried };
  const failed = verify.steps.find((step) => isWanted(step) && step.status !== 'pass');
  throw new TapprepError(
    'NOT_PROVEN',
    `${failed?.step ?? 'hello'} was not proven in ${open.target.release}, so it is not shipped: ${failed?.reason === undefined || failed.reason === null ? 'its step was not reached' : textOf(failed.reason)}`,
    { remedy: tapprep('rehearse', '--level', 'scripts'), facts: { verify, tried } },
  );
}

async function assemble(
  session: Session,
  { target }: OpenTarget,
  host: Host,
  options: CompiledOptions,
  { systemtap, runtime, proven }: Attempt,
): Promise<ReturnType<typeof finishBundle>> {
  const { signal } = session;
  const signer = options.runtime === 'bpf' ? null : options.signer;
  const files: PreparedFile[] = [];
  const modules: BundledModule[] = [];
  const names = new Map<string, string>();
  const hello = { name: HELLO_NAME, arguments: [], text: HELLO.script, script: null };
  const scripts = options.scripts.map(({ name, arguments: known, verify }) => ({
    name,
    arguments: known,
    text: textOfForm(verify, options.runtime),
    script: verify.name,
  }));
  for (const { name, arguments: known, text, script: proved } of [hello, ...scripts]) {
    const module = proven.get(proved);
    if (module === undefined) throw new TapprepError('INTERNAL', `${name} was proven and is lost`);
    const file = basename(module.file);
    const taken = names.get(name);
    if (taken !== undefined) throw new TapprepError('USAGE', `two scripts are called ${name}`);
    names.set(name, file);
    const [binary, script] = [
      await prepareFile(`modules/${file}`, module.file, signal),
      prepareData(`scripts/${name}.stp`, text),
    ];
    files.push(binary, script);
    modules.push({
      name,
      module: file.replace(/\.[kb]o$/, ''),
      path: binary.path,
      script: script.path,
      sha256: binary.sha256,
      ...(signer == null ? {} : { signedBy: await readSigner(signer, module.file) }),
      arguments: known.map((argument) => ({ name: argument.name, type: argument.type })),
      proven: { expected: module.expected.map(toLine), seconds: module.seconds },
    });
  }
  const licences = await prepareLicences(runtime, systemtap.guestStaprun === null ? host : null);
  const guest = proven.get(null)?.guest ?? null;
  const warnings = licences.missing.length === 0 ? [] : [`no terms were found for ${licences.missing.join(', ')}`];
  return finishBundle(
    {
      schema: 'tapprep-bundle/1',
      kind: 'compiled',
      tapprep: session.tapprepVersion,
      target: withGuest(target, guest),
      dependencies: 'none',
      warnings: warnings.map(toLine),
      notes: [],
      packages: [],
      present: [],
      indexes: [],
      modules: modules.toSorted((a, b) => compareText(a.name, b.name)),
    },
    [
      ...files,
      ...(await prepareRuntime(runtime, signal)),
      ...(await Promise.all(SCRIPTS.map(prepareScript))),
      ...licences.files,
      await prepareLicence(session.packageRoot),
    ],
    new Map(),
  );
}

/** What was compiled of a script. */
function textOfForm({ text, bpf }: VerifyScript, runtime: RuntimeKind | undefined): string {
  return runtime === 'bpf' && bpf !== undefined && 'text' in bpf ? bpf.text : text;
}

/** What was proven is what is shipped, so it still has to be as it was signed. @throws TapprepError MODULE_ALTERED, UNSIGNED, UNKNOWN_KEY */
async function readSigner(
  { certificate }: ModuleSigner,
  file: string,
): Promise<NonNullable<BundledModule['signedBy']>> {
  const bytes = await readFile(file);
  checkSignedModule(bytes, basename(file), certificate);
  const { signature } = readSignedModule(bytes, basename(file));
  return { name: toLine(certificate.name), keyId: certificate.keyId, hash: signature?.hash ?? 'unknown' };
}

async function writeOut(
  { out, sign }: CompiledOptions,
  work: string,
  write: (path: string, sign: CompiledOptions['sign']) => Promise<WrittenBundle>,
  signal: AbortSignal,
): Promise<WrittenBundle> {
  if (!isCompressedName(out)) return await write(out, sign);
  const written = await write(join(work, 'whole.tar'), sign);
  return { ...written, path: out, sizeBytes: await compressBundle(written.path, out, signal) };
}

/** What the kernel said of itself where the modules were proven is what it has to say where they are run. */
function withGuest(target: OpenTarget['target'], guest: ProvenModule['guest']): OpenTarget['target'] {
  const buildId: BuildId | null = guest?.buildId ?? target.buildId;
  return { ...target, unameV: guest?.unameV ?? target.unameV, buildId };
}

/** Unpacks the tar and runs hello world out of it, by its own run.sh, in the kernel that it is for. */
async function tryBundle(
  session: Session,
  open: OpenTarget,
  rehearsal: Pick<Rehearsal, 'kernelImage' | 'cross'>,
  tar: string,
  work: string,
): Promise<void> {
  const directory = join(work, 'unpacked');
  await mkdir(directory);
  const bundle = await openBundle(tar, directory, session.signal);
  const root = `/carried/${rootOf(bundle.manifest)}`;
  const modes = new Map(listFiles(bundle.manifest).map(({ path, mode }) => [path, mode]));
  const paths = [...modes.keys(), MANIFEST_NAME, SUMS_NAME];
  const hello = bundle.manifest.modules.find(({ name }) => name === HELLO_NAME);
  const runner = { files: [], starters: [], argv: ['/bin/sh', `${root}/run.sh`] };
  const report = await bootInVm({
    kernelImage: rehearsal.kernelImage,
    tools: await findToolsFor(session, open, rehearsal),
    staprun: { ...runner, bpf: runner, env: {} },
    files: paths.map((path) => ({
      source: bundle.pathOf(path),
      path: `${root}/${path}`,
      mode: modes.get(path) ?? 0o644,
    })),
    jobs: [
      {
        name: HELLO_NAME,
        modulePath: bundle.pathOf(hello?.path ?? ''),
        expect: [HELLO.marker],
        timeoutMs: HELLO_TIMEOUT_MS,
      },
    ],
    temporaryDirectory: work,
    signal: session.signal,
    emit: session.emit,
  });
  const [job] = report.jobs;
  if (job?.outcome === 'ended' && job.exitStatus === 0 && job.missed.length === 0 && job.removed) return;
  throw new TapprepError(
    'NOT_PROVEN',
    `the bundle was made, but its run.sh did not print "${HELLO.marker}" in a guest: ${job?.stderr.trim().split('\n').at(-1) ?? report.ended}`,
    { facts: { job, console: report.console } },
  );
}
