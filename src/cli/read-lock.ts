/** Reads a lock: a plan that was written before, for exactly this target. */
import { resolve } from 'node:path';
import { TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import { readTextFile } from '../host/files.ts';
import type { Plan, Target } from '../types.ts';
import { checkPlan } from '../resolve/plan-schema.ts';

/** @throws TapprepError BAD_LOCK when it is no plan, or a plan for another kernel, distribution or architecture */
export async function readLock(cwd: string, path: string, target: Target): Promise<Plan> {
  const text = await readTextFile(resolve(cwd, path));
  if (text === null)
    throw new TapprepError('BAD_LOCK', `${path} is no file`, { remedy: tapprep('plan', '--out', path) });
  // A lock holds no logins: such an address is asked without one.
  const plan = checkPlan(text.replaceAll('://***@', '://'), path);
  for (const key of ['distro', 'release', 'arch'] as const) {
    if (plan.target[key] === target[key]) continue;
    throw new TapprepError(
      'BAD_LOCK',
      `${path} is for ${key} ${plan.target[key]} but the target has ${key} ${target[key]}`,
      {
        remedy: tapprep('plan', '--out', path),
      },
    );
  }
  return plan;
}
