/** `tapprep plan`: the exact packages, with source, size, digest and signer, and what they need on disk. */
import { resolve } from 'node:path';
import { EXIT, toSafeJson } from '../../errors.ts';
import { writeWhole } from '../../files/write-whole.ts';
import { type DebuginfoChoice, planSubject } from '../../pipeline/plan-subject.ts';
import { predictForPlan } from '../../pipeline/predict-systemtap.ts';
import { openSubject } from '../../pipeline/open-target.ts';
import type { SystemtapWish } from '../../systemtap/choose.ts';
import type { Context, TargetOptions } from '../context.ts';
import { openContextSession } from '../open-session.ts';
import { renderPlan } from '../render/plan-text.ts';
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

const OUT = 'the plan cannot be written: ';

/** Nothing is downloaded but indexes, and nothing on the target is changed. */
export async function runPlan(context: Context, options: PlanCommandOptions): Promise<number> {
  const session = await openContextSession(context);
  const subject = await openSubject(context, options.target);
  const rung = 'kernel.function';
  const plan = await planSubject(session, subject, { ...options, rung });
  const systemtap = await predictForPlan(session, plan, { wish: options.systemtap, rung });
  if (options.out !== null)
    await writeWhole(resolve(context.cwd, options.out), `${toSafeJson(plan, 2)}\n`, { mode: 0o644, what: OUT });
  const { json, verbose } = context.common;
  if (json) context.stdout.json({ ...plan, systemtap });
  else context.stdout.write(`${renderPlan(plan, verbose)}\n\n${renderSystemtap(systemtap, verbose)}\n`);
  return EXIT.done;
}
