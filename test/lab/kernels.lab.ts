/** Four Debians by `tapprep rehearse`: which SystemTap fits, the ladder, and every incident script against its event. */
import { rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadCatalogue } from '../../src/scripts/catalogue.ts';
import type { PlannedSystemtap } from '../../src/pipeline/predict-systemtap.ts';
import type { RehearseReport } from '../../src/pipeline/rehearse.ts';
import { runInLab, parseReport } from '../helpers/lab-cli.ts';
import { findLabKernel } from '../helpers/lab-session.ts';
import { keepRecord, mergeWays, readOutcomes } from './kernels/record.ts';

interface Row {
  readonly system: string;
  readonly distro: string;
  /** null for the current one. */
  readonly release: string | null;
  readonly options: readonly string[];
  /** What the distribution's own SystemTap is mended by; null where it fits as it is. */
  readonly mended: string | null;
}

/** What `plan --json` has beside the plan. */
interface Planned {
  readonly systemtap: readonly PlannedSystemtap[];
}

const ROWS: readonly Row[] = [
  {
    system: 'Debian 11',
    distro: 'debian:11',
    release: '5.10.0-32-cloud-amd64',
    options: [],
    mended: 'module-mutex-lock',
  },
  { system: 'Debian 12', distro: 'debian:12', release: null, options: [], mended: 'task-work-cancel-func' },
  // The index of sid, where the newest SystemTap comes from, is often past its own Valid-Until.
  {
    system: 'Debian 13',
    distro: 'debian:13',
    release: null,
    options: ['--allow-expired-release'],
    mended: 'uprobe-unregister-6.12 and tracepoint-args',
  },
  { system: 'Debian sid', distro: 'debian:sid', release: null, options: ['--allow-expired-release'], mended: null },
];
const STAP_CACHE = 'var/cache/tapprep/stap';

const scripts = (await loadCatalogue(join(import.meta.dirname, '../..'))).map(({ name }) => name);

test.each(ROWS)('$system: $distro $release', async ({ system, distro, release: wanted, options, mended }) => {
  const release = wanted ?? (await findLabKernel(distro));
  const target = ['--distro', distro, '--kernel', release, ...options];
  const { systemtap: planned } = parseReport(await runInLab(['plan', ...target])) as Planned;

  const reports: RehearseReport[] = [];
  const ownName = mended === null ? ' of the distribution' : ` of the distribution mended by ${mended}`;
  const own = planned.find(({ name }) => name.endsWith(ownName));
  // What this machine has seen before may have put another one first.
  const isTriedAnyhow = planned[0] === own && own?.['kernel.function'].verdict !== 'unfit';
  if (!isTriedAnyhow) {
    const level = own?.hello.verdict === 'unfit' ? 'hello' : 'probe';
    const ofOwn = await runInLab(['rehearse', ...target, '--systemtap', 'distro', '--level', level]);
    reports.push(parseReport(ofOwn) as RehearseReport);
  }

  // Cold but for the root itself; then once more with what stap keeps of this kernel.
  const root = join(homedir(), '.cache/tapprep/roots', `${distro.replace(':', '-')}-${release}`);
  rmSync(join(root, STAP_CACHE), { recursive: true, force: true });
  const command = ['rehearse', ...scripts, ...target, '--level', 'scripts'];
  const result = await runInLab(command);
  const report = parseReport(result) as RehearseReport;
  reports.push(report);
  const outcomes = readOutcomes(report.verify);
  const warm = parseReport(await runInLab(command)) as RehearseReport;
  const ways = mergeWays(
    planned,
    reports.flatMap(({ systemtap }) => systemtap),
  );
  keepRecord({
    system,
    release,
    arch: 'x86_64',
    date: new Date().toISOString().slice(0, 10),
    ways,
    ...outcomes,
    seconds: { 'ladder and all scripts, cold': secondsOf(report), warm: secondsOf(warm) },
  });

  expect(ways.find(({ name }) => name.endsWith(ownName))?.seen).toBe('proven');
  expect(outcomes.ladder).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: 'hello', status: 'pass' }),
      expect.objectContaining({ name: 'kernel.function', status: 'pass' }),
    ]),
  );
  expect(outcomes.scripts.filter(({ status }) => status !== 'pass')).toEqual([]);
  expect(outcomes.scripts.length).toBeGreaterThanOrEqual(10);
  for (const { root: place, verify } of [report, warm]) {
    expect(place).toBe(root);
    expect(verify).toMatchObject({ ready: true, ranIn: 'vm' });
  }
  expect(result.code).toBe(0);
});

/** How long building and loading took, of the SystemTap that was tried last. */
function secondsOf({ stages }: RehearseReport): number {
  return stages.findLast(({ stage }) => stage === 'verify')?.seconds ?? 0;
}
