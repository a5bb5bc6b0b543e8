/** One line on the result of a stage. */
import { foldersOf, packagesOf } from '../resolve/provisions.ts';
import type { Plan, VerifyReport } from '../types.ts';

export function describePlan(plan: Plan): string {
  const folders = foldersOf(plan.items).map(({ version }) => ` and SystemTap ${version} in a folder`);
  return `${packagesOf(plan.items).length} packages${folders.join('')} for ${plan.target.release}`;
}

export function describeVerify(report: VerifyReport): string {
  if (report.ready) return `proven in ${report.ranIn === 'vm' ? "the target's kernel in QEMU" : 'the running kernel'}`;
  const failed = report.steps.find(({ status }) => status === 'fail');
  return failed === undefined ? 'not proven' : `not proven: ${failed.step} failed`;
}
