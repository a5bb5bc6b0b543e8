/** One line on the result of a stage. */
import { countOf } from '../count.ts';
import { foldersOf, looseFilesOf, packagesOf } from '../resolve/provisions.ts';
import type { Plan, VerifyReport } from '../types.ts';

export function describePlan(plan: Plan): string {
  const folders = foldersOf(plan.items).map(({ version }) => ` and SystemTap ${version} in a folder`);
  const files = looseFilesOf(plan.items).map(({ name }) => ` and ${name} of a debuginfod`);
  const all = packagesOf(plan.items);
  // They are unpacked for a proof and installed nowhere.
  const images = all.filter(({ kind }) => kind === 'image').length;
  const kernel = images === 0 ? '' : `, ${images} more with the kernel itself`;
  return `${countOf(all.length - images, 'package')}${kernel}${files.join('')}${folders.join('')} for ${plan.target.release}`;
}

/** What a plan does to a target, for the question whether it may: "install 6 packages and put SystemTap 5.1-5 in a folder". */
export function describeChange({ items }: Pick<Plan, 'items'>): string {
  const packages = packagesOf(items).filter(({ install }) => install).length;
  const things = [
    ...looseFilesOf(items).map(({ name }) => `${name} of a debuginfod`),
    ...packagesOf(items).flatMap(({ files = [] }) => files),
    ...foldersOf(items).map(({ version }) => `SystemTap ${version} in a folder`),
  ];
  const parts = [
    ...(packages === 0 ? [] : [`install ${countOf(packages, 'package')}`]),
    ...(things.length === 0 ? [] : [`put ${things.join(' and ')}`]),
  ];
  return parts.join(', and ');
}

export function describeVerify(report: VerifyReport): string {
  if (report.ready) return `proven in ${report.ranIn === 'vm' ? "the target's kernel in QEMU" : 'the running kernel'}`;
  const failed = report.steps.find(({ status }) => status === 'fail');
  return failed === undefined ? 'not proven' : `not proven: ${failed.step} failed`;
}
