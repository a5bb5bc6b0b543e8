/** What the ladder says of the SystemTap that it was climbed with. Pure. */
import { textOf } from '../sentence.ts';
import type { Candidate } from '../systemtap/choose.ts';
import type { FitRung } from '../systemtap/incompatibilities.ts';
import type { KernelBuild } from '../systemtap/kernel-build.ts';
import { type SeenVerdict, toTried } from '../systemtap/verdicts.ts';
import type { VerifyReport, VerifyStep } from '../types.ts';
import type { Session } from './session.ts';

/** Whether the rungs that a release may fail on by itself were reached; one that could not be tried stands against nobody. */
export function carries({ steps }: Pick<VerifyReport, 'steps'>, rung: FitRung): boolean {
  const ladder = steps.filter(({ id }) => id !== 'script');
  if (ladder.some(({ status }) => status === 'fail') || steps.some(isFaultOfSystemtap)) return false;
  const hello = ladder.find(({ id }) => id === 'hello');
  return hello?.status === 'pass' && (rung === 'hello' || ladder.some(({ id }) => id === 'kernel.function'));
}

export function isFaultOfSystemtap({ status, blame }: VerifyStep): boolean {
  return status === 'fail' && blame === 'systemtap';
}

/** Whether a script did not print its event, and another SystemTap may. */
export function leavesScriptOpen({ steps }: Pick<VerifyReport, 'steps'>): boolean {
  return steps.some(({ id, status, blame }) => id === 'script' && status === 'fail' && blame === null);
}

/**
 * A SystemTap that fails on any rung or script above hello is not taken for what lies there: it may have ended the guest.
 * @returns null where the outcome says nothing of the SystemTap: tools that are missing, a machine that was too slow, a hello
 *   world that failed though a module above it ran, which asks for all that hello world does
 */
export function seeVerdict(
  { now, tapprepVersion }: Pick<Session, 'now' | 'tapprepVersion'>,
  kernel: KernelBuild,
  candidate: Candidate,
  { steps }: Pick<VerifyReport, 'steps'>,
): SeenVerdict | null {
  const outcome = (rung: FitRung): SeenVerdict['rungs'][FitRung] =>
    steps.find(({ id }) => id === rung)?.status ?? 'skip';
  const faults = steps.filter(isFaultOfSystemtap);
  const others = steps.some(({ id, status }) => id in RUNGS && status === 'fail');
  if (outcome('hello') === 'skip' || (faults.length === 0 && others)) return null;
  if (outcome('hello') === 'fail' && outcome('kernel.function') === 'pass') return null;
  const above = faults.some(({ id }) => id !== 'hello') ? 'fail' : outcome('kernel.function');
  const [first] = faults;
  return {
    kernel,
    systemtap: toTried(candidate),
    rungs: { hello: outcome('hello'), 'kernel.function': above },
    failed: first === undefined ? null : { step: first.id, blame: first.blame },
    reason: first === undefined || first.reason === null ? null : textOf(first.reason),
    at: new Date(now()).toISOString(),
    tapprep: tapprepVersion,
  };
}

const RUNGS: Readonly<Record<FitRung, true>> = { hello: true, 'kernel.function': true };
