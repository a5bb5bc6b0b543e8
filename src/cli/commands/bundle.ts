/** `tapprep bundle`: everything that a target needs in one tar, for where there is no network and no Node. */
import { basename, resolve } from 'node:path';
import { isCompressedName } from '../../bundle/compress.ts';
import { type FirstStep, renderFirstStep, writeFirstStep } from '../../bundle/first-step.ts';
import { type BundleManifest, rootOf } from '../../bundle/manifest.ts';
import { countOf } from '../../count.ts';
import { EXIT, isTapprepError, TapprepError } from '../../errors.ts';
import { tapprep } from '../../make-remedy.ts';
import { shellLine } from '../../shell-words.ts';
import { hashFile } from '../../files/hash-file.ts';
import { checkPlace } from '../../files/write-whole.ts';
import { readGivenText } from '../../host/given-file.ts';
import { bundleCompiled, type CompiledReport, type CompiledScript } from '../../pipeline/bundle-compiled.ts';
import { bundleTarget, type BundleReport } from '../../pipeline/bundle.ts';
import { openTarget, type OpenTarget } from '../../pipeline/open-target.ts';
import type { SystemtapChoice } from '../../pipeline/provide-systemtap.ts';
import { prepareGivenRoot, type Rehearsal, withRehearsal } from '../../pipeline/rehearse.ts';
import { type CatalogueEntry, findEntry, isCatalogueName, loadCatalogue } from '../../scripts/catalogue.ts';
import { moduleNameOf } from '../../scripts/compile-scripts.ts';
import { toVerifyScript } from '../../scripts/verify-script.ts';
import type { Session } from '../../pipeline/session.ts';
import type { Plan, Runtime, TargetOptions } from '../../types.ts';
import type { Context } from '../context.ts';
import { placeOfOptions, withHint } from '../hint.ts';
import { type ModuleKeyRequest, openSigner } from '../module-key.ts';
import { isRootUser, openContextSession } from '../open-session.ts';
import { openPgpSigner, type PgpSigner } from '../pgp-signer.ts';
import { readLock, requireSameTarget, targetOfLock } from '../read-lock.ts';
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
  /** Modules instead of packages. */
  readonly compiled: boolean;
  /** With `compiled`: names of the catalogue, or paths of scripts of one's own. */
  readonly scripts: readonly string[];
  readonly systemtap: SystemtapChoice;
  readonly moduleKey: ModuleKeyRequest | null;
  /** With `compiled`: what they run by. */
  readonly runtime: Runtime;
}

const OTHER_COMPRESSION = /\.(?:xz|txz|zst|bz2|tbz)$/;

/** The file is complete when this ends with 0; otherwise it is as it was before. */
export async function runBundle(context: Context, options: BundleCommandOptions): Promise<number> {
  const { common } = context;
  if (options.out === null) {
    throw new TapprepError('USAGE', 'a bundle is written to a file, but none was named', {
      remedy: tapprep('bundle', ...(options.compiled ? ['--compiled', ...options.scripts] : []), '--out', 'FILE.tar'),
    });
  }
  const out = resolve(context.cwd, options.out);
  if (!common.dryRun) await checkPlace(out, { what: 'the bundle cannot be written: ' });
  const lock = options.lock === null ? null : await readLock(context.cwd, options.lock);
  if (lock === null)
    return writeBundle(context, options, { out, lock, open: await openTarget(context, options.target) });
  const open = await openLocked(context, options, lock);
  if (open !== null) return writeBundle(context, options, { out, lock, open });
  const target = targetOfLock(lock);
  try {
    return await writeBundle(context, options, { out, lock, open: await openTarget(context, target) });
  } catch (error) {
    throw withHint(error, placeOfOptions({ ...target }, isRootUser()));
  }
}

/**
 * The target that was named, where a lock is for it. Where none was named it is this machine, whose own sources count then;
 * null where the lock is for another.
 */
async function openLocked(
  context: Context,
  { target, lock: path }: BundleCommandOptions,
  lock: Plan,
): Promise<OpenTarget | null> {
  try {
    const open = await openTarget(context, { ...target, elseKernel: lock.target.release });
    requireSameTarget(lock, path ?? '', open.target);
    return open;
  } catch (error) {
    const isNamed = Object.values(target).some((given) => given !== null);
    if (isNamed || !isTapprepError(error) || error.code === 'INTERRUPTED') throw error;
    return null;
  }
}

interface BundleWork {
  readonly out: string;
  readonly lock: Plan | null;
  readonly open: OpenTarget;
}

async function writeBundle(
  context: Context,
  options: BundleCommandOptions,
  { out, lock, open }: BundleWork,
): Promise<number> {
  const { common, stdout } = context;
  const session = await openContextSession(context);
  const sign = options.signKey === null ? null : await openPgpSigner(context, session, options.signKey);
  if (options.compiled) return await runCompiled(context, session, open, options, out, sign);
  if (isCompressedName(out) || OTHER_COMPRESSION.test(out)) {
    throw new TapprepError(
      'USAGE',
      `${options.out} says compressed, but a bundle of packages is a plain tar: they are compressed themselves`,
      {
        remedy: tapprep('bundle', '--out', 'FILE.tar'),
      },
    );
  }
  if (options.scripts.length > 0) {
    throw new TapprepError(
      'USAGE',
      `a bundle of packages holds every script, so ${options.scripts.join(' ')} is not named`,
      {
        remedy: tapprep('bundle', '--compiled', ...options.scripts, '--out', 'FILE.tar'),
      },
    );
  }
  const report = await bundleTarget(session, open, {
    out,
    debuginfo: options.debuginfo,
    image: options.image,
    allowExpiredRelease: options.allowExpiredRelease,
    systemtap: options.systemtap,
    lock,
    sign,
    dryRun: common.dryRun,
  });
  const firstStep = report.bundle === null ? null : await signWhole(out, sign, session.signal);
  if (common.json) stdout.json({ target: open.target, ...report, ...(firstStep === null ? {} : { firstStep }) });
  else {
    const check = report.bundle === null ? '' : await describeCheck(out, firstStep, session.signal);
    stdout.write(`${renderReport(report, common.verbose, stdout.columns)}${check}`);
  }
  return EXIT.done;
}

/** A signature of the whole file, where one was asked for: what is in the file cannot vouch for its own check. */
async function signWhole(out: string, sign: PgpSigner | null, signal: AbortSignal): Promise<FirstStep | null> {
  return sign === null ? null : await writeFirstStep(out, sign, signal);
}

async function describeCheck(out: string, firstStep: FirstStep | null, signal: AbortSignal): Promise<string> {
  if (firstStep === null) {
    const { hex } = await hashFile(out, ['sha256'], signal);
    return `nothing but its digest vouches for it on the way, so take that along another one (--sign-key KEY signs it):\n  ${hex.sha256 ?? ''}  ${basename(out)}\n`;
  }
  return `before anything of it is unpacked there, beside its .sha256 and .sha256.asc:\n  ${renderFirstStep(firstStep, './KEYRING.gpg')}\n`;
}

/** A rehearsal root for a target that is elsewhere; the root itself where one is named. */
async function runCompiled(
  context: Context,
  session: Session,
  open: OpenTarget,
  options: BundleCommandOptions,
  out: string,
  sign: PgpSigner | null,
): Promise<number> {
  const { common, stdout } = context;
  if (OTHER_COMPRESSION.test(out))
    throw new TapprepError(
      'USAGE',
      `${options.out ?? out} is neither a tar nor compressed by gzip, which every target can read`,
      {
        remedy: tapprep('bundle', '--compiled', ...options.scripts, '--out', 'FILE.tar.gz'),
      },
    );
  if (common.dryRun)
    throw new TapprepError('USAGE', 'what compiles is only known when it was compiled: leave --dry-run out');
  const choice = { ...options, yes: common.yes, isRoot: isRootUser() };
  const { systemtap, allowExpiredRelease, runtime } = options;
  const scripts = await readCompiledScripts(context, options.scripts, runtime);
  const signer = await openSigner(context, options.moduleKey);
  const bundle = (
    rehearsal: Pick<Rehearsal, 'host' | 'kernelImage' | 'cross'>,
    target: OpenTarget,
  ): Promise<CompiledReport> =>
    bundleCompiled(session, target, rehearsal, {
      out,
      scripts,
      systemtap,
      allowExpiredRelease,
      sign,
      signer,
      runtime,
    });
  const report =
    options.target.root === null
      ? await withRehearsal(session, open, choice, bundle)
      : await bundle(await prepareGivenRoot(session, open, choice), open);
  const { manifest } = report;
  const firstStep = await signWhole(out, sign, session.signal);
  if (common.json) stdout.json({ target: manifest.target, ...report, ...(firstStep === null ? {} : { firstStep }) });
  else {
    const names = manifest.modules.map(({ name }) => name).join(', ');
    stdout.write(
      `${report.bundle.path}: ${formatBytes(report.bundle.sizeBytes)}, ${names} for ${manifest.target.release}, each proven in it\n${renderWarnings(manifest)}there, as root: ${shellLine`tar ${isCompressedName(out) ? '-xzf' : '-xf'} ${basename(out)}`} && sh ${rootOf(manifest)}/run.sh hello\n${await describeCheck(out, firstStep, session.signal)}`,
    );
  }
  return EXIT.done;
}

/** Scripts by name from the catalogue, or by path. @throws TapprepError USAGE */
async function readCompiledScripts(
  { cwd, packageRoot }: Context,
  words: readonly string[],
  runtime: Runtime,
): Promise<readonly CompiledScript[]> {
  const catalogue = await loadCatalogue(packageRoot);
  return Promise.all(
    words.map(async (word): Promise<CompiledScript> => {
      if (isCatalogueName(word)) {
        const entry = findEntry(catalogue, word);
        if (runtime === 'bpf') return compiledForBpf(entry);
        return {
          name: entry.name,
          verify: { ...toVerifyScript(entry), module: moduleNameOf(entry) },
          arguments: [{ name: 'json', type: 'integer' }, ...entry.arguments],
        };
      }
      const name = basename(word, '.stp');
      if (!/^[A-Za-z0-9][\w.-]{0,40}$/.test(name)) {
        throw new TapprepError('USAGE', `${word} cannot be the name of a script in a bundle`);
      }
      const module = `tapprep_own_${name.toLowerCase().replaceAll(/[^a-z0-9]/g, '_')}`;
      const text = await readGivenText(resolve(cwd, word));
      if (text === null) throw new TapprepError('USAGE', `${word} is no file`);
      return { name, verify: { name, text, module }, arguments: [] };
    }),
  );
}

/** stapbpf sets no values of globals: what a script is to know it has to know when it is compiled. @throws TapprepError USAGE */
function compiledForBpf(entry: CatalogueEntry): CompiledScript {
  const { name, bpf, arguments: known } = entry;
  const why =
    'cannot' in bpf
      ? bpf.cannot
      : known.length === 0
        ? null
        : `${known.map((argument) => argument.name).join(', ')} cannot be told to it on the machine where it runs`;
  if (why === null) return { name, verify: { ...toVerifyScript(entry), module: moduleNameOf(entry) }, arguments: [] };
  throw new TapprepError('USAGE', `${name} cannot be in a bundle for the bpf runtime, because ${why}`, {
    remedy: tapprep('bundle', '--compiled', name, '--module-key', 'FILE', '--module-cert', 'FILE', '--out', 'FILE.tar'),
  });
}

function renderReport({ plan, bundle, manifest }: BundleReport, verbose: boolean, columns: number | null): string {
  if (bundle === null || manifest === null) return `${renderPlan(plan, verbose, columns)}\nnothing was written\n`;
  const warnings = renderWarnings(manifest);
  return `${bundle.path}: ${formatBytes(bundle.sizeBytes)}, ${countOf(manifest.packages.length, 'package')} for ${plan.target.release}\n${warnings}there, as root: ${shellLine`tar -xf ${basename(bundle.path)}`} && sh tapprep-${plan.target.release}/install.sh\nor: ${shellLine`tapprep install --bundle ${basename(bundle.path)}`}\n`;
}

function renderWarnings({ warnings }: BundleManifest): string {
  return warnings.map((text) => `note: ${text}\n`).join('');
}
