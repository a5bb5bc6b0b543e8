/** `tapprep verify`: the ladder on what is installed, without installing anything. */
import { basename, resolve } from 'node:path';
import { EXIT, TapprepError } from '../../errors.ts';
import { readGivenText } from '../../host/given-file.ts';
import { withLockedTarget } from '../../install/target-lock.ts';
import { hasRootRights, openTarget, requireHost } from '../../pipeline/open-target.ts';
import { type ProveOptions, proveTarget } from '../../pipeline/prove.ts';
import type { ProvidedSystemtap, SystemtapChoice, TriedSystemtap } from '../../pipeline/provide-systemtap.ts';
import { findEntry, isCatalogueName, loadCatalogue } from '../../scripts/catalogue.ts';
import { toVerifyScript } from '../../scripts/verify-script.ts';
import { describeVerification } from '../../report/preflight.ts';
import type { Runtime, TargetOptions, VerifyReport } from '../../types.ts';
import type { VerifyLevel, VerifyScript } from '../../verify/options.ts';
import type { Context } from '../context.ts';
import { withReport } from '../keep-report.ts';
import { type ModuleKeyRequest, openSigner } from '../module-key.ts';
import { isRootUser, openContextSession } from '../open-session.ts';
import { renderDiagnoses } from '../render/diagnoses.ts';
import { renderTried } from '../render/systemtap-text.ts';
import { renderVerify } from '../render/verify-text.ts';

export interface VerifyCommandOptions {
  readonly target: TargetOptions;
  readonly scripts: readonly string[];
  readonly where: 'local' | 'vm' | null;
  readonly level: VerifyLevel;
  /** vmlinuz to boot; null to look for it on the target. */
  readonly image: string | null;
  /** null: whichever was proven there before, else what is installed: verify itself puts nothing on the target. */
  readonly systemtap: SystemtapChoice | null;
  readonly allowExpiredRelease: boolean;
  readonly moduleKey: ModuleKeyRequest | null;
  readonly runtime: Runtime | 'auto';
  /** Where --report asks for reports. */
  readonly reports: readonly string[];
}

/** The ladder, and every SystemTap that was tried; none where the target's own or a proven one was taken as it is. */
export interface Verification extends VerifyReport {
  readonly systemtap: readonly TriedSystemtap[];
}

/** Exit 0 only when the ladder passed as far as --level asks. */
export async function runVerify(context: Context, options: VerifyCommandOptions): Promise<number> {
  const report = await withReport(
    context,
    'verify',
    options.reports,
    (one) => ({ ...describeVerification(one), systemtap: one.systemtap }),
    () => work(context, options),
  );
  if (context.common.json) context.stdout.json(report);
  else context.stdout.write(renderVerification(report, context.common.quiet, context.stdout.columns));
  return report.ready ? EXIT.done : EXIT.notReady;
}

/** The report for people; with --quiet nothing of one that is as it should be. */
export function renderVerification(report: Verification, quiet: boolean, columns: number | null): string {
  if (quiet && report.ready) return '';
  return `${renderVerify(report, columns)}\n${renderTried(report.systemtap)}${renderDiagnoses(report.diagnoses)}`;
}

async function work(context: Context, options: VerifyCommandOptions): Promise<Verification> {
  const open = await openTarget(context, options.target, 'root');
  const host = requireHost(open, 'verify');
  const session = await openContextSession(context);
  const choice: ProveOptions = {
    ...options,
    ladder: {
      where: options.where,
      level: options.level,
      scripts: await readScripts(context, options.scripts, options.level),
      signer: await openSigner(context, options.moduleKey),
      runtime: options.runtime,
      kernelImage: options.image === null ? null : resolve(context.cwd, options.image),
    },
  };
  const prove = (): Promise<ProvidedSystemtap> => proveTarget(session, open, host, choice);
  // A SystemTap that was asked for may be put there.
  const mayPlace = options.systemtap !== null && hasRootRights(host, isRootUser());
  const { verify, tried } = await (mayPlace ? withLockedTarget(host, session, prove) : prove());
  return { ...verify, systemtap: tried };
}

/**
 * Scripts of the catalogue by name, the user's own by path. Where the level asks for scripts and none is named, the whole
 * catalogue.
 * @throws TapprepError USAGE for a file that is not there and a name that is none
 */
export async function readScripts(
  { cwd, packageRoot }: Pick<Context, 'cwd' | 'packageRoot'>,
  words: readonly string[],
  level: VerifyLevel,
): Promise<readonly VerifyScript[]> {
  if (level === 'scripts' && words.length === 0)
    return (await loadCatalogue(packageRoot)).map((entry) => toVerifyScript(entry));
  const catalogue = words.some(isCatalogueName) ? await loadCatalogue(packageRoot) : [];
  return Promise.all(
    words.map(async (word) =>
      isCatalogueName(word)
        ? toVerifyScript(findEntry(catalogue, word))
        : { name: basename(word, '.stp'), text: await readScript(resolve(cwd, word)) },
    ),
  );
}

async function readScript(path: string): Promise<string> {
  const text = await readGivenText(path);
  if (text !== null) return text;
  throw new TapprepError('USAGE', `there is no script ${path}`, { hint: 'tapprep scripts list' });
}
