/** `tapprep doctor`: every check on what is observed of the target, then one verdict. Changes nothing. */
import { identifyTarget } from '../../detect/target.ts';
import { checkFacts } from '../../diagnose/check-facts.ts';
import { explainExcerpt } from '../../diagnose/diagnose.ts';
import type { Finding } from '../../diagnose/finding.ts';
import { type Reach, reachByOptions } from '../../diagnose/place.ts';
import { judgeReadiness, type Readiness } from '../../diagnose/readiness.ts';
import { EXIT, isTapprepError, TapprepError } from '../../errors.ts';
import { run } from '../../make-remedy.ts';
import type { Host } from '../../host/host.ts';
import { createLocalHost } from '../../host/local.ts';
import { type Entry, openHost } from '../../pipeline/open-target.ts';
import { checkOwnTools } from '../../pipeline/own-tools.ts';
import { describeExamination } from '../../report/preflight.ts';
import type { Diagnosis, HostFacts, Target, TargetOptions } from '../../types.ts';
import type { Context } from '../context.ts';
import { withReport } from '../keep-report.ts';
import { type LogContext, type LogWords, readLogSource } from '../log-source.ts';
import { renderExamination } from '../render/examination.ts';

export interface DoctorOptions {
  readonly target: TargetOptions;
  /** A failed run's output, "-" for standard input; null for none. */
  readonly log: string | null;
  /** Where --report asks for reports. */
  readonly reports: readonly string[];
}

/** What doctor needs of its process. */
export type DoctorContext = LogContext & Pick<Context, 'stdout' | 'common' | 'now' | 'ssh' | 'place'>;

/** What doctor found, before anything is printed or mended. */
export interface Examination {
  /** Null where only facts of the machine are there. */
  readonly host: Host | null;
  readonly facts: HostFacts;
  /** Null where the kernel is of no known family. */
  readonly target: Target | null;
  readonly checks: readonly Finding[];
  /** What the log says, most likely first; empty without one. */
  readonly log: readonly Diagnosis[];
  /** The log is of a machine of another package system: it says nothing of this one. */
  readonly logIsForeign: boolean;
  /** Diagnoses of log and checks, one for each code. */
  readonly findings: readonly Diagnosis[];
  readonly verdict: Readiness;
  /** How the machine was named, for the commands that are printed. */
  readonly reach: Reach;
}

/** What --log takes is no code. */
const IS_FILE: LogWords = {
  absent: 'is not there: --log takes a file, or "-" for standard input',
  hint: 'tapprep doctor --help',
};

/** Looks at the target without changing it. @throws TapprepError as openHost; USAGE where the host was only declared */
export async function examine(
  context: LogContext & Pick<Context, 'ssh'>,
  options: Pick<DoctorOptions, 'target' | 'log'>,
  entry: Entry = 'look',
): Promise<Examination> {
  const reach = reachByOptions(options.target, context.ssh.configFile);
  const { host, facts } = await openHost(context, options.target, entry);
  if (facts.source === 'declared') {
    throw new TapprepError('USAGE', 'doctor needs a machine or its saved facts, but the target is only described', {
      remedy: run('tapprep detect --json >facts.json'),
      hint: 'then here: tapprep doctor --facts facts.json',
    });
  }
  const target = identify(facts, options.target);
  const own = await checkOwnTools(createLocalHost(), facts.kernel.arch);
  const checks = [...checkFacts(facts, target, reach), own];
  const told =
    options.log === null
      ? null
      : explainExcerpt(await readLogSource(context, options.log, IS_FILE), facts, target, reach);
  const log = told?.diagnoses ?? [];
  const logIsForeign = told !== null && told.situation.otherMachine !== null;
  // What must be mended comes before what is only worth knowing.
  const problems = ['problem', 'advice'].flatMap((wanted) =>
    checks.flatMap(({ status, diagnosis }) => (status === wanted && diagnosis !== null ? [diagnosis] : [])),
  );
  const ours = logIsForeign ? [] : log;
  const seen = new Set(ours.map(({ code }) => code));
  const findings = [...log, ...problems.filter(({ code }) => !seen.has(code))];
  const verdict = judgeReadiness(facts, checks, ours, reach);
  return { host, facts, target, checks, log, logIsForeign, findings, verdict, reach };
}

/** @returns 0 when ready, 1 when not. @throws TapprepError as examine */
export async function runDoctor(context: DoctorContext, options: DoctorOptions): Promise<number> {
  const look = (): Promise<Examination> => examine(context, options);
  const examination = await withReport(context, 'doctor', options.reports, describeExamination, look, examinationJson);
  if (context.common.json) context.stdout.json(examinationJson(examination));
  else context.stdout.write(renderExamination(examination, { verbose: context.common.verbose, place: context.place }));
  return examination.verdict.ready ? EXIT.done : EXIT.notReady;
}

/** What --json prints of an examination. */
export function examinationJson({ facts, target, checks, findings, verdict }: Examination) {
  return {
    facts: summarise(facts),
    target,
    checks: checks.map(({ check, status, detail, diagnosis }) => ({
      check,
      status,
      detail,
      code: diagnosis?.code ?? null,
    })),
    findings,
    verdict,
  };
}

/** A kernel that no package exists for is a finding of the checks, not a failure of doctor. */
function identify(facts: HostFacts, { arch, unameV }: TargetOptions): Target | null {
  try {
    return identifyTarget(facts, { arch, unameV });
  } catch (error) {
    if (!isTapprepError(error)) throw error;
    return null;
  }
}

function summarise({ os, kernel, source, root, packageManager, systemtap, user }: HostFacts) {
  return {
    source,
    root,
    system: os.prettyName ?? os.id,
    distribution: os.id,
    version: os.versionId,
    kernel: kernel.release,
    unameV: kernel.unameV,
    arch: kernel.arch,
    running: kernel.running,
    buildId: kernel.buildId,
    packageManager,
    systemtap: systemtap?.version ?? null,
    user: user.name ?? String(user.uid),
  };
}
