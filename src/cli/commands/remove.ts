/** `tapprep remove`: takes away exactly what tapprep put there. */
import { countOf } from '../../count.ts';
import type { Place } from '../../diagnose/place.ts';
import { renderRemedy } from '../../diagnose/render-remedy.ts';
import { EXIT, TapprepError } from '../../errors.ts';
import { quoteCommand } from '../../shell-words.ts';
import { tapprepAsRoot } from '../../make-remedy.ts';
import { planRemoval, type Removal, type RemovePlan, removeInstalled } from '../../install/remove.ts';
import type { Kept } from '../../install/remains.ts';
import { notApproved } from '../../pipeline/change-permission.ts';
import { hasRootRights, openHost, requireHost } from '../../pipeline/open-target.ts';
import type { Context } from '../context.ts';
import { isRootUser } from '../open-session.ts';
import type { TargetOptions } from '../../types.ts';

export interface RemoveCommandOptions {
  readonly target: TargetOptions;
  /** The journal and the reports, too. */
  readonly purge: boolean;
}

/** What was changed by somebody else since is named and left alone. */
export async function runRemove(context: Context, options: RemoveCommandOptions): Promise<number> {
  const { common, stdout, stderr } = context;
  const { dryRun } = common;
  const open = await openHost(context, options.target, dryRun ? 'look' : 'root');
  const host = requireHost(open, 'remove');
  const plan = await planRemoval(host, options);
  const isEmpty = plan.packages.length === 0 && plan.files.length === 0;
  let done: Pick<RemovePlan, 'packages' | 'files'> & Partial<Removal> = plan;
  if (!dryRun && !isEmpty) {
    if (!hasRootRights(host, isRootUser())) {
      throw new TapprepError('NOT_ROOT', `removing from ${host.name} needs root rights`, {
        remedy: tapprepAsRoot('remove'),
      });
    }
    if (!common.quiet) stderr.write(list(plan));
    if (!(await context.confirm(`remove ${count(plan)} from ${host.name}?`))) {
      throw notApproved(`nothing was removed from ${host.name}`);
    }
    done = await removeInstalled(host, plan, context.emit, context.signal, options);
  }
  if (common.json) stdout.json({ host: host.name, dryRun, ...plan, ...done });
  else if (isEmpty) stdout.write(`tapprep has nothing installed on ${host.name}\n${left(plan)}`);
  else if (dryRun) {
    stdout.write(`would remove ${count(plan)} from ${host.name}:\n${list(plan)}`);
    const commands = [plan.argv, plan.purgeArgv ?? null].filter((argv) => argv !== null);
    if (commands.length > 0)
      stdout.write(`would run on ${host.name}:\n${commands.map((argv) => `  ${quoteCommand(argv)}\n`).join('')}`);
    stdout.write(left(plan));
  } else {
    stdout.write(`removed ${count(done)} from ${host.name}\n${left(plan)}${stays(done.needed ?? [], context.place)}`);
  }
  return (done.needed ?? []).length === 0 ? EXIT.done : EXIT.install;
}

function count({ packages, files }: Pick<RemovePlan, 'packages' | 'files'>): string {
  return `${countOf(packages.length, 'package')} and ${countOf(files.length, 'file')}`;
}

function list({ packages, files }: RemovePlan): string {
  return [
    ...packages.map(({ name, version }) => `  - ${name} ${version}\n`),
    ...files.map((path) => `  - ${path}\n`),
  ].join('');
}

/** What stays, each with the reason. */
function left({ kept = [], skipped, replaced }: RemovePlan): string {
  return [
    ...kept.map(({ path, why }) => `left alone: ${path}, ${REASONS[why]}\n`),
    ...skipped.map(({ name, version }) => `left alone: ${name} ${version} is no longer there in that version\n`),
    ...replaced.map(({ name, from, to }) => `left as it is: ${name} ${to}, which replaced ${from}\n`),
  ].join('');
}

function stays(needed: Removal['needed'], place: Place): string {
  if (needed.length === 0) return '';
  const lines = needed.map(
    ({ name, version, by }) => `left in place: ${name} ${version}, needed by ${by.join(', ')}\n`,
  );
  const [command = ''] = renderRemedy(tapprepAsRoot('remove'), place);
  return `${lines.join('')}once nothing else needs them: ${command}\n`;
}

const REASONS: Readonly<Record<Kept['why'], string>> = {
  link: 'a link that tapprep did not make',
  file: 'a file that tapprep did not make',
  'other-owner': 'which belongs to somebody else',
  closed: 'which only root can look into, and takes away if tapprep made it',
  'no-marker': 'in which the marker of tapprep is missing',
  'no-kind': 'which is nothing that tapprep makes',
  'at-work': 'which a process that is at work there uses',
  'in-use': 'in which other things are by now',
};
