/** `tapprep bundle`: everything that a target needs in one tar, for where there is no network and no Node. */
import { resolve } from 'node:path';
import { signSums } from '../../bundle/sign.ts';
import { EXIT, TapprepError } from '../../errors.ts';
import { bundleSubject, type BundleReport } from '../../pipeline/bundle.ts';
import { openSubject } from '../../pipeline/open-target.ts';
import type { Session } from '../../pipeline/session.ts';
import type { Context, TargetOptions } from '../context.ts';
import { openContextSession } from '../open-session.ts';
import { readLock } from '../read-lock.ts';
import { renderPlan } from '../render/plan-text.ts';
import { formatBytes } from '../render/progress-text.ts';

export interface BundleCommandOptions {
  readonly target: TargetOptions;
  readonly out: string | null;
  readonly debuginfo: boolean;
  readonly image: boolean;
  readonly allowExpiredRelease: boolean;
  readonly lock: string | null;
  readonly signKey: string | null;
}

/** What gpg and its agent need of the environment to find the user's keys and to ask for a passphrase. */
const GPG_ENV = ['GNUPGHOME', 'GPG_TTY', 'DISPLAY', 'WAYLAND_DISPLAY', 'XDG_RUNTIME_DIR', 'TERM'] as const;

/** The file is complete when this ends with 0; otherwise it is as it was before. */
export async function runBundle(context: Context, options: BundleCommandOptions): Promise<number> {
  const { common, stdout } = context;
  if (options.out === null) {
    throw new TapprepError('USAGE', 'a bundle is written to a file, but none was named', {
      hint: 'tapprep bundle --out FILE.tar',
    });
  }
  const subject = await openSubject(context, options.target);
  const session = await openContextSession(context);
  const report = await bundleSubject(session, subject, {
    out: resolve(context.cwd, options.out),
    debuginfo: options.debuginfo,
    image: options.image,
    allowExpiredRelease: options.allowExpiredRelease,
    lock: options.lock === null ? null : await readLock(context.cwd, options.lock, subject.target),
    sign: options.signKey === null ? null : signer(context, session, options.signKey),
    dryRun: common.dryRun,
  });
  if (common.json) stdout.write(`${JSON.stringify({ target: subject.target, ...report }, null, 2)}\n`);
  else stdout.write(renderReport(report, common.verbose));
  return EXIT.done;
}

function signer({ env }: Context, { local }: Session, key: string): (sums: string) => Promise<string> {
  const kept = Object.fromEntries(GPG_ENV.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  return (sums) => signSums(sums, key, (argv, runOptions) => local.run(argv, runOptions), kept);
}

function renderReport({ plan, bundle, manifest }: BundleReport, verbose: boolean): string {
  if (bundle === null || manifest === null) return `${renderPlan(plan, verbose)}\nnothing was written\n`;
  const warnings = manifest.warnings.map((text) => `note: ${text}\n`).join('');
  return `${bundle.path}: ${formatBytes(bundle.sizeBytes)}, ${manifest.packages.length} packages for ${plan.target.release}\n${warnings}there, as root: tar -xf FILE && sh tapprep-${plan.target.release}/install.sh\nor: tapprep install --bundle FILE\n`;
}
