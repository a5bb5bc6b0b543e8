/** Kernels of other architectures, proven from this machine: by a cross compiler, and in QEMU's machine of the kernel's. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openBundle } from '../../src/bundle/read.ts';
import { rootOf } from '../../src/bundle/manifest.ts';
import { provideGuestBusybox } from '../../src/pipeline/guest-busybox.ts';
import type { RehearseReport } from '../../src/pipeline/rehearse.ts';
import { LAB_ROOT_OPTIONS, openLabSession } from '../helpers/lab-session.ts';
import { loadCatalogue } from '../../src/scripts/catalogue.ts';
import { carryInto, statusOfRun } from '../helpers/carried-bundle.ts';
import { parseReport, runInLab } from '../helpers/lab-cli.ts';
import { LAB } from '../helpers/lab-root.ts';
import { runLocally } from '../helpers/run.ts';
import { declareDistribution, declareFacts } from '../../src/detect/declared-facts.ts';
import { identifyTarget } from '../../src/detect/target.ts';
import { findCurrentKernel } from '../../src/pipeline/current-kernel.ts';
import { withRehearsal } from '../../src/pipeline/rehearse.ts';

mkdirSync(LAB, { recursive: true });
const work = mkdtempSync(join(LAB, 'architectures-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const scripts = (await loadCatalogue(join(import.meta.dirname, '../..'))).map(({ name }) => name);

/** The steps that did not pass. */
const others = ({ verify }: RehearseReport): readonly string[] =>
  verify.steps.filter(({ status }) => status !== 'pass').map(({ step }) => step);

test.each([
  // There no return probe by debug information is taken, and the report says so.
  ['debian:12', ['kernel.function']],
  ['debian:13', []],
  ['debian:sid', []],
] as const)('%s of aarch64: the ladder and every incident script by its event', async (distro, failing) => {
  const target = ['--distro', distro, '--arch', 'aarch64', '--allow-expired-release'];
  const result = await runInLab(['rehearse', ...target, '--level', 'scripts']);
  const report = parseReport(result) as RehearseReport;
  expect(report.verify.ranIn).toBe('vm');
  expect(others(report)).toEqual(failing);
  const passed = report.verify.steps.filter(({ status }) => status === 'pass').map(({ step }) => step);
  expect(passed).toEqual(
    expect.arrayContaining(['hello', 'kprobe.function', ...scripts.map((name) => `script ${name}`)]),
  );
  const failed = report.verify.steps.filter(({ status, id }) => status !== 'pass' && id === 'kernel.function');
  const said = expect.stringContaining('kprobe.function("vfs_read").return may do instead') as string;
  expect(failed).toMatchObject(failing.map(() => ({ blame: 'target', reason: said })));
});

test.each([
  ['ppc64le', ['hello', 'timer', 'kprobe.function']],
  // Above it some rung, another one each time, finds a guest that is down or silent (QEMU 7.2).
  ['s390x', ['hello']],
] as const)('debian:12 of %s: Hello, World, and more', async (arch, wanted) => {
  const target = ['--distro', 'debian:12', '--arch', arch];
  const report = parseReport(await runInLab(['rehearse', ...target, '--level', 'probe'])) as RehearseReport;
  const passed = report.verify.steps.filter(({ status }) => status === 'pass').map(({ step }) => step);
  expect(passed).toEqual(expect.arrayContaining([...wanted]));
});

test('a compiled bundle for aarch64 prints its events there with busybox alone, and refuses this machine', async () => {
  const out = join(work, 'arm64.tar');
  const names = ['icmp', 'process-exec-exit', 'tcp-connect', 'tcp-accept'];
  const target = ['--distro', 'debian:13', '--arch', 'aarch64'];
  const session = await openLabSession();
  const options = { allowExpiredRelease: true };
  const facts = declareDistribution('debian:13', 'aarch64');
  const release = await findCurrentKernel(session, { host: null, facts }, options);
  const made = await runInLab([
    'bundle',
    ...target,
    '--kernel',
    release,
    '--compiled',
    ...names,
    '--yes',
    '--out',
    out,
  ]);
  expect(`${made.code} ${made.stderr}`).toMatch(/^0 /);
  mkdirSync(join(work, 'unpacked'));
  const bundle = await openBundle(out, join(work, 'unpacked'), new AbortController().signal);

  const declared = declareFacts({ distro: 'debian:13', release, arch: 'aarch64', unameV: null });
  const open = { host: null, facts: declared, target: identifyTarget(declared, { arch: 'aarch64', unameV: null }) };
  const kernelImage = await withRehearsal(session, open, LAB_ROOT_OPTIONS, (rehearsal) =>
    Promise.resolve(rehearsal.kernelImage),
  );
  const busybox = await provideGuestBusybox(session, open.target, true);
  const report = await carryInto({ kernelImage, bundle, arch: 'aarch64', busybox: busybox ?? '', work }, [
    'hello',
    ...names,
  ]);
  for (const job of report.jobs)
    expect(job).toMatchObject({ outcome: 'ended', exitStatus: statusOfRun(job.name), missed: [], removed: true });

  execFileSync('tar', ['-xf', out, '-C', work]);
  const here = await runLocally(['sh', join(work, rootOf(bundle.manifest), 'run.sh'), 'hello']);
  expect(here.exitCode).toBe(1);
  expect(here.stderr).toContain('it was made for aarch64, and this machine is x86_64');
});
