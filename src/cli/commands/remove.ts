/** `tapprep remove`: takes away exactly what tapprep installed. */
import { EXIT, TapprepError } from '../../errors.ts';
import { tapprepAsRoot } from '../../make-remedy.ts';
import { planRemoval, removeInstalled } from '../../install/remove.ts';
import { hasRootRights, openTarget, requireHost } from '../../pipeline/open-target.ts';
import type { Context, TargetOptions } from '../context.ts';
import { isRootUser } from '../open-session.ts';

/** What was changed by somebody else since is named and left alone. */
export async function runRemove(context: Context, options: { readonly target: TargetOptions }): Promise<number> {
  const { common, stdout, stderr } = context;
  const open = await openTarget(context, options.target, common.dryRun ? 'look' : 'root');
  const host = requireHost(open, 'remove');
  const plan = await planRemoval(host);
  const isEmpty = plan.packages.length === 0 && plan.files.length === 0;
  if (!common.dryRun && !isEmpty) {
    if (!hasRootRights(host, isRootUser())) {
      throw new TapprepError('NOT_ROOT', `removing from ${host.name} needs root rights`, {
        remedy: tapprepAsRoot('remove'),
      });
    }
    for (const { name, version } of plan.packages) if (!common.quiet) stderr.write(`  - ${name} ${version}\n`);
    if (
      !(await context.confirm(
        `remove ${plan.packages.length} packages and ${plan.files.length} files from ${host.name}?`,
      ))
    ) {
      throw new TapprepError('USAGE', `nothing was removed from ${host.name}: the removal was not approved`, {
        hint: 'add --yes to approve it without being asked',
      });
    }
    await removeInstalled(host, plan, context.emit, context.signal);
  }
  if (common.json) stdout.json({ host: host.name, dryRun: common.dryRun, ...plan });
  else if (isEmpty) stdout.write(`tapprep has nothing installed on ${host.name}\n`);
  else {
    if (common.dryRun && plan.argv !== null) stdout.write(`would run on ${host.name}:\n  ${plan.argv.join(' ')}\n`);
    else stdout.write(`removed ${plan.packages.length} packages and ${plan.files.length} files from ${host.name}\n`);
    for (const { name, version } of plan.skipped)
      stdout.write(`left alone: ${name} ${version} is no longer there in that version\n`);
    for (const { name, from, to } of plan.replaced)
      stdout.write(`left as it is: ${name} ${to}, which replaced ${from}\n`);
  }
  return EXIT.done;
}
