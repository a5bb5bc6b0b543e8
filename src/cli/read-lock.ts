/** Reads a lock: a plan that was written before, for exactly one target. */
import { resolve } from 'node:path';
import { isBundle } from '../bundle/is-bundle.ts';
import { isTapprepError, TapprepError } from '../errors.ts';
import { tapprep } from '../make-remedy.ts';
import { readGivenText } from '../host/given-file.ts';
import { isSameRelease } from '../mirrors/same-release.ts';
import { checkPlan } from '../resolve/plan-schema.ts';
import type { Plan, Target, TargetOptions } from '../types.ts';

/** @throws TapprepError BAD_LOCK when it is no plan */
export async function readLock(cwd: string, path: string): Promise<Plan> {
  const file = resolve(cwd, path);
  if (await isBundle(file))
    throw new TapprepError('BAD_LOCK', `${path} is a bundle, and a lock is what "plan --out" wrote`, {
      remedy: tapprep('install', '--bundle', path),
    });
  try {
    const text = await readGivenText(file);
    if (text === null)
      throw new TapprepError('BAD_LOCK', `${path} is no file`, { remedy: tapprep('plan', '--out', path) });
    // A lock holds no logins: such an address is asked without one.
    return checkPlan(text.replaceAll('://***@', '://'), path);
  } catch (error) {
    if (isTapprepError(error, 'TOO_LARGE')) throw noLock(`${path} is larger than any lock`, error);
    if (isTapprepError(error, 'BAD_LOCK') && error.hint === null && error.remedy === null)
      throw noLock(error.message, error);
    throw error;
  }
}

function noLock(message: string, cause: TapprepError): TapprepError {
  const { facts } = cause;
  return new TapprepError('BAD_LOCK', message, {
    remedy: tapprep('plan', '--out', 'FILE'),
    hint: 'writes one',
    facts,
    cause,
  });
}

/** The target that a lock is for, as the options that would name it. */
export function targetOfLock({ target }: Plan): TargetOptions {
  const { distro, version, release, arch, unameV } = target;
  return {
    kernel: release,
    distro: version === null ? distro : `${distro}:${version}`,
    arch,
    unameV,
    root: null,
    host: null,
    facts: null,
  };
}

/** @throws TapprepError BAD_LOCK for another kernel, distribution, release of it or architecture */
export function requireSameTarget(plan: Plan, path: string, target: Target): void {
  for (const key of ['distro', 'version', 'release', 'arch', 'packageArch'] as const) {
    const [locked, wanted] = [plan.target[key], target[key]];
    if (key === 'version' ? isSameRelease(plan.target, target) : locked === wanted) continue;
    throw new TapprepError('BAD_LOCK', `${path} is for ${key} ${locked} but the target has ${key} ${wanted}`, {
      remedy: tapprep('plan', '--out', path),
    });
  }
}
