/** A compiled bundle carried into booted kernels that have nothing but busybox: its scripts print there, other kernels refuse it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OpenBundle, openBundle } from '../../src/bundle/read.ts';
import { carryInto, statusOfRun } from '../helpers/carried-bundle.ts';
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

test('it has at most 20 MB', () => {
  expect(statSync(compressed).size).toBeLessThanOrEqual(20e6);
  expect(bundle.manifest.modules.map(({ name }) => name)).toEqual([...SCRIPTS, 'hello'].toSorted());
});

test('in its own kernel with busybox alone, hello world and every script print their events, and leave nothing', async () => {
  const { kernelImage } = prepareLabRoot('bullseye', RELEASE);
  const report = await carryInto({ kernelImage, bundle, arch: 'x86_64', work }, ['hello', ...SCRIPTS]);
  expect(report.release).toBe(RELEASE);
  for (const { name, outcome, exitStatus, missed, removed, stderr } of report.jobs) {
    expect({ name, outcome, exitStatus, missed, removed, stderr }).toMatchObject({
      outcome: 'ended',
      exitStatus: statusOfRun(name),
      missed: [],
      removed: true,
    });
  }
}, 600_000);

test.each(['bookworm', 'trixie'])(
  'in the kernel of %s it refuses with both sides and loads nothing',
  async (suite) => {
    const other = prepareLabRoot(suite, null);
    const report = await carryInto({ kernelImage: other.kernelImage, bundle, arch: 'x86_64', work }, ['hello', 'icmp']);
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
