/** One line on the result of a stage. */
import { foldersOf, looseFilesOf, packagesOf } from '../resolve/provisions.ts';
import type { Plan, VerifyReport } from '../types.ts';

export function describePlan(plan: Plan): string {
  const folders = foldersOf(plan.items).map(({ version }) => ` and SystemTap ${version} in a folder`);
  const files = looseFilesOf(plan.items).map(({ name }) => ` and ${name} of a debuginfod`);
  return `${packagesOf(plan.items).length} packages${files.join('')}${folders.join('')} for ${plan.target.release}`;
}

export function describeVerify(report: VerifyReport): string {
  if (report.ready) return `proven in ${report.ranIn === 'vm' ? "the target's kernel in QEMU" : 'the running kernel'}`;
  const failed = report.steps.find(({ status }) => status === 'fail');
  return failed === undefined ? 'not proven' : `not proven: ${failed.step} failed`;
}
