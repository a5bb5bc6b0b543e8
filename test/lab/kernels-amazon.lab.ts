/** The RPM kernel: the ladder and every incident script, and a portable SystemTap that was copied there by hand. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLocalHost } from '../../src/host/local.ts';
import { createRootHost } from '../../src/host/root.ts';
import type { InstallOutcome } from '../../src/pipeline/install.ts';
import type { PlannedSystemtap } from '../../src/pipeline/predict-systemtap.ts';
import { loadCatalogue } from '../../src/scripts/catalogue.ts';
import { collectGuestStaprun } from '../../src/systemtap/portable/guest.ts';
import { parseManifest } from '../../src/systemtap/portable/manifest.ts';
import type { VerifyReport } from '../../src/types.ts';
import { findVmTools } from '../../src/vm/host-tools.ts';
import { runModulesInVm } from '../../src/vm/run-modules.ts';
import { parseReport, runInLab } from '../helpers/lab-cli.ts';
import { serveNginx, type Nginx } from '../helpers/nginx.ts';
import { makeRpmRoot, prepareRpmLab, RPM_LAB } from '../helpers/rpm-root.ts';
import { keepRecord, mergeWays, readOutcomes } from './kernels/record.ts';

const scripts = (await loadCatalogue(join(import.meta.dirname, '../..'))).map(({ name }) => name);
let nginx: Nginx;
let release: string;
let root: string;
let target: readonly string[];
/** vmlinuz; the package that has it is not installed, as nothing boots from the root. */
let kernelImage: string;

beforeAll(async () => {
  const lab = prepareRpmLab();
  nginx = await serveNginx(lab.repository);
  release = lab.release;
  const work = mkdtempSync(join(RPM_LAB, 'work-'));
  root = join(work, 'root');
  makeRpmRoot(root, nginx.url);
  const unpack = 'rpm2cpio "$1" | cpio -idm --quiet -D "$2"';
  execFileSync('sh', ['-c', unpack, 'sh', join(lab.repository, `kernel-${release}.rpm`), work]);
  kernelImage = join(work, `lib/modules/${release}/vmlinuz`);
  target = ['--root', root, '--kernel', release];
}, 1_800_000);

afterAll(async () => {
  await nginx.close();
  rmSync(join(root, '..'), { recursive: true, force: true });
});

test('the ladder and all scripts, on what tapprep installed', async () => {
  const { systemtap: planned } = parseReport(await runInLab(['plan', ...target])) as {
    readonly systemtap: readonly PlannedSystemtap[];
  };
  const installed = parseReport(await runInLab(['install', ...target])) as InstallOutcome;
  const options = ['--boot-image', kernelImage, '--level', 'scripts', '--systemtap', 'auto'];
  const result = await runInLab(['verify', ...scripts, ...target, ...options]);
  const report = parseReport(result) as VerifyReport;
  const outcomes = readOutcomes(report);
  keepRecord({
    system: 'RPM lab',
    release,
    arch: 'x86_64',
    date: new Date().toISOString().slice(0, 10),
    ways: mergeWays(planned, installed.systemtap),
    ...outcomes,
    seconds: {},
  });
  expect(outcomes.ladder).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: 'hello', status: 'pass' }),
      expect.objectContaining({ name: 'kernel.function', status: 'pass' }),
    ]),
  );
  expect(outcomes.scripts.filter(({ status }) => status !== 'pass')).toEqual([]);
  expect(outcomes.scripts.length).toBeGreaterThanOrEqual(10);
  expect(result.code).toBe(0);
});

test('a portable SystemTap, copied by hand to a path with blanks, builds a module and loads it', async () => {
  const placed = parseReport(await runInLab(['install', ...target, '--systemtap', '5.1'])) as InstallOutcome;
  expect(placed.systemtap.at(-1)).toMatchObject({ ready: true });
  const copy = '/srv/by hand/stap';
  cpSync(join(root, 'opt/tapprep/systemtap-5.1'), join(root, copy), { recursive: true });
  rmSync(join(root, 'opt/tapprep'), { recursive: true });

  const host = createRootHost(root);
  const script = 'probe begin { println("Hello from a copy") exit() }';
  const argv = [`${copy}/bin/stap`, '-r', release, '-p4', '-m', 'by_hand', '-e', script];
  const built = await host.run(argv, { cwd: '/var/tmp', proc: true, env: { SYSTEMTAP_DIR: '/var/tmp/by-hand' } });
  expect(built.stderr).not.toMatch(/error/i);
  expect(built.exitCode).toBe(0);

  const directory = join(root, copy);
  const manifest = parseManifest(readFileSync(join(directory, 'manifest.json'), 'utf8'), directory);
  const report = await runModulesInVm({
    kernelImage,
    tools: await findVmTools(createLocalHost(), { arch: 'x86_64' }),
    staprun: await collectGuestStaprun({ directory, manifest }, copy),
    jobs: [{ name: 'by-hand', modulePath: join(root, 'var/tmp/by_hand.ko'), timeoutMs: 60_000 }],
    temporaryDirectory: join(root, '..'),
    signal: new AbortController().signal,
    emit: () => undefined,
  });
  expect(report.release).toBe(release);
  expect(report.jobs).toMatchObject([
    { outcome: 'ended', exitStatus: 0, removed: true, stdout: 'Hello from a copy\n' },
  ]);
});
