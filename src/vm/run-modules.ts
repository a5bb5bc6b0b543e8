/** Several modules in one kernel, in as few boots as it takes; in several guests side by side where there is room. */
import { availableParallelism, freemem } from 'node:os';
import { TapprepError } from '../errors.ts';
import type { VmJob, VmReport } from './job.ts';
import { bootInVm, GUEST_MEMORY_MB } from './boot.ts';
import type { BootOptions } from './boot.ts';

/** A boot takes as long as one or two of them. */
const JOBS_WORTH_A_BOOT = 4;

/**
 * How many guests are worth their boots for so many jobs: no more than there are processors, as each keeps one busy, and as
 * half of the free memory holds.
 */
export function countGuests(
  jobs: number,
  memoryMb = GUEST_MEMORY_MB,
  { processors, freeBytes } = { processors: availableParallelism(), freeBytes: freemem() },
): number {
  const room = Math.floor(freeBytes / 2 / (memoryMb * 2 ** 20));
  return Math.max(1, Math.min(processors, room, Math.floor(jobs / JOBS_WORTH_A_BOOT)));
}

/**
 * Like bootInVm, and where a job brings the guest down the jobs behind it get another boot.
 * @param guests how many run side by side, each with its share of the jobs
 * @returns results in the order of the jobs; seconds are those of the guest that took longest, with all of its boots
 * @throws TapprepError VM_FAILED when the init of a guest never ran; INTERRUPTED
 */
export async function runModulesInVm(options: BootOptions, guests = 1): Promise<VmReport> {
  const shares: VmJob[][] = Array.from({ length: guests }, () => []);
  for (const [index, job] of options.jobs.entries()) shares[index % guests]?.push(job);
  // One that fails does not leave the others behind.
  const settled = await Promise.allSettled(shares.map((jobs) => bootUntilRun({ ...options, jobs })));
  return joinReports(
    settled.map((each) => {
      if (each.status === 'rejected') throw each.reason;
      return each.value;
    }),
  );
}

/** As of one guest. Result N of guest G of M is that of job N * M + G. */
function joinReports(reports: readonly VmReport[]): VmReport {
  const [first] = reports;
  if (first === undefined) throw new TapprepError('INTERNAL', 'no guest was asked for');
  const most = Math.max(...reports.map(({ jobs }) => jobs.length));
  return {
    ...first,
    jobs: Array.from({ length: most }, (_, at) => reports.flatMap(({ jobs }) => jobs[at] ?? [])).flat(),
    ended: reports.find(({ ended }) => ended !== 'done')?.ended ?? 'done',
    console: joinConsoles(reports),
    seconds: Math.max(...reports.map(({ seconds }) => seconds)),
    bootSeconds: Math.max(...reports.map(({ bootSeconds }) => bootSeconds)),
  };
}

function joinConsoles(reports: readonly VmReport[]): string {
  return reports
    .map(({ console }) => console)
    .join('\n')
    .trim();
}

async function bootUntilRun(options: BootOptions): Promise<VmReport> {
  const report = await bootInVm(options);
  const first = report.jobs.findIndex(({ outcome }) => outcome === 'not-run');
  const before = report.jobs[first - 1]?.outcome;
  // Without a job that took the guest down another boot would end the same way.
  if (before !== 'lost' && before !== 'silent') return report;
  const rest = await bootUntilRun({ ...options, jobs: options.jobs.slice(first) });
  return {
    ...report,
    jobs: [...report.jobs.slice(0, first), ...rest.jobs],
    ended: rest.ended === 'done' ? report.ended : rest.ended,
    console: joinConsoles([report, rest]),
    seconds: report.seconds + rest.seconds,
  };
}
