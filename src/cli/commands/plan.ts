/** `tapprep plan`: the exact packages, with source, size, digest and signer, and what they need on disk. */
import { resolve } from 'node:path';
import { EXIT, redact, toSafeJson } from '../../errors.ts';
import { checkPlace, writeWhole } from '../../files/write-whole.ts';
import { type DebuginfoChoice, planTarget } from '../../pipeline/plan-target.ts';
import { predictForPlan } from '../../pipeline/predict-systemtap.ts';
import { openTarget } from '../../pipeline/open-target.ts';
import type { SystemtapWish } from '../../systemtap/choose.ts';
import type { Context } from '../context.ts';
import { openContextSession } from '../open-session.ts';
import type { AskedEvent, Emit, TargetOptions } from '../../types.ts';
import { renderPlan } from '../render/plan-text.ts';
import { renderTable } from '../render/table.ts';
import { renderSystemtap } from '../render/systemtap-text.ts';

export interface PlanCommandOptions {
  readonly target: TargetOptions;
  readonly debuginfo: DebuginfoChoice;
  readonly image: boolean;
  readonly allowExpiredRelease: boolean;
  readonly systemtap: SystemtapWish;
  /** Where to write the plan as a lock; null for nowhere. */
  readonly out: string | null;
}

const WRITTEN = { what: 'the plan cannot be written: ' } as const;

/** What was asked, in which order, what answered, and whether that was enough. */
function renderAsked(rows: readonly Omit<AskedEvent, 'type'>[], columns: number | null): string {
  const cells = rows.map(({ repository, tier, answer, plan, url }, at) => [
    String(at + 1),
    redact(repository),
    tier,
    answer,
    plan,
    redact(url ?? ''),
  ]);
  return `Asked, in this order\n${renderTable(['', 'REPOSITORY', 'TIER', 'ANSWER', 'PLAN', 'ADDRESS'], cells, columns)}`;
}

/** Nothing is downloaded but indexes, and nothing on the target is changed. */
export async function runPlan(context: Context, options: PlanCommandOptions): Promise<number> {
  const asked = new Map<string, AskedEvent>();
  const emit: Emit = (event) => {
    // A plan that is made again asks nobody anew: what it says of them is the last word.
    if (event.type === 'asked') asked.set(event.repository, event);
    context.emit(event);
  };
  const out = options.out === null ? null : resolve(context.cwd, options.out);
  if (out !== null) await checkPlace(out, WRITTEN);
  const session = await openContextSession(context, emit);
  const open = await openTarget(context, options.target);
  const rung = 'kernel.function';
  const plan = await planTarget(session, open, { ...options, rung });
  const systemtap = await predictForPlan(session, plan, { wish: options.systemtap, rung });
  if (out !== null) await writeWhole(out, `${toSafeJson(plan, 2)}\n`, { mode: 'user', ...WRITTEN });
  const { json, verbose } = context.common;
  const rows = [...asked.values()].map(({ repository, tier, url, answer, plan: outcome }) => ({
    repository,
    tier,
    url,
    answer,
    plan: outcome,
  }));
  if (json) context.stdout.json({ ...plan, systemtap, asked: rows });
  else {
    const { columns } = context.stdout;
    const table = verbose ? `\n\n${renderAsked(rows, columns)}` : '';
    context.stdout.write(
      `${renderPlan(plan, verbose, columns)}\n\n${renderSystemtap(systemtap, verbose, columns)}${table}\n`,
    );
  }
  return EXIT.done;
}
