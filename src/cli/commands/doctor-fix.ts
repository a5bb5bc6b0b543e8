/** `tapprep doctor --fix`: does of the verdict what tapprep answers for, after asking, and proves the result. */
import { EXIT, TapprepError } from '../../errors.ts';
import { readLogFacts } from '../../diagnose/log-facts.ts';
import { describeSituation } from '../../diagnose/situation.ts';
import { type FixReport, type FixResult, runFixes } from '../../pipeline/fix.ts';
import { type FixStep, planFixes } from '../../pipeline/fix-steps.ts';
import { hasRootRights, requireHost } from '../../pipeline/open-target.ts';
import { describeExamination, describeRepair } from '../../report/preflight.ts';
import type { Context } from '../context.ts';
import { withReport } from '../keep-report.ts';
import { isRootUser, openContextSession } from '../open-session.ts';
import { renderDiagnoses } from '../render/diagnoses.ts';
import { renderExamination } from '../render/examination.ts';
import { renderPlan } from '../render/plan-text.ts';
import { renderVerify } from '../render/verify-text.ts';
import { type DoctorOptions, type Examination, examinationJson, examine } from './doctor.ts';
import { textOf } from '../../sentence.ts';

interface Repair {
  readonly examination: Examination;
  readonly steps: readonly FixStep[];
  /** Null in a dry run. */
  readonly fix: FixReport | null;
}

/** Exit 0 only when the target was proven to be ready; a dry run never is. */
export async function runDoctorFix(context: Context, options: DoctorOptions): Promise<number> {
  const { common, stdout } = context;
  const repair = await withReport(
    context,
    'doctor',
    options.reports,
    ({ examination, fix }) => (fix === null ? describeExamination(examination) : describeRepair(examination, fix)),
    () => work(context, options),
    repairJson,
  );
  const { fix, steps } = repair;
  if (common.json) stdout.json(repairJson(repair));
  else if (fix === null) stdout.write(renderSteps(steps));
  else
    stdout.write(
      `${renderFixes(fix.fixes)}${renderVerify(fix.verify, stdout.columns)}\n${renderDiagnoses(fix.verify.diagnoses)}`,
    );
  return fix?.verify.ready === true ? EXIT.done : EXIT.notReady;
}

async function work(context: Context, options: DoctorOptions): Promise<Repair> {
  const { common, stderr } = context;
  const examination = await examine(context, options, common.dryRun ? 'look' : 'root');
  const { facts, target, verdict } = examination;
  const output = common.json ? stderr : context.stdout;
  if (!common.quiet)
    output.write(`${renderExamination(examination, { verbose: common.verbose, place: context.place })}\n`);
  const { place } = describeSituation(readLogFacts([]), facts, target, examination.reach);
  const steps = planFixes(verdict.remedies, facts, target, place);
  if (common.dryRun) return { examination, steps, fix: null };
  const host = requireHost(examination, 'doctor --fix');
  if (target === null) {
    const [why = 'the kernel is of no known family'] = verdict.byHand;
    throw new TapprepError('CUSTOM_KERNEL_NO_PACKAGE', `nothing can be fixed: ${why}`, {
      hint: 'tapprep explain CUSTOM_KERNEL_NO_PACKAGE',
    });
  }
  const session = await openContextSession(context);
  const fix = await runFixes(session, { host, facts, target }, host, steps, {
    level: 'hello',
    isRoot: hasRootRights(host, isRootUser()),
    confirm: context.confirm,
    approve: (plan, change) => {
      if (!common.quiet) stderr.write(`${renderPlan(plan, common.verbose, stderr.columns)}\n`);
      return context.confirm(`${change} on ${host.name}?`);
    },
  });
  return { examination, steps, fix };
}

function repairJson({ examination, steps, fix }: Repair) {
  return { ...examinationJson(examination), steps, fixes: fix?.fixes ?? [], verify: fix?.verify ?? null };
}

const ACTIONS = {
  install: 'installs the exact packages',
  purge: 'removes the caches',
  left: 'is left to you',
} as const satisfies Record<FixStep['kind'], string>;

function renderSteps(steps: readonly FixStep[]): string {
  if (steps.length === 0) return 'nothing would be changed; "tapprep verify" proves the result\n';
  const lines = steps.map((step) => {
    const reason = step.kind === 'left' ? `: ${textOf(step.reason)}` : '';
    return `  ${step.command}\n    ${ACTIONS[step.kind]}${reason}`;
  });
  return `--fix, in this order:\n${lines.join('\n')}\n`;
}

function renderFixes(fixes: readonly FixResult[]): string {
  const lines = fixes.map(
    ({ command, status, reason }) => `  ${status}  ${command}${reason === null ? '' : ` (${textOf(reason)})`}\n`,
  );
  return lines.length === 0 ? '' : `Fixes:\n${lines.join('')}\n`;
}
