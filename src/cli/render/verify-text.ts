/** A verification for people: one line a step, the tools' own words under what failed, the verdict last. */
import { countOf } from '../../count.ts';
import { textOf } from '../../sentence.ts';
import type { VerifyReport, VerifyStep } from '../../types.ts';
import { findDecisive } from '../../verify/step.ts';
import { formatSeconds } from './progress-text.ts';
import { renderTable } from './table.ts';

const MAX_OUTPUT_LINES = 12;

/** The whole report as text. */
export function renderVerify(report: VerifyReport): string {
  const rows = report.steps.map((step) => [step.status, step.step, formatSeconds(step.seconds), summarize(step)]);
  const details = report.steps.filter(({ status, output }) => status === 'fail' && output !== '').flatMap(renderOutput);
  const policy = describePolicy(report);
  return [
    renderTable(['result', 'step', 'time', ''], rows),
    ...details,
    '',
    ...(policy === null ? [] : [policy]),
    renderVerdict(report),
  ].join('\n');
}

/** What the guest's kernel said of itself, where it was more than nothing. */
function describePolicy({ policy, signedBy }: VerifyReport): string | null {
  const signed = signedBy === undefined ? 'modules unsigned' : `modules signed by "${signedBy.name}"`;
  if (policy === undefined) return signedBy === undefined ? null : signed;
  const { lockdown, secureBoot, sigEnforce } = policy;
  const words = [
    ...(secureBoot === true ? ['Secure Boot'] : []),
    ...(lockdown === null || lockdown === 'none' ? [] : [`lockdown ${lockdown}`]),
    ...(sigEnforce === true ? ['sig_enforce'] : []),
  ];
  return words.length === 0 && signedBy === undefined
    ? null
    : `guest: ${words.length === 0 ? 'no policy on modules' : words.join(', ')}; ${signed}`;
}

function summarize({ status, reason, output }: VerifyStep): string {
  if (status !== 'pass') return reason === null ? '' : textOf(reason);
  const [first = ''] = output.split('\n');
  return first.slice(0, 120);
}

function renderOutput({ step, output }: VerifyStep): readonly string[] {
  const lines = output.split('\n');
  const cut =
    lines.length > MAX_OUTPUT_LINES
      ? [`… ${countOf(lines.length - MAX_OUTPUT_LINES, 'more line')} (--json has them)`]
      : [];
  return ['', `${step}:`, ...[...lines.slice(0, MAX_OUTPUT_LINES), ...cut].map((line) => `  | ${line}`)];
}

function renderVerdict({ ready, ranIn, runtime, target, steps }: VerifyReport): string {
  const where = ranIn === 'vm' ? `kernel ${target.release}, booted in QEMU` : `the running kernel ${target.release}`;
  if (ready)
    return `proven: SystemTap printed "Hello, World" inside ${where}${runtime === 'bpf' ? ', by its bpf runtime and without a module' : ''}`;
  const decisive = findDecisive(steps);
  if (decisive?.status === 'fail') return `not proven: ${decisive.step} failed for kernel ${target.release}`;
  const why = decisive?.reason ?? null;
  return `not proven: ${why === null ? 'no step was run' : textOf(why)}`;
}
