/**
 * How long `tapprep plan` takes for the three packages of one kernel out of a large rpm repository, beside
 * `dnf repoquery --location` of the same three from the same server, in turn, each with an empty cache.
 *
 *   npm run build && node bench/plan.ts [PAIRS]
 *
 * Prints medians of wall time and peak resident memory and their ratios for 25,000 packages (54 MB of primary.xml), and
 * how both grow for 100,000. Needs nginx, dnf and GNU time. Both answers are compared: a wrong plan is no fast plan.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveNginx } from '../test/helpers/nginx.ts';
import { KERNEL_RELEASE, makeRpmRepository } from './make-rpm-repository.ts';

const BIN = join(import.meta.dirname, '../bin/tapprep.js');
const NAMES = ['kernel-devel', 'kernel-debuginfo', 'kernel-debuginfo-common-x86_64'];
const SIZES = [25_000, 100_000];
const MOST_TIME = 0.35;
const pairs = Number(process.argv[2] ?? 7);
const directory = mkdtempSync(join(tmpdir(), 'tapprep-bench-'));

interface Run {
  readonly seconds: number;
  readonly peakMegabytes: number;
  /** Addresses of the three packages, sorted. */
  readonly urls: readonly string[];
}

function measure(argv: readonly string[], readUrls: (stdout: string) => readonly string[]): Run {
  const report = join(directory, 'time');
  const result = spawnSync('/usr/bin/time', ['-o', report, '-f', '%e %M', ...argv], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    env: { PATH: process.env['PATH'] ?? '', HOME: directory },
  });
  if (result.status !== 0) throw new Error(`${argv.join(' ')} ended with ${result.status}: ${result.stderr}`);
  const [seconds = 0, kilobytes = 0] = readFileSync(report, 'utf8').trim().split(' ').map(Number);
  return { seconds, peakMegabytes: (kilobytes * 1024) / 1e6, urls: readUrls(result.stdout).toSorted() };
}

function runTapprep(url: string): Run {
  const cache = join(directory, 'tapprep-cache');
  rmSync(cache, { recursive: true, force: true });
  const target = ['--distro', 'centos:9', '--kernel', KERNEL_RELEASE];
  const argv = [process.execPath, BIN, 'plan', ...target, '--mirror', `rpm-md=${url}`, '--cache-dir', cache, '--json'];
  return measure(argv, (stdout) => {
    const plan = JSON.parse(stdout) as { readonly items: readonly { readonly urls: readonly string[] }[] };
    return plan.items.map(({ urls }) => urls[0] ?? '');
  });
}

function runDnf(url: string): Run {
  const cache = join(directory, 'dnf-cache');
  rmSync(cache, { recursive: true, force: true });
  const options = { reposdir: join(directory, 'none'), cachedir: cache, persistdir: join(cache, 'persist') };
  return measure(
    [
      'dnf',
      '--quiet',
      '--disableplugin=*',
      ...Object.entries(options).map(([name, value]) => `--setopt=${name}=${value}`),
      `--repofrompath=bench,${url}`,
      '--repo=bench',
      '--releasever=9',
      'repoquery',
      '--location',
      ...NAMES.map((name) => `${name}-${KERNEL_RELEASE}`),
    ],
    (stdout) => stdout.trim().split('\n'),
  );
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

function summarize(runs: readonly Run[]): { readonly seconds: number; readonly megabytes: number } {
  return { seconds: median(runs.map((run) => run.seconds)), megabytes: median(runs.map((run) => run.peakMegabytes)) };
}

function describe(name: string, { seconds, megabytes }: ReturnType<typeof summarize>): string {
  return `${name.padEnd(8)} ${seconds.toFixed(2)} s  ${megabytes.toFixed(1)} MB`;
}

if (!existsSync(join(import.meta.dirname, '../dist/cli/main.js'))) throw new Error('run "npm run build" first');
const server = await serveNginx(directory);
try {
  const ours: ReturnType<typeof summarize>[] = [];
  for (const size of SIZES) {
    const { openBytes, packedBytes } = await makeRpmRepository(join(directory, String(size)), size);
    console.log(
      `${size} packages: primary.xml ${(openBytes / 1e6).toFixed(1)} MB, packed ${(packedBytes / 1e6).toFixed(1)} MB`,
    );
    const runs: { readonly tapprep: Run; readonly dnf: Run }[] = [];
    for (let pair = 0; pair < pairs; pair += 1) {
      const url = `${server.url}${size}/`;
      const run = { tapprep: runTapprep(url), dnf: runDnf(url) };
      if (run.tapprep.urls.join() !== run.dnf.urls.join() || run.tapprep.urls.length !== NAMES.length) {
        throw new Error(`tapprep plans ${run.tapprep.urls.join(' ')}, dnf ${run.dnf.urls.join(' ')}`);
      }
      runs.push(run);
    }
    const tapprep = summarize(runs.map((run) => run.tapprep));
    const dnf = summarize(runs.map((run) => run.dnf));
    ours.push(tapprep);
    console.log(describe('tapprep', tapprep));
    console.log(describe('dnf', dnf));
    const ratio = median(runs.map((run) => run.tapprep.seconds / run.dnf.seconds));
    console.log(
      `time ${ratio.toFixed(2)} of dnf's (at most ${MOST_TIME} wanted), memory ${(tapprep.megabytes / dnf.megabytes).toFixed(2)}\n`,
    );
  }
  const [small, large] = ours;
  if (small !== undefined && large !== undefined) {
    const growth = [large.seconds / small.seconds, large.megabytes / small.megabytes].map((value) => value.toFixed(2));
    console.log(`four times the packages: ${growth[0]} times the time, ${growth[1]} times the memory`);
  }
} finally {
  await server.close();
  rmSync(directory, { recursive: true, force: true });
}
