/** `tapprep mends list|show|try`: what makes a SystemTap fit a kernel that it does not know. */
import { resolve } from 'node:path';
import { countOf } from '../../count.ts';
import { identifyTarget, type TargetOverride } from '../../detect/target.ts';
import { EXIT, isTapprepError, TapprepError } from '../../errors.ts';
import { tapprep } from '../../make-remedy.ts';
import { type OpenHost, openTarget, openHost, requireHost } from '../../pipeline/open-target.ts';
import { withLockedTarget } from '../../install/target-lock.ts';
import { type ProveOptions, proveTarget } from '../../pipeline/prove.ts';
import { findHit } from '../../systemtap/kernel-range.ts';
import { upstreamKernelOf, upstreamOfRelease } from '../../systemtap/kernel-version.ts';
import { judgeKernel, readKernelPresence } from '../../systemtap/mends/presence.ts';
import { findMend, type Mend, MENDS } from '../../systemtap/mends/table.ts';
import type { VerifyLevel } from '../../verify/options.ts';
import type { Context } from '../context.ts';
import { openContextSession } from '../open-session.ts';
import { describeMend } from '../render/mends-text.ts';
import { renderDiagnoses } from '../render/diagnoses.ts';
import { renderTried } from '../render/systemtap-text.ts';
import { renderTable } from '../render/table.ts';
import { renderVerify } from '../render/verify-text.ts';
import { readScripts } from './verify.ts';
import type { HostFacts, Target, TargetOptions } from '../../types.ts';

/** Whether a kernel calls for a mend; null where its files do not tell, or nobody said which one it is. */
type Called = boolean | null;

/** Every row, and what the headers of the target say to it; of one that is only described, what its version says. */
export async function runMendsList(context: Context, target: TargetOptions): Promise<number> {
  const open = await openAny(context, target);
  const { release } = open.facts.kernel;
  const judge = release === null ? (): null => null : await judgeMends(open, release, target);
  const rows = MENDS.map((mend): { readonly mend: Mend; readonly called: Called } => ({ mend, called: judge(mend) }));
  if (context.common.json) {
    context.stdout.json({ kernel: release, mends: rows.map(({ mend, called }) => ({ ...mend, called })) });
  } else {
    const text = { true: 'yes', false: 'no', null: 'not known' };
    const table = renderTable(
      ['mend', 'SystemTap', `${release ?? 'the kernel'} calls for it`, 'what it does'],
      rows.map(({ mend, called }) => [mend.id, rangeOf(mend), text[`${called}`], mend.what]),
    );
    context.stdout.write(`${table}\n`);
  }
  return EXIT.done;
}

/** What a release of nobody's that is only described calls for does not depend on the architecture, which it does not tell. */
async function openAny(context: Context, target: TargetOptions): Promise<OpenHost> {
  try {
    return await openHost(context, target);
  } catch (error) {
    if (target.arch !== null || !isOfNobody(error)) throw error;
    return openHost(context, { ...target, arch: 'x86_64' });
  }
}

/** By the files of its kernel where the target is here, else by what the kernel calls itself. */
async function judgeMends(
  { host, facts }: OpenHost,
  release: string,
  { arch, unameV }: TargetOptions,
): Promise<(mend: Mend) => Called> {
  const target = findTarget(facts, { release, arch, unameV });
  if (host !== null) {
    const { own } = facts;
    const kernel = target ?? { release, arch: facts.kernel.arch ?? '', ...(own === undefined ? {} : { own }) };
    const presence = await readKernelPresence(host, kernel, MENDS);
    return (mend) => judgeKernel(mend, presence);
  }
  const kernel = target === null ? upstreamOfRelease(release) : upstreamKernelOf(target);
  return ({ kernels }) => (kernel === null ? null : findHit(kernels, kernel) !== null);
}

/** Null where nobody is known to package the kernel: what it calls for does not depend on that. */
function findTarget(facts: HostFacts, override: TargetOverride): Target | null {
  try {
    return identifyTarget(facts, override, 'any');
  } catch (error) {
    if (isOfNobody(error)) return null;
    throw error;
  }
}

function isOfNobody(error: unknown): boolean {
  return isTapprepError(error, 'UNKNOWN_RELEASE') || isTapprepError(error, 'CUSTOM_KERNEL_NO_PACKAGE');
}

function rangeOf({ stap: { from, before } }: Mend): string {
  return before === null ? `${from} and later` : `${from} to below ${before}`;
}

/** @throws TapprepError USAGE for a name that is none */
export function runMendsShow({ common, stdout }: Context, name: string): Promise<number> {
  const mend = requireMend(name);
  if (common.json) stdout.json(mend);
  else stdout.write(`${describeMend(mend)}\n`);
  return Promise.resolve(EXIT.done);
}

export interface MendsTryOptions {
  readonly target: TargetOptions;
  readonly where: 'local' | 'vm' | null;
  readonly level: VerifyLevel;
  /** vmlinuz to boot; null to look for it on the target. */
  readonly image: string | null;
  readonly allowExpiredRelease: boolean;
}

/** Exit 0 only when the mended SystemTap carried the ladder; it is the kernel's own from then on. */
export async function runMendsTry(
  context: Context,
  names: readonly string[],
  options: MendsTryOptions,
): Promise<number> {
  for (const name of names) requireMend(name);
  const open = await openTarget(context, options.target, 'root');
  const host = requireHost(open, 'mends try');
  const session = await openContextSession(context);
  const presence = await readKernelPresence(host, open.target, MENDS);
  if (names.length === 0 && !MENDS.some((mend) => judgeKernel(mend, presence) === true)) {
    throw new TapprepError(
      'NOT_PROVEN',
      `the headers of ${open.target.release} call for none of ${countOf(MENDS.length, 'mend')}`,
      {
        remedy: tapprep('mends', 'list'),
      },
    );
  }
  const choice: ProveOptions = {
    systemtap: 'distro',
    mends: names,
    allowExpiredRelease: options.allowExpiredRelease,
    ladder: {
      where: options.where,
      level: options.level,
      scripts: await readScripts(context, [], options.level),
      kernelImage: options.image === null ? null : resolve(context.cwd, options.image),
    },
  };
  const { verify, tried } = await withLockedTarget(host, session, () => proveTarget(session, open, host, choice));
  if (context.common.json) context.stdout.json({ verify, systemtap: tried });
  else context.stdout.write(`${renderVerify(verify)}\n${renderTried(tried)}${renderDiagnoses(verify.diagnoses)}`);
  return verify.ready ? EXIT.done : EXIT.notReady;
}

function requireMend(name: string): Mend {
  const found = findMend(name);
  if (found !== null) return found;
  throw new TapprepError('USAGE', `there is no mend ${name}, but ${MENDS.map(({ id }) => id).join(', ')}`, {
    remedy: tapprep('mends', 'list'),
  });
}
