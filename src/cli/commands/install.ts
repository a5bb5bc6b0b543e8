/** `tapprep install`: the exact packages onto this host or into a root, then the proof. */
import { resolve } from 'node:path';
import { readManifest } from '../../bundle/read.ts';
import { countOf } from '../../count.ts';
import { renderRemedy } from '../../diagnose/render-remedy.ts';
import { EXIT, TapprepError } from '../../errors.ts';
import { tapprepAsRoot } from '../../make-remedy.ts';
import { type InstallOptions, type InstallOutcome, installTarget } from '../../pipeline/install.ts';
import { notApproved } from '../../pipeline/change-permission.ts';
import { type BundleChoice, withBundle } from '../../pipeline/install-bundle.ts';
import { hasRootRights, openTarget, requireHost } from '../../pipeline/open-target.ts';
import type { DebuginfoChoice } from '../../pipeline/plan-target.ts';
import type { SystemtapChoice } from '../../pipeline/provide-systemtap.ts';
import { PREFIX } from '../../resolve/folder-place.ts';
import { foldersOf, looseFilesOf } from '../../resolve/provisions.ts';
import { describeInstallation } from '../../report/preflight.ts';
import type { Target, TargetOptions } from '../../types.ts';
import { quoteCommand } from '../../shell-words.ts';
import type { VerifyLevel } from '../../verify/options.ts';
import type { Context } from '../context.ts';
import { withReport } from '../keep-report.ts';
import { type ModuleKeyRequest, openSigner } from '../module-key.ts';
import { isRootUser, openContextSession } from '../open-session.ts';
import { renderDiagnoses } from '../render/diagnoses.ts';
import { renderPlan } from '../render/plan-text.ts';
import { formatSeconds } from '../render/progress-text.ts';
import { renderTried } from '../render/systemtap-text.ts';
import { renderVerify } from '../render/verify-text.ts';
import { readLock, requireSameTarget } from '../read-lock.ts';
import { readScripts } from './verify.ts';

export interface InstallCommandOptions {
  readonly target: TargetOptions;
  readonly debuginfo: DebuginfoChoice;
  readonly debuginfoFiles: readonly string[] | null;
  readonly allowExpiredRelease: boolean;
  readonly allowUpgrade: boolean;
  readonly level: VerifyLevel;
  readonly systemtap: SystemtapChoice;
  readonly lock: string | null;
  readonly bundle: string | null;
  /** A key file of which one has to have signed the bundle. */
  readonly bundleKeyring: string | null;
  readonly allowUncheckedEvidence: boolean;
  readonly moduleKey: ModuleKeyRequest | null;
  /** Where --report asks for reports. */
  readonly reports: readonly string[];
}

/** Exit 0 only when everything is installed and proven; what could not be proven says why and exits 1. */
export async function runInstall(context: Context, options: InstallCommandOptions): Promise<number> {
  const { common, stdout } = context;
  const outcome = await withReport(context, 'install', options.reports, describeInstallation, () =>
    work(context, options),
  );
  if (common.json) stdout.json(outcome);
  else if (common.dryRun) {
    stdout.write(`${renderPlan(outcome.plan, common.verbose)}\n\n`);
    const { items, mends = [] } = outcome.plan;
    const files = looseFilesOf(items).map(({ place, urls }) => `put ${urls[0] ?? ''} at ${place}`);
    const systemtaps = [
      ...foldersOf(items).map(({ version, place }) => `put SystemTap ${version} in ${place}, unless it is there`),
      ...mends.map(({ name }) => `put SystemTap ${name} below ${PREFIX}, unless it is there`),
    ];
    const commands = [...outcome.commands.map(quoteCommand), ...files, ...systemtaps];
    stdout.write(commands.length === 0 ? 'nothing would be changed\n' : `on ${outcome.host}:\n`);
    for (const command of commands) stdout.write(`  ${command}\n`);
  } else if (outcome.verify !== null) {
    const { install, verify, systemtap, stages } = outcome;
    const changed =
      install === null || install.journal === null
        ? 'nothing was changed'
        : `${countOf(install.installed.length, 'package')}${(install.files ?? []).map(({ path }) => ` and ${path}, which nobody signed,`).join('')} added`;
    const times = stages.map(({ stage, seconds }) => `${stage} ${formatSeconds(seconds)}`).join(', ');
    const told = `${renderTried(systemtap)}${renderDiagnoses(verify.diagnoses)}`;
    stdout.write(`${renderVerify(verify)}\n${told}${changed} on ${outcome.host}`);
    const [remove = ''] = renderRemedy(tapprepAsRoot('remove'), context.place);
    stdout.write(install?.journal == null ? '\n' : `; "${remove}" takes them away again\n`);
    stdout.write(`time: ${times}\n`);
  }
  return common.dryRun || outcome.verify?.ready === true ? EXIT.done : EXIT.notReady;
}

interface Installation extends InstallOutcome {
  readonly target: Target;
  /** Name of the machine, for people. */
  readonly host: string;
}

async function work(context: Context, options: InstallCommandOptions): Promise<Installation> {
  const { common, stderr } = context;
  const { lock, bundle } = options;
  if (lock !== null && bundle !== null) {
    throw new TapprepError('USAGE', '--lock and --bundle each say what is installed, but there can only be one plan');
  }
  const locked = lock === null ? null : await readLock(context.cwd, lock);
  const carried = bundle === null ? null : readBundleChoice(context.cwd, bundle, options);
  // Below a root no kernel runs, and none or several may be there: then the lock or the bundle says which is meant.
  const meant = locked ?? (carried === null ? null : await readManifest(carried.path));
  const named = meant === null ? options.target : { ...options.target, elseKernel: meant.target.release };
  const open = await openTarget(context, named, common.dryRun ? 'look' : 'root');
  if (locked !== null) requireSameTarget(locked, lock ?? '', open.target);
  const host = requireHost(open, 'install');
  const session = await openContextSession(context);
  const choice: Omit<InstallOptions, 'lock'> = {
    debuginfo: options.debuginfo,
    debuginfoFiles: options.debuginfoFiles,
    allowExpiredRelease: options.allowExpiredRelease,
    allowUpgrade: options.allowUpgrade,
    dryRun: common.dryRun,
    isRoot: hasRootRights(host, isRootUser()),
    verify: {
      where: null,
      level: options.level,
      scripts: await readScripts(context, [], options.level),
      signer: await openSigner(context, options.moduleKey),
    },
    systemtap: options.systemtap,
    approve: async (plan, change) => {
      if (!common.quiet) stderr.write(`${renderPlan(plan, common.verbose)}\n`);
      if (await context.confirm(`${change} on ${host.name}?`)) return true;
      throw notApproved(`${host.name} was not changed`);
    },
  };
  const install = (given: Pick<InstallOptions, 'lock' | 'artifacts'>): Promise<InstallOutcome> =>
    installTarget(session, open, host, { ...choice, ...given });
  const outcome =
    carried === null
      ? await install({ lock: locked })
      : await withBundle(session, open, host, carried, ({ plan, artifacts }) => install({ lock: plan, artifacts }));
  return { target: open.target, host: host.name, ...outcome };
}

function readBundleChoice(cwd: string, path: string, options: InstallCommandOptions): BundleChoice {
  const { bundleKeyring, allowUncheckedEvidence } = options;
  return {
    path: resolve(cwd, path),
    keyring: bundleKeyring === null ? null : resolve(cwd, bundleKeyring),
    allowUnchecked: allowUncheckedEvidence,
  };
}
