/** `tapprep rehearse`: from a kernel release to Hello, World inside that kernel, on a machine that is not the target. */
import { resolve } from 'node:path';
import { countOf } from '../../count.ts';
import { EXIT, isTapprepError, TapprepError } from '../../errors.ts';
import { requireGivenText } from '../../host/given-file.ts';
import { tapprep } from '../../make-remedy.ts';
import { findCurrentKernel, findLatestKernels } from '../../pipeline/current-kernel.ts';
import { asPattern, openTarget, openHost, type OpenTarget } from '../../pipeline/open-target.ts';
import { rehearse, type RehearseOptions, type RehearseReport } from '../../pipeline/rehearse.ts';
import { rehearseKernels } from '../../pipeline/rehearse-kernels.ts';
import type { SystemtapChoice } from '../../pipeline/provide-systemtap.ts';
import { describeRehearsal } from '../../report/preflight.ts';
import type { Session } from '../../pipeline/session.ts';
import type { Runtime, TargetOptions } from '../../types.ts';
import type { PolicyWish } from '../../verify/guest-policy.ts';
import type { VerifyLevel } from '../../verify/options.ts';
import type { Context } from '../context.ts';
import { openGuestSigner } from '../guest-policy.ts';
import type { ModuleKeyRequest } from '../module-key.ts';
import { isRootUser, openContextSession } from '../open-session.ts';
import { withReport } from '../keep-report.ts';
import { formatSeconds } from '../render/progress-text.ts';
import { renderKernels } from '../render/kernels-text.ts';
import { renderTried } from '../render/systemtap-text.ts';
import { renderVerify } from '../render/verify-text.ts';
import { readScripts } from './verify.ts';
import { renderDiagnoses } from '../render/diagnoses.ts';

export interface RehearseCommandOptions {
  readonly target: TargetOptions;
  readonly scripts: readonly string[];
  readonly level: VerifyLevel;
  readonly systemtap: SystemtapChoice;
  readonly debuginfo: boolean;
  readonly allowExpiredRelease: boolean;
  readonly moduleKey: ModuleKeyRequest | null;
  readonly runtime: Runtime | 'auto';
  readonly policy: PolicyWish | null;
  /** Where --report asks for reports. */
  readonly reports: readonly string[];
}

/** How many kernels at most are rehearsed by one command: each keeps a root of about a gigabyte. */
const MAX_KERNELS = 200;

/**
 * Many kernels of one distribution, one table at the end.
 * @param which "latest:N", or a file with one release a line
 * @returns 0 when all are proven
 */
export async function runRehearseKernels(
  context: Context,
  which: string,
  options: RehearseCommandOptions,
): Promise<number> {
  const { target } = options;
  if (target.distro === null || target.kernel !== null || options.reports.length > 0)
    throw new TapprepError('USAGE', '--kernels takes --distro beside it, and neither --kernel nor --report', {
      remedy: tapprep('rehearse', '--distro', target.distro ?? 'debian:12', '--kernels', which),
    });
  const [, count] = /^latest:([1-9]\d{0,2})$/.exec(which) ?? [];
  if (count === undefined && which.startsWith('latest:'))
    throw new TapprepError('USAGE', `--kernels takes latest:1 to latest:${MAX_KERNELS}, but ${which} was given`);
  const session = await openContextSession(context);
  const { declareDistribution } = await import('../../detect/declared-facts.ts');
  const open = { host: null, facts: declareDistribution(target.distro, target.arch) };
  const releases =
    count === undefined
      ? await readReleases(resolve(context.cwd, which))
      : await findLatestKernels(session, open, options, Math.min(Number(count), MAX_KERNELS));
  const scripts = await readScripts(context, options.scripts, options.level);
  const outcomes = await rehearseKernels(
    session,
    releases,
    (kernel) => openTarget(context, { ...target, kernel }),
    await toRehearseOptions(context, options, scripts),
  );
  if (context.common.json)
    context.stdout.json({ schema: 'tapprep-rehearsals/1', distro: target.distro, kernels: outcomes });
  else context.stdout.write(`${renderKernels(outcomes, context.stdout.columns)}\n`);
  return outcomes.every(({ ready }) => ready) ? EXIT.done : EXIT.notReady;
}

/** One release a line; empty lines and those that begin with "#" are none. @throws TapprepError USAGE */
async function readReleases(path: string): Promise<readonly string[]> {
  const text = await requireGivenText(path, 'the list of kernels');
  const lines = text.split('\n').map((line) => line.trim());
  const releases = [...new Set(lines.filter((line) => line !== '' && !line.startsWith('#')))];
  if (releases.length > 0 && releases.length <= MAX_KERNELS) return releases;
  throw new TapprepError(
    'USAGE',
    `${path} names ${countOf(releases.length, 'kernel')}, but 1 to ${MAX_KERNELS} are rehearsed`,
  );
}

/** Exit 0 only when the ladder passed as far as --level asks. */
export async function runRehearse(context: Context, options: RehearseCommandOptions): Promise<number> {
  const report = await withReport(context, 'rehearse', options.reports, describeRehearsal, () =>
    work(context, options),
  );
  if (context.common.json) context.stdout.json(report);
  else {
    const times = report.stages.map(({ stage, seconds }) => `${stage} ${formatSeconds(seconds)}`).join(', ');
    context.stdout.write(
      `${renderVerify(report.verify, context.stdout.columns)}\n${renderTried(report.systemtap)}${renderDiagnoses(report.verify.diagnoses)}root: ${report.root}${report.reusedRoot ? ' (kept from before)' : ''}\ntime: ${times}\n`,
    );
  }
  return report.verify.ready ? EXIT.done : EXIT.notReady;
}

async function work(context: Context, options: RehearseCommandOptions): Promise<RehearseReport> {
  const session = await openContextSession(context);
  const open = await chooseTarget(context, session, options);
  const scripts = await readScripts(context, options.scripts, options.level);
  return rehearse(session, open, await toRehearseOptions(context, options, scripts));
}

async function toRehearseOptions(
  context: Context,
  options: RehearseCommandOptions,
  scripts: RehearseOptions['scripts'],
): Promise<RehearseOptions> {
  return {
    debuginfo: options.debuginfo,
    level: options.level,
    scripts,
    systemtap: options.systemtap,
    signer: await openGuestSigner(context, options.moduleKey, options.policy),
    policy: options.policy,
    runtime: options.runtime,
    allowExpiredRelease: options.allowExpiredRelease,
    yes: context.common.yes,
    isRoot: isRootUser(),
  };
}

const NAMES_A_TARGET = ['kernel', 'distro', 'root', 'host', 'facts', 'banner', 'buildTree', 'vmlinux'] as const;

/**
 * A distribution without a kernel: its current one. Without a target: this host's distribution with its own current
 * kernel, where the running one is nobody's package (a cloud vendor's, a container's). A rehearsal never touches the host
 * itself.
 */
async function chooseTarget(
  context: Context,
  session: Session,
  { target, ...options }: Pick<RehearseCommandOptions, 'target' | 'allowExpiredRelease'>,
): Promise<OpenTarget> {
  if (target.distro !== null && target.kernel === null && (target.banner ?? null) === null) {
    const { declareDistribution } = await import('../../detect/declared-facts.ts');
    const facts = declareDistribution(target.distro, target.arch);
    const kernel = await findCurrentKernel(session, { host: null, facts }, options);
    context.emit({ type: 'note', level: 'info', text: `the current kernel of ${target.distro} is ${kernel}` });
    return openTarget(context, { ...target, kernel });
  }
  const isNamed = NAMES_A_TARGET.some((name) => (target[name] ?? null) !== null);
  try {
    return { ...asPattern(await openTarget(context, target, 'look', isNamed ? 'any' : 'listed')), host: null };
  } catch (error) {
    const isUnpackaged = isTapprepError(error, 'CUSTOM_KERNEL_NO_PACKAGE') || isTapprepError(error, 'UNKNOWN_RELEASE');
    if (isNamed || !isUnpackaged) throw error;
    const own = await openHost(context, target);
    const { facts } = own;
    const release = await findCurrentKernel(session, own, options);
    const text = `${error.message}; rehearsing ${facts.os.prettyName ?? 'this distribution'} with its current kernel ${release}`;
    context.emit({ type: 'note', level: 'info', text });
    return openTarget(context, { ...target, distro: `${facts.os.id}:${facts.os.versionId}`, kernel: release });
  }
}
