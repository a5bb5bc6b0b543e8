/** `tapprep verify`: the ladder on what is installed, without installing anything. */
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { EXIT } from '../../errors.ts';
import { openSubject, requireHost } from '../../pipeline/open-target.ts';
import { provideSystemtap, type SystemtapChoice } from '../../pipeline/provide-systemtap.ts';
import { verifySubject } from '../../pipeline/verify.ts';
import type { VerifyLevel, VerifyScript } from '../../verify/options.ts';
import type { Context, TargetOptions } from '../context.ts';
import { openContextSession } from '../open-session.ts';
import { renderDiagnoses } from '../render/diagnoses.ts';
import { renderVerify } from '../render/verify-text.ts';

export interface VerifyCommandOptions {
  readonly target: TargetOptions;
  readonly scripts: readonly string[];
  readonly where: 'local' | 'vm' | null;
  readonly level: VerifyLevel;
  /** vmlinuz to boot; null to look for it on the target. */
  readonly image: string | null;
  /** Whatever is installed unless told otherwise: verify itself puts nothing on the target. */
  readonly systemtap: SystemtapChoice;
  readonly allowExpiredRelease: boolean;
}

/** Exit 0 only when the ladder passed as far as --level asks. */
export async function runVerify(context: Context, options: VerifyCommandOptions): Promise<number> {
  const subject = await openSubject(context, options.target);
  const host = requireHost(subject, 'verify');
  const session = await openContextSession(context);
  const choice = {
    where: options.where,
    level: options.level,
    scripts: await readScripts(context.cwd, options.scripts),
    kernelImage: options.image === null ? null : resolve(context.cwd, options.image),
  };
  const { verify: report } = await provideSystemtap(session, subject, host, {
    choice: options.systemtap,
    allowExpiredRelease: options.allowExpiredRelease,
    verify: (systemtap) => verifySubject(session, subject, host, { ...choice, systemtap }),
  });
  if (context.common.json) context.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else context.stdout.write(`${renderVerify(report)}\n${renderDiagnoses(report.diagnoses)}`);
  return report.ready ? EXIT.done : EXIT.notReady;
}

/** The user's own scripts, by path. */
export async function readScripts(cwd: string, paths: readonly string[]): Promise<readonly VerifyScript[]> {
  return Promise.all(
    paths.map(async (path) => ({ name: basename(path, '.stp'), text: await readFile(resolve(cwd, path), 'utf8') })),
  );
}
