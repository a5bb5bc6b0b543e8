/** Four Debians by `tapprep rehearse`: which SystemTap fits, the ladder, and every incident script against its event. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loadCatalogue } from '../../src/scripts/catalogue.ts';
import type { PlannedSystemtap } from '../../src/pipeline/predict-systemtap.ts';
import type { RehearseReport } from '../../src/pipeline/rehearse.ts';
import { Cli, type CliResult } from '../helpers/cli.ts';
import { findLabKernel } from '../helpers/lab-kernel.ts';
import { keepRecord, readOutcomes, withoutPaths, type Way } from './kernels/record.ts';

interface Row {
  readonly system: string;
  readonly distro: string;
  /** null for the current one. */
  readonly release: string | null;
  readonly options: readonly string[];
  /** What becomes of the distribution's own SystemTap. */
  readonly own: RegExp;
}

/** What `plan --json` has beside the plan. */
interface Planned {
  readonly systemtap: readonly PlannedSystemtap[];
}

const ROWS: readonly Row[] = [
  { system: 'Debian 11', distro: 'debian:11', release: '5.10.0-32-cloud-amd64', options: [], own: /module_mutex/ },
  { system: 'Debian 12', distro: 'debian:12', release: null, options: [], own: /task_work_cancel|stp_task_work/ },
  // The index of sid, where the newest SystemTap comes from, is often past its own Valid-Until.
  {
    system: 'Debian 13',
    distro: 'debian:13',
    release: null,
    options: ['--allow-expired-release'],
    own: /Can't resolve uprobe_unregister!/,
  },
  { system: 'Debian sid', distro: 'debian:sid', release: null, options: ['--allow-expired-release'], own: /^proven$/ },
];
const STAP_CACHE = 'var/cache/tapprep/stap/cache';

const cli = new Cli();
afterAll(() => cli.close());
const scripts = (await loadCatalogue(join(import.meta.dirname, '../..'))).map(({ name }) => name);

/** With this machine's network, and the cache that everybody's rehearsals share. */
function tapprep(args: readonly string[]): Promise<CliResult> {
  return cli.run([...args, '--yes', '--json'], { HOME: homedir(), http_proxy: '', https_proxy: '' });
}

function parse({ stdout, stderr }: CliResult): unknown {
  if (stdout === '') throw new Error(`tapprep printed no report:\n${stderr.slice(-4000)}`);
  return JSON.parse(stdout) as unknown;
}

/** What was expected of every way, and what became of those that were tried; later reports weigh more. */
function mergeWays(planned: readonly PlannedSystemtap[], reports: readonly RehearseReport[]): readonly Way[] {
  const ways = new Map<string, Way>();
  for (const way of planned)
    ways.set(way.name, { name: way.name, hello: way.hello, 'kernel.function': way['kernel.function'], seen: null });
  for (const { name, predicted, ready, reason } of reports.flatMap(({ systemtap }) => systemtap)) {
    const expected = ways.get(name) ?? predicted;
    const seen = ready ? 'proven' : withoutPaths(reason ?? 'no reason was given');
    if (expected !== null) ways.set(name, { ...expected, name, seen });
  }
  return [...ways.values()].toSorted((a, b) => Number(a.seen === null) - Number(b.seen === null));
}

test.each(ROWS)('$system: $distro $release', async ({ system, distro, release: wanted, options, own: expected }) => {
  const release = wanted ?? (await findLabKernel(distro));
  const target = ['--distro', distro, '--kernel', release, ...options];
  const { systemtap: planned } = parse(await tapprep(['plan', ...target])) as Planned;

  const reports: RehearseReport[] = [];
  const own = planned.find(({ kind }) => kind === 'distro');
  if (own?.['kernel.function'].verdict !== 'fits') {
    const level = own?.hello.verdict === 'fits' ? 'probe' : 'hello';
    const ofOwn = await tapprep(['rehearse', ...target, '--systemtap', 'distro', '--level', level]);
    reports.push(parse(ofOwn) as RehearseReport);
  }

  const isWarm = reports[0] !== undefined && existsSync(join(reports[0].root, STAP_CACHE));
  const result = await tapprep(['rehearse', ...scripts, ...target, '--level', 'scripts']);
  const report = parse(result) as RehearseReport;
  reports.push(report);
  const outcomes = readOutcomes(report.verify);
  const seconds = report.stages.find(({ stage }) => stage === 'verify')?.seconds ?? 0;
  const ways = mergeWays(planned, reports);
  keepRecord({
    system,
    release,
    arch: 'x86_64',
    date: new Date().toISOString().slice(0, 10),
    ways,
    ...outcomes,
    seconds: { [`ladder and all scripts, ${isWarm ? 'warm' : 'cold'}`]: seconds },
  });

  expect(ways.find(({ name }) => name.endsWith(' of the distribution'))?.seen).toMatch(expected);
  expect(outcomes.ladder).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: 'hello', status: 'pass' }),
      expect.objectContaining({ name: 'kernel.function', status: 'pass' }),
    ]),
  );
  expect(outcomes.scripts.filter(({ status }) => status !== 'pass')).toEqual([]);
  expect(outcomes.scripts.length).toBeGreaterThanOrEqual(10);
  expect(report.verify).toMatchObject({ ready: true, ranIn: 'vm' });
  expect(result.code).toBe(0);
});
