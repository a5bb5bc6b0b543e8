/** One kernel of the matrix: every SystemTap that can be had for it, what is expected of each, and what is seen. */
import { rm } from 'node:fs/promises';
import { declareFacts } from '../src/detect/declared-facts.ts';
import { identifyTarget } from '../src/detect/target.ts';
import { isTapprepError, TapprepError } from '../src/errors.ts';
import { planTarget } from '../src/pipeline/plan-target.ts';
import { buildOfPlan, rankForPlan } from '../src/pipeline/predict-systemtap.ts';
import { provideCandidate } from '../src/pipeline/provide-candidate.ts';
import { type Rehearsal, withRehearsal } from '../src/pipeline/rehearse.ts';
import { seeVerdict } from '../src/pipeline/see-verdict.ts';
import type { Session } from '../src/pipeline/session.ts';
import { verifyOpenTarget } from '../src/pipeline/verify.ts';
import { textOf } from '../src/sentence.ts';
import type { RankedCandidate } from '../src/systemtap/choose.ts';
import type { VerifyReport } from '../src/types.ts';
import { findDecisive } from '../src/verify/step.ts';
import type { ArchiveKernel } from './matrix-kernels.ts';
import type { MatrixTry } from './matrix-schema.ts';

export interface TryOptions {
  /** SystemTaps that are built from source, too: each takes minutes. */
  readonly builds: boolean;
  /** Names of candidates that were tried before. */
  readonly known: readonly string[];
  readonly commit: string | null;
  /** Told of each as soon as it was tried. */
  readonly onTry: (tried: MatrixTry) => Promise<void>;
}

const ROOT_OPTIONS = { debuginfo: true, allowExpiredRelease: true, yes: true, isRoot: true } as const;
const RUNG = 'kernel.function';

/** What is expected of every SystemTap on a kernel, from the signed indexes alone. @throws TapprepError of planning */
export async function predictKernel(
  session: Session,
  kernel: Pick<ArchiveKernel, 'distro' | 'release'>,
  { builds }: Pick<TryOptions, 'builds'>,
): Promise<Expected> {
  const facts = declareFacts({ distro: kernel.distro, release: kernel.release, arch: null, unameV: null });
  const open = { host: null, facts, target: identifyTarget(facts, { arch: null, unameV: null }) };
  const plan = await planTarget(session, open, {
    debuginfo: true,
    image: true,
    systemtap: 'distro',
    rung: RUNG,
    isWhole: true,
    allowExpiredRelease: true,
  });
  const ranked = await rankForPlan(session, plan, { wish: 'auto', rung: RUNG });
  return {
    open,
    build: buildOfPlan(plan),
    ranked: ranked.filter(({ candidate }) => builds || candidate.kind !== 'build'),
  };
}

export interface Expected {
  readonly open: Parameters<typeof withRehearsal>[1];
  readonly build: ReturnType<typeof buildOfPlan>;
  readonly ranked: readonly RankedCandidate[];
}

/** Tries what was not tried yet; a root that was made for it is taken away afterwards. @throws TapprepError of the rehearsal */
export async function tryKernel(session: Session, expected: Expected, options: TryOptions): Promise<void> {
  const open = expected.ranked.filter(({ name }) => !options.known.includes(name));
  if (open.length === 0) return;
  await withRehearsal(session, expected.open, ROOT_OPTIONS, async (rehearsal) => {
    for (const one of open) {
      if (session.signal.aborted) throw new TapprepError('INTERRUPTED', 'stopped by a signal');
      const tried = await tryOne(session, expected, rehearsal, one, options.commit);
      // What says nothing of the SystemTap, as a machine that was too slow, gets another turn.
      const isOpen = tried.seen === null && !tried.refused;
      await options.onTry(isOpen ? await tryOne(session, expected, rehearsal, one, options.commit) : tried);
    }
    // Each holds a gigabyte and more; nothing is mounted in it, and nobody else is in it as long as this one is.
    await rm(`${rehearsal.root}.json`, { force: true });
    await rm(rehearsal.root, { recursive: true, force: true });
  });
}

async function tryOne(
  session: Session,
  { open, build }: Expected,
  { host, kernelImage }: Rehearsal,
  { name, candidate, predictions }: RankedCandidate,
  commit: string | null,
): Promise<MatrixTry> {
  const started = session.now();
  const base = {
    name,
    predicted: { hello: predictions.hello.verdict, [RUNG]: predictions[RUNG].verdict },
    commit,
    at: new Date(started).toISOString(),
  };
  const elapsed = (): number => Math.round((session.now() - started) / 1000);
  try {
    const systemtap = await provideCandidate(session, open, host, candidate, ROOT_OPTIONS);
    const ladder = { where: 'vm', level: 'probe', rungs: [RUNG], scripts: [] } as const;
    const verify = await verifyOpenTarget(session, open, host, { ...ladder, kernelImage, systemtap });
    const seen = seeVerdict(session, build, candidate, verify);
    return { ...base, seen, why: seen === null ? explain(verify) : null, refused: false, seconds: elapsed() };
  } catch (error) {
    if (!isTapprepError(error) || ENDS_ALL.has(error.code)) throw error;
    const why = `${error.code}: ${error.message}`;
    return { ...base, seen: null, why, refused: error.code === 'MEND_REFUSED', seconds: elapsed() };
  }
}

/** They would meet every other kernel as well. */
export const ENDS_ALL: ReadonlySet<string> = new Set(['INTERRUPTED', 'NOT_ROOT', 'TOOL_MISSING', 'NO_SPACE', 'USAGE']);

function explain({ steps }: VerifyReport): string {
  const failed = findDecisive(steps);
  return failed === null
    ? 'not every step passed'
    : `${failed.step}: ${failed.reason === null ? failed.status : textOf(failed.reason)}`;
}
