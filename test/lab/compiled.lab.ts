/** A compiled bundle carried into booted kernels that have nothing but busybox: its scripts print there, other kernels refuse it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listFiles, MANIFEST_NAME, rootOf, SUMS_NAME } from '../../src/bundle/manifest.ts';
import { type OpenBundle, openBundle } from '../../src/bundle/read.ts';
import { createLocalHost } from '../../src/host/local.ts';
import { findEntry, loadCatalogue } from '../../src/scripts/catalogue.ts';
import { toVerifyScript } from '../../src/scripts/verify-script.ts';
import { bootInVm } from '../../src/vm/boot.ts';
import { findVmTools } from '../../src/vm/host-tools.ts';
import type { VmJob, VmReport } from '../../src/vm/job.ts';
import { LAB, prepareLabRoot } from '../helpers/lab-root.ts';
import { runLocally } from '../helpers/run.ts';

const RELEASE = '5.10.0-32-cloud-amd64';
/** Events that a guest without any kernel module or compiler can make. */
const SCRIPTS = ['icmp', 'process-exec-exit', 'tcp-connect', 'tcp-accept'] as const;
const repository = join(import.meta.dirname, '../..');
const { signal } = new AbortController();
mkdirSync(LAB, { recursive: true });
const work = mkdtempSync(join(LAB, 'compiled-'));
const compressed = join(work, 'compiled.tar.gz');
let bundle: OpenBundle;

beforeAll(async () => {
  const made = await runLocally([
    process.execPath,
    join(repository, 'bin/tapprep.js'),
    'bundle',
    '--compiled',
    ...SCRIPTS,
    ...words(`--distro debian:11 --kernel ${RELEASE} --systemtap 5.1 --yes`),
    '--cache-dir',
    join(LAB, 'bundle-cache'),
    '--out',
    compressed,
  ]);
  if (made.exitCode !== 0) throw new Error(made.stderr);
  mkdirSync(join(work, 'unpacked'));
  execFileSync('gzip', ['--decompress', '--keep', compressed]);
  const tar = join(work, 'compiled.tar');
  bundle = await openBundle(tar, join(work, 'unpacked'), signal);
}, 1_800_000);

afterAll(() => rmSync(work, { recursive: true, force: true }));

function words(text: string): readonly string[] {
  return text.split(' ');
}

/** Boots a kernel with busybox and the unpacked bundle; each job is `sh run.sh NAME`, with the event of its proof. */
async function carryInto(kernelImage: string, names: readonly string[]): Promise<VmReport> {
  const catalogue = await loadCatalogue(repository);
  const { manifest, pathOf } = bundle;
  const modes = new Map(listFiles(manifest).map(({ path, mode }) => [path, mode]));
  const root = `/carried/${rootOf(manifest)}`;
  const jobs = names.map((name): VmJob => {
    const module = manifest.modules.find((one) => one.name === name);
    const script = name === 'hello' ? null : toVerifyScript(findEntry(catalogue, name));
    return {
      name,
      modulePath: pathOf(module?.path ?? ''),
      expect: script?.expect ?? ['Hello, World'],
      timeoutMs: 120_000,
      ...(script === null ? {} : { moduleArgs: ['json=0'], stopWhenSeen: true }),
      ...(script?.trigger === undefined ? {} : { trigger: script.trigger, readyText: script.readyText ?? '' }),
    };
  });
  return await bootInVm({
    kernelImage,
    tools: await findVmTools(createLocalHost(), { arch: 'x86_64' }),
    staprun: { files: [], starters: [], argv: ['/bin/sh', `${root}/run.sh`], env: {} },
    files: [...modes.keys(), MANIFEST_NAME, SUMS_NAME].map((path) => ({
      source: pathOf(path),
      path: `${root}/${path}`,
      mode: modes.get(path) ?? 0o644,
    })),
    jobs,
    temporaryDirectory: work,
    signal,
    emit: () => undefined,
  });
}

test('it has at most 20 MB', () => {
  expect(statSync(compressed).size).toBeLessThanOrEqual(20e6);
  expect(bundle.manifest.modules.map(({ name }) => name)).toEqual([...SCRIPTS, 'hello'].toSorted());
});

test('in its own kernel with busybox alone, hello world and every script print their events, and leave nothing', async () => {
  const { kernelImage } = prepareLabRoot('bullseye', RELEASE);
  const report = await carryInto(kernelImage, ['hello', ...SCRIPTS]);
  expect(report.release).toBe(RELEASE);
  for (const { name, outcome, exitStatus, missed, removed, stderr } of report.jobs) {
    expect({ name, outcome, exitStatus, missed, removed, stderr }).toMatchObject({
      outcome: 'ended',
      exitStatus: 0,
      missed: [],
      removed: true,
    });
  }
}, 600_000);

test.each(['bookworm', 'trixie'])(
  'in the kernel of %s it refuses with both sides and loads nothing',
  async (suite) => {
    const other = prepareLabRoot(suite, null);
    const report = await carryInto(other.kernelImage, ['hello', 'icmp']);
    expect(report.release).toBe(other.release);
    for (const job of report.jobs) {
      expect(job).toMatchObject({ outcome: 'ended', exitStatus: 1, stdout: '', removed: true });
      expect(job.stderr).toContain(
        `this bundle is for another target: it was made for kernel ${RELEASE}, and ${other.release} runs here`,
      );
      // The kernel was not even asked: it would say so.
      expect(job.kernelLog).not.toMatch(/version magic|module_layout|loading out-of-tree module/);
    }
  },
  600_000,
);
