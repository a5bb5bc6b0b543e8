/** What a report page shows, whichever command it comes from. Pure. */
import type { Finding } from '../diagnose/finding.ts';
import type { Readiness } from '../diagnose/readiness.ts';
import type { FixReport, FixResult } from '../pipeline/fix.ts';
import type { InstallOutcome } from '../pipeline/install.ts';
import type { TriedSystemtap } from '../pipeline/provide-systemtap.ts';
import type { RehearseReport } from '../pipeline/rehearse.ts';
import type { Diagnosis, HostFacts, InstallReport, Plan, Target, VerifyReport, VerifyStep } from '../types.ts';

export type ReportedCommand = 'rehearse' | 'install' | 'verify' | 'doctor';

/** The error that ended a command before it could report. */
export interface ReportedFailure {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

/** One run of one command. What a command does not have is null or empty. */
export interface Preflight {
  readonly command: ReportedCommand;
  /** Null where the kernel is of no known family, or the run ended before it was known. */
  readonly target: Target | null;
  /** uname -r of the kernel in question, also where it is of no known family. */
  readonly kernel: string | null;
  /** The system by the name that it gives itself. */
  readonly system: string | null;
  readonly ready: boolean;
  /** Where the module was loaded. */
  readonly ranIn: VerifyReport['ranIn'];
  readonly steps: readonly VerifyStep[];
  /** Whose signature the module carries that was loaded. */
  readonly signedBy: string | null;
  readonly checks: readonly Finding[];
  readonly diagnoses: readonly Diagnosis[];
  /** What doctor would do next, to paste in this order. */
  readonly commands: readonly string[];
  /** What no command can do; sentences. */
  readonly byHand: readonly string[];
  readonly plan: Plan | null;
  readonly install: InstallReport | null;
  /** Every SystemTap that was tried, the one that was taken last. */
  readonly systemtap: readonly TriedSystemtap[];
  /** What doctor did, or left, and why. */
  readonly fixes: readonly FixResult[];
  readonly stages: readonly { readonly stage: string; readonly seconds: number }[];
  readonly failure: ReportedFailure | null;
}

/** A page with nothing on it but the command. */
function emptyPreflight(command: ReportedCommand): Preflight {
  return {
    command,
    target: null,
    kernel: null,
    system: null,
    ready: false,
    ranIn: null,
    steps: [],
    signedBy: null,
    checks: [],
    diagnoses: [],
    commands: [],
    byHand: [],
    plan: null,
    install: null,
    systemtap: [],
    fixes: [],
    stages: [],
    failure: null,
  };
}

/** The page of a verification. */
export function describeVerification(report: VerifyReport): Preflight {
  const { target, ready, ranIn, steps, diagnoses, signedBy } = report;
  const proof = { ready, ranIn, steps, diagnoses, signedBy: signedBy?.name ?? null };
  return { ...emptyPreflight('verify'), ...proof, target, kernel: target.release };
}

/** The page of a rehearsal. */
export function describeRehearsal({ plan, verify, systemtap, stages }: RehearseReport): Preflight {
  return { ...describeVerification(verify), command: 'rehearse', plan, systemtap, stages };
}

/** The page of an installation; without a verification it is not ready. */
export function describeInstallation({ plan, install, verify, systemtap, stages }: InstallOutcome): Preflight {
  const proof = verify === null ? emptyPreflight('install') : describeVerification(verify);
  return {
    ...proof,
    command: 'install',
    target: plan.target,
    kernel: plan.target.release,
    plan,
    install,
    systemtap,
    stages,
  };
}

/** What doctor found, as `examine` returns it. */
export interface ReportedExamination {
  readonly facts: {
    readonly os: Pick<HostFacts['os'], 'prettyName'>;
    readonly kernel: Pick<HostFacts['kernel'], 'release'>;
  };
  readonly target: Target | null;
  readonly checks: readonly Finding[];
  readonly findings: readonly Diagnosis[];
  readonly verdict: Readiness;
}

/** The page of doctor. */
export function describeExamination({ facts, target, checks, findings, verdict }: ReportedExamination): Preflight {
  const { ready, commands, byHand } = verdict;
  const machine = { target, kernel: target?.release ?? facts.kernel.release, system: facts.os.prettyName };
  return { ...emptyPreflight('doctor'), ...machine, ready, checks, diagnoses: findings, commands, byHand };
}

/** The page of doctor after its fixes: the proof decides whether the target is ready. Checks show what was before. */
export function describeRepair(
  examination: ReportedExamination,
  { fixes, outcome, stages, verify }: FixReport,
): Preflight {
  const before = describeExamination(examination);
  const { ready, ranIn, steps, diagnoses, signedBy } = verify;
  return {
    ...before,
    ...(outcome === null ? {} : { plan: outcome.plan, install: outcome.install, systemtap: outcome.systemtap }),
    ...(ready ? { commands: [], byHand: [] } : {}),
    fixes,
    stages,
    ready,
    ranIn,
    steps,
    signedBy: signedBy?.name ?? null,
    diagnoses: [...before.diagnoses, ...diagnoses],
  };
}

/** The page of a command that ended with an error. */
export function describeFailure(command: ReportedCommand, failure: ReportedFailure): Preflight {
  return { ...emptyPreflight(command), failure };
}
