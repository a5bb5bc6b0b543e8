/** What doctor found, as text: a line for each check, the problems with their fixes, the verdict. */
import type { Finding, FindingStatus } from '../../diagnose/finding.ts';
import type { Place } from '../../diagnose/place.ts';
import type { Readiness } from '../../diagnose/readiness.ts';
import { isDescribed, renderRemedy } from '../../diagnose/render-remedy.ts';
import { tapprep } from '../../make-remedy.ts';
import type { Diagnosis, HostFacts } from '../../types.ts';
import { renderDiagnoses } from './diagnoses.ts';

const MARKS: Readonly<Record<FindingStatus, string>> = {
  ok: 'ok',
  problem: 'PROBLEM',
  advice: 'note',
  unknown: 'unknown',
};

export interface Examined {
  readonly facts: HostFacts;
  readonly checks: readonly Finding[];
  readonly log: readonly Diagnosis[];
  readonly logIsForeign: boolean;
  readonly verdict: Readiness;
}

/** With `verbose` the notes are explained as fully as the problems. */
export function renderExamination(
  { facts, checks, log, logIsForeign, verdict }: Examined,
  { verbose, place }: { readonly verbose: boolean; readonly place: Place },
): string {
  const width = Math.max(...checks.map(({ check }) => check.length));
  const rows = checks.map((finding) => renderRow(finding, width));
  const told = checks.filter(({ status }) => status === 'problem' || (verbose && status === 'advice'));
  const codes = new Set(logIsForeign ? [] : log.map(({ code }) => code));
  const diagnoses = told.flatMap(({ diagnosis }) =>
    diagnosis === null || codes.has(diagnosis.code) ? [] : [diagnosis],
  );
  const parts = [headline(facts), rows.join('\n')];
  if (log.length > 0)
    parts.push(
      `From the log${logIsForeign ? ', which is of another machine and does not count here' : ''}:\n\n${renderDiagnoses(log).trimEnd()}`,
    );
  if (diagnoses.length > 0) parts.push(`From this machine:\n\n${renderDiagnoses(diagnoses).trimEnd()}`);
  parts.push(renderVerdict(verdict, checks, place));
  return `${parts.join('\n\n')}\n`;
}

function headline({ os, kernel, root }: HostFacts): string {
  const where = root === null ? '' : ` in ${root}`;
  return `${os.prettyName ?? os.id ?? 'Unknown system'}${where}, kernel ${kernel.release ?? 'unknown'}, ${kernel.arch}`;
}

function renderRow({ check, status, detail, diagnosis }: Finding, width: number): string {
  const code = diagnosis === null ? '' : ` [${diagnosis.code}]`;
  return `  ${MARKS[status].padEnd(7)}  ${check.padEnd(width)}  ${detail}${code}`;
}

function renderVerdict(verdict: Readiness, checks: readonly Finding[], place: Place): string {
  if (verdict.ready) {
    const unchecked = checks.some(({ status, diagnosis }) => status === 'unknown' || diagnosis !== null);
    const rest = unchecked ? ', apart from the notes above' : '';
    const ready = `Ready: nothing that can be seen stands in the way${rest}.`;
    // A kernel that does not run here is proven in a virtual machine.
    const where = place.reach.via === 'root' ? ['--in', 'vm'] : [];
    const [verify = ''] = renderRemedy(tapprep('verify', ...where), place);
    const command = isDescribed(place.reach) ? '"tapprep verify" there' : `"${verify}"`;
    return `${ready} ${command} proves it by compiling and loading a module.`;
  }
  const lines = ['Not ready.'];
  if (verdict.commands.length > 0) lines.push('To get there:', ...verdict.commands.map((command) => `  ${command}`));
  if (verdict.byHand.length > 0)
    lines.push('No command here mends that:', ...verdict.byHand.map((sentence) => `  ${sentence}`));
  return lines.join('\n');
}
