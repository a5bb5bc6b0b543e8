/** Several modules in one kernel, in as few boots as it takes. */
import type { VmReport } from './job.ts';
import { bootInVm } from './boot.ts';
import type { BootOptions } from './boot.ts';

/**
 * Like bootInVm, and where a job brings the guest down the jobs behind it get another boot.
 * @returns results in the order of the jobs; seconds are those of all boots
 * @throws TapprepError VM_FAILED when the guest's init never ran; INTERRUPTED
 */
export async function runModulesInVm(options: BootOptions): Promise<VmReport> {
  const report = await bootInVm(options);
  const first = report.jobs.findIndex(({ outcome }) => outcome === 'not-run');
  // Without a job that was lost there is nobody to blame, and another boot would end the same way.
  if (first <= 0 || report.jobs[first - 1]?.outcome !== 'lost') return report;
  const rest = await runModulesInVm({ ...options, jobs: options.jobs.slice(first) });
  return {
    ...report,
    jobs: [...report.jobs.slice(0, first), ...rest.jobs],
    ended: rest.ended === 'done' ? report.ended : rest.ended,
    console: `${report.console}\n${rest.console}`.trim(),
    seconds: report.seconds + rest.seconds,
  };
}
