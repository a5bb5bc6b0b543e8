/** What a guest does with modules that do not end, print without end, crash the kernel, or belong to another one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { textOf } from '../../src/sentence.ts';
import { createLocalHost } from '../../src/host/local.ts';
import { createRootHost } from '../../src/host/root.ts';
import { compileModule } from '../../src/verify/compile-module.ts';
import { findVmTools } from '../../src/vm/host-tools.ts';
import type { VmJob, VmJobResult, VmReport } from '../../src/vm/job.ts';
import { collectKernelModules } from '../../src/vm/kernel-modules.ts';
import { runModulesInVm } from '../../src/vm/run-modules.ts';
import { collectInstalledStaprun } from '../../src/vm/staprun.ts';
import { prepareLabRoot } from '../helpers/lab-root.ts';

const lab = prepareLabRoot('bullseye', '5.10.0-32-cloud-amd64');
const host = createRootHost(lab.root);
const outDir = `/tmp/lab-${process.pid}`;
const temporaryDirectory = mkdtempSync('/tmp/tapprep-lab-');
afterAll(() => {
  rmSync(temporaryDirectory, { recursive: true });
  rmSync(join(lab.root, outDir), { recursive: true });
});

/** Scripts by the name of their module; "ticks" serves several jobs. */
const SCRIPTS = {
  ticks: 'probe begin { println("ready") } probe timer.s(1) { println("tick") } probe end { println("bye") }',
  flood: `probe timer.ms(1) { for (i = 0; i < 80; i++) println("${'x'.repeat(120)}") }`,
  forge: String.raw`probe begin { printf("\n@00 0 boot\n@00 1 end 0 ended 0 1 1 0 0 seen\n"); printf("\x1b[2J%c", 7); exit() }`,
  reads: 'probe begin { println("ready") } probe nd_syscall.read { if (execname() == "cat") println("cat reads") }',
} as const;

async function compile(name: keyof typeof SCRIPTS): Promise<void> {
  const { reason } = await compileModule(host, {
    kernel: lab.release,
    script: SCRIPTS[name],
    name,
    outDir,
    // The lab's own: nothing here is about the cache.
    // Without it the module ends itself when printing takes most of the processor, which is not what is tested.
    stapArgv: ['stap', '-DSTP_NO_OVERLOAD'],
    cacheDir: '/var/cache/tapprep-lab',
    reuse: 'headers',
  });
  if (reason !== null) throw new Error(textOf(reason));
}

const ko = (name: keyof typeof SCRIPTS): string => join(lab.root, outDir, `${name}.ko`);

const JOBS: readonly VmJob[] = [
  { name: 'never-ends', modulePath: ko('ticks'), timeoutMs: 4000, expect: ['tick', 'tock'] },
  { name: 'stopped', modulePath: ko('ticks'), timeoutMs: 20_000, expect: ['tick'], stopWhenSeen: true },
  { name: 'flood', modulePath: ko('flood'), timeoutMs: 60_000 },
  { name: 'forge', modulePath: ko('forge'), timeoutMs: 20_000 },
  {
    name: 'trigger',
    modulePath: ko('reads'),
    timeoutMs: 20_000,
    readyText: 'ready',
    trigger: 'echo from the trigger; /bin/cat /proc/version; ls /dev/ttyS1 /nonce',
    expect: ['cat reads'],
    stopWhenSeen: true,
  },
  {
    name: 'trigger-hangs',
    modulePath: ko('ticks'),
    timeoutMs: 4000,
    trigger: 'sleep 1000 & sleep 1000',
    stopWhenSeen: true,
  },
  {
    name: 'panics',
    modulePath: ko('ticks'),
    timeoutMs: 20_000,
    readyText: 'ready',
    trigger: 'echo c >/proc/sysrq-trigger',
    stopWhenSeen: true,
  },
  {
    name: 'after-the-panic',
    modulePath: ko('ticks'),
    timeoutMs: 20_000,
    trigger: 'cat /proc/modules; ip -o link',
    stopWhenSeen: true,
  },
];

let report: VmReport;
let ofTwo: VmReport;
beforeAll(async () => {
  for (const name of Object.keys(SCRIPTS) as (keyof typeof SCRIPTS)[]) await compile(name);
  const boot = {
    kernelImage: lab.kernelImage,
    tools: await findVmTools(createLocalHost(), { arch: 'x86_64' }),
    staprun: await collectInstalledStaprun(host),
    jobs: JOBS,
    kernelModules: await collectKernelModules(lab.modules, ['veth', 'dummy']),
    temporaryDirectory,
    signal: new AbortController().signal,
    emit: () => undefined,
  };
  report = await runModulesInVm(boot);
  ofTwo = await runModulesInVm(boot, 2);
});

const briefly = ({ jobs }: VmReport): unknown => jobs.map(({ name, outcome, seen }) => ({ name, outcome, seen }));

test('two guests side by side tell of the same jobs what one does, in the same order', () => {
  expect(briefly(ofTwo)).toEqual(briefly(report));
  expect([ofTwo.release, ofTwo.unameV]).toEqual([report.release, report.unameV]);
});

function job(name: string): VmJobResult {
  const found = report.jobs.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no job ${name}`);
  return found;
}

test('the guest runs the kernel that it was given', () => {
  expect(report.release).toBe(lab.release);
  expect(report.unameV).toContain('Debian 5.10.223-1');
  expect(report.buildId).toBe('e0c94673e97d58a386e99a20572aa7d597d5aa5c');
});

test('a script that never ends is told to go at its time limit, and goes', () => {
  expect(job('never-ends')).toMatchObject({ outcome: 'timed-out', removed: true, seen: ['tick'], missed: ['tock'] });
  expect(job('never-ends').stdout).toMatch(/^ready\n(tick\n)+bye\n$/);
});

test('a script is stopped once everything expected was seen', () => {
  expect(job('stopped')).toMatchObject({ outcome: 'ended', exitStatus: 0, removed: true, missed: [] });
});

test('a script that prints without end is stopped, and its first 64 KiB are kept', () => {
  expect(job('flood')).toMatchObject({ outcome: 'flooded', removed: true, truncated: true });
  expect(job('flood').stdout).toHaveLength(65_536);
});

test('what looks like a report in the output of a script stays output', () => {
  expect(job('forge')).toMatchObject({ outcome: 'ended', exitStatus: 0 });
  expect(job('forge').stdout).toBe('\n@00 0 boot\n@00 1 end 0 ended 0 1 1 0 0 seen\n\u001b[2J\u0007');
});

test('a trigger runs while the module is loaded, and finds neither the port of the reports nor the nonce', () => {
  expect(job('trigger')).toMatchObject({ outcome: 'ended', exitStatus: 0, missed: [] });
  expect(job('trigger').triggerOutput).toMatch(/^from the trigger\nLinux version 5\.10/);
  expect(job('trigger').triggerOutput).toContain('/dev/ttyS1: No such file');
  expect(job('trigger').triggerOutput).toContain('/nonce: No such file');
});

test('a trigger that hangs takes no longer than the job', () => {
  expect(job('trigger-hangs')).toMatchObject({ outcome: 'timed-out', removed: true });
  expect(job('trigger-hangs').seconds).toBeLessThan(10);
});

test('a panic loses its own job only', () => {
  expect(job('panics')).toMatchObject({ outcome: 'lost', exitStatus: null, removed: false });
  expect(report.console).toContain('Kernel panic - not syncing: sysrq triggered crash');
  expect(job('after-the-panic')).toMatchObject({ outcome: 'ended', exitStatus: 0, removed: true });
});

test('drivers that were taken along are loaded', () => {
  expect(job('after-the-panic').triggerOutput).toMatch(/^veth /m);
  expect(job('after-the-panic').triggerOutput).toContain('dummy0');
});

test('a module of another kernel is refused in the words of the kernel', async () => {
  const other = prepareLabRoot('bookworm', null);
  const foreign = await runModulesInVm({
    kernelImage: other.kernelImage,
    tools: await findVmTools(createLocalHost(), { arch: 'x86_64' }),
    staprun: await collectInstalledStaprun(host),
    jobs: [{ name: 'foreign', modulePath: ko('ticks'), timeoutMs: 20_000 }],
    temporaryDirectory,
    signal: new AbortController().signal,
    emit: () => undefined,
  });
  expect(foreign.release).toBe(other.release);
  expect(foreign.jobs).toMatchObject([{ outcome: 'ended', exitStatus: 1 }]);
  expect(foreign.jobs[0]?.stderr).toContain('Invalid module format');
  expect(foreign.jobs[0]?.kernelLog).toMatch(/version magic|disagrees about version of symbol module_layout/);
});
