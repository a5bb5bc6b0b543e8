/**
 * How fast a bundle of 1 GiB is written beside `tar -c` of the same files, and read and verified beside `tar -x` with
 * `sha256sum -c`, in turn and in the same run.
 *
 *   node bench/bundle.ts [PAIRS]
 *
 * Prints the medians and their ratios in speed (0.8 or more is wanted). Writing ends for both when the disk has it, and
 * the same once more without waiting for the disk. Files come from the page cache for both; needs 5 GiB of space.
 */
import { execFileSync } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareData } from '../src/bundle/files.ts';
import { type BundledPackage, type BundleManifest, rootOf } from '../src/bundle/manifest.ts';
import { openBundle } from '../src/bundle/read.ts';
import { type BundleSource, writeBundle } from '../src/bundle/write.ts';
import { finishBundle } from '../src/pipeline/bundle.ts';
import type { Sha256 } from '../src/types.ts';
import { describeSample, sampleHead } from '../test/helpers/sample-bundle.ts';

const LEAST = 0.8;
const MIB = 1 << 20;
/** One kernel's debug information, a few large packages, many small ones: 1 GiB. */
const SIZES_MIB: readonly number[] = [760, 64, 48, 32, 24, ...Array.from({ length: 48 }, () => 2)];
const pairs = Number(process.argv[2] ?? 5);
const work = mkdtempSync(join(process.env['TMPDIR'] ?? tmpdir(), 'tapprep-bench-bundle-'));
const { signal } = new AbortController();

function makePackage(index: number, mebibytes: number): BundledPackage {
  const name = `package-${index}`;
  const path = `packages/${name}_1.0-1_amd64.deb`;
  const hash = createHash('sha256');
  const file = openSync(join(work, path), 'w');
  const block = Buffer.alloc(MIB);
  for (let count = 0; count < mebibytes; count += 1) {
    randomFillSync(block);
    hash.update(block);
    writeSync(file, block);
  }
  closeSync(file);
  return { ...describeSample(name, hash.digest('hex') as Sha256, mebibytes * MIB), installedBytes: null };
}

interface Contents {
  readonly manifest: BundleManifest;
  readonly sources: ReadonlyMap<string, BundleSource>;
}

function makeContents(): Contents {
  mkdirSync(join(work, 'packages'));
  const packages = SIZES_MIB.map((size, index) => makePackage(index, size));
  return finishBundle(
    sampleHead(packages),
    [prepareData('install.sh', 'exit 0\n', 0o755)],
    new Map(packages.map(({ path }) => [path, { file: join(work, path) }])),
  );
}

async function time(body: () => Promise<unknown> | void): Promise<number> {
  // What an earlier run left to be written is not this one's.
  execFileSync('sync');
  const started = performance.now();
  await body();
  return (performance.now() - started) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function report(what: string, peer: string, runs: readonly (readonly [number, number])[]): void {
  const ours = median(runs.map(([seconds]) => seconds));
  const theirs = median(runs.map(([, seconds]) => seconds));
  const ratio = median(runs.map(([mine, other]) => other / mine));
  console.log(
    `${what}: ${ours.toFixed(2)} s, ${peer} ${theirs.toFixed(2)} s: ${ratio.toFixed(2)} of its speed (at least ${LEAST} wanted)`,
  );
  if (ratio < LEAST) process.exitCode = 1;
}

const out = join(work, 'bundle.tar');
const peer = join(work, 'peer.tar');

function writeAs({ manifest, sources }: Contents, durable: boolean): Promise<unknown> {
  rmSync(out, { force: true });
  return writeBundle({ out, manifest, sources, sign: null, durable, signal });
}

function tarAs(durable: boolean): void {
  rmSync(peer, { force: true });
  execFileSync('tar', ['-C', work, '-cf', peer, 'packages']);
  if (durable) execFileSync('sync', [peer]);
}

async function readOurs(): Promise<void> {
  const directory = join(work, 'ours');
  mkdirSync(directory);
  await openBundle(out, directory, signal);
}

function readPeer(root: string): void {
  const directory = join(work, 'theirs');
  mkdirSync(directory);
  execFileSync('tar', ['-C', directory, '-xf', out]);
  execFileSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: join(directory, root) });
}

try {
  const contents = makeContents();
  const written: (readonly [number, number])[] = [];
  const cached: (readonly [number, number])[] = [];
  const read: (readonly [number, number])[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    cached.push([await time(() => writeAs(contents, false)), await time(() => tarAs(false))]);
    written.push([await time(() => writeAs(contents, true)), await time(() => tarAs(true))]);
    read.push([await time(readOurs), await time(() => readPeer(rootOf(contents.manifest)))]);
    for (const name of ['ours', 'theirs']) rmSync(join(work, name), { recursive: true });
  }
  report('write 1 GiB to the disk', 'tar -c and sync', written);
  report('write 1 GiB to the page cache', 'tar -c', cached);
  report('read and verify 1 GiB', 'tar -x and sha256sum -c', read);
} finally {
  rmSync(work, { recursive: true, force: true });
}
