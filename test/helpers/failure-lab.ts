/** Failures of SystemTap that are real: stap run in a root that was broken, modules loaded into a kernel that refuses them. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { collectFacts, PROBE_PATH } from '../../src/detect/facts.ts';
import { parseProbeOutput } from '../../src/detect/probe-output.ts';
import { identifyTarget } from '../../src/detect/target.ts';
import { diagnose } from '../../src/diagnose/diagnose.ts';
import { createLocalHost } from '../../src/host/local.ts';
import { createRootHost } from '../../src/host/root.ts';
import type { Diagnosis, HostFacts } from '../../src/types.ts';
import { findVmTools } from '../../src/vm/host-tools.ts';
import type { VmJob } from '../../src/vm/job.ts';
import { runModulesInVm } from '../../src/vm/run-modules.ts';
import { collectInstalledStaprun } from '../../src/vm/staprun.ts';

export const HELLO = ['-e', 'probe begin { println("Hello, World") exit() }'] as const;

export interface StapRun {
  /** What a person would see: both outputs, as they came. */
  readonly log: string;
  /** The module on this machine; null when it was not built. */
  readonly module: string | null;
}

/** Runs `stap -v -p4` in a root. A script without -m comes from stap's cache where it can. */
export async function runStap(
  root: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<StapRun> {
  // By a shell, so that a stap that is not there is missed in the words that a user sees.
  const argv = ['sh', '-c', 'stap "$@" 2>&1', 'sh', '-v', '-p4', ...args];
  const run = await createRootHost(root).run(argv, { cwd: '/tmp', proc: true, env });
  const built = /^(\S+\.ko)$/m.exec(run.stdout)?.[1];
  const path = built?.startsWith('/') === true ? built : join('/tmp', built ?? '');
  return { log: run.stdout, module: run.exitCode === 0 && built !== undefined ? join(root, path) : null };
}

/** What a user without any group sees who runs a shell command in a root. */
export async function runAsNobody(root: string, command: string): Promise<string> {
  const argv = ['chroot', '--userspec=65534:65534', '--groups=', root, 'sh', '-c', `${command} 2>&1`];
  return (await createLocalHost().run(argv)).stdout;
}

/** A module where later runs of stap do not touch it. Its name is the kernel's name for it, so it stays. */
export function keepModule({ module, log }: StapRun, directory: string): string {
  if (module === null) throw new Error(`no module was built:\n${log}`);
  const folder = join(directory, `${basename(module, '.ko')}-${String(performance.now())}`);
  mkdirSync(folder, { recursive: true });
  const kept = join(folder, basename(module));
  cpSync(module, kept);
  return kept;
}

export interface KernelOptions {
  readonly kernelImage: string;
  /** The root whose staprun is taken along. */
  readonly staprunOf: string;
  readonly temporaryDirectory: string;
  readonly kernelArguments?: readonly string[];
  readonly setup?: string;
}

export interface KernelRun {
  /** What staprun said, then what it printed. */
  readonly log: string;
  readonly kernelLog: string;
  readonly exitStatus: number | null;
  /** Of the machine in QEMU, by the probe run there. */
  readonly facts: HostFacts;
}

const PROBE_END = /\nend\t1\n/;

/** Loads modules in a real kernel, one after the other. */
export async function loadModules(modules: readonly string[], options: KernelOptions): Promise<readonly KernelRun[]> {
  const jobs = modules.map((modulePath, index): VmJob => ({
    name: `job-${String(index)}`,
    modulePath,
    timeoutMs: 180_000,
    // Printed nothing, so nothing is added to the arguments of the module.
    prepare: 'mount -t securityfs securityfs /sys/kernel/security 2>/dev/null; sh /probe.sh >&2',
  }));
  const report = await runModulesInVm({
    kernelImage: options.kernelImage,
    tools: await findVmTools(createLocalHost(), { arch: 'x86_64' }),
    staprun: await collectInstalledStaprun(createRootHost(options.staprunOf)),
    jobs,
    files: [{ source: PROBE_PATH, path: '/probe.sh', mode: 0o644 }],
    ...(options.kernelArguments === undefined ? {} : { kernelArguments: options.kernelArguments }),
    ...(options.setup === undefined ? {} : { setup: options.setup }),
    temporaryDirectory: options.temporaryDirectory,
    signal: new AbortController().signal,
    emit: () => undefined,
  });
  return report.jobs.map(({ stdout, stderr, kernelLog, exitStatus, outcome }) => {
    const end = PROBE_END.exec(stderr);
    if (end === null)
      throw new Error(`the probe did not end in the guest (${outcome}):\n${stderr}${kernelLog.slice(-1000)}`);
    const at = end.index + end[0].length;
    return {
      log: `${stderr.slice(at)}${stdout}`,
      kernelLog,
      exitStatus,
      facts: parseProbeOutput(stderr.slice(0, at), 'the probe in the guest'),
    };
  });
}

/** Facts of a root for one of its kernels, as tapprep collects them. */
export function factsOf(root: string, release: string): Promise<HostFacts> {
  return collectFacts(createRootHost(root), { release });
}

/** The machine that has the system of the one and the running kernel of the other. */
export function machineOf(system: HostFacts, running: HostFacts): HostFacts {
  const { release, unameV, buildId, procVersion, cmdline } = running.kernel;
  return {
    ...system,
    source: 'host',
    root: null,
    kernel: { ...system.kernel, release, unameV, buildId, procVersion, cmdline, running: true },
    security: running.security,
  };
}

/** What tapprep makes of a log, with and without facts of the machine. */
export function explain(log: string, facts: HostFacts | null = null): readonly Diagnosis[] {
  return diagnose({ log, facts, target: facts === null ? null : identifyTarget(facts) });
}

/** Runs one command in a root, and fails when it fails. */
export function inRoot(root: string, script: string): void {
  execFileSync('chroot', [root, 'sh', '-ec', script], { stdio: ['ignore', 'ignore', 'inherit'] });
}
