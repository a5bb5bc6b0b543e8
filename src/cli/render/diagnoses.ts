/** Diagnoses as text: cause first, then what proves it, then what to type. */
import type { Diagnosis } from '../../types.ts';

/** One block for each diagnosis, the most likely first. Empty text for none. */
export function renderDiagnoses(diagnoses: readonly Diagnosis[]): string {
  return diagnoses.map((diagnosis, index) => renderOne(diagnosis, index)).join('\n');
}

function renderOne(diagnosis: Diagnosis, index: number): string {
  const lines = [`${String(index + 1)}. ${diagnosis.code} (${diagnosis.confidence})`, `   ${diagnosis.cause}`];
  if (diagnosis.evidence.length > 0) {
    lines.push('   Seen:', ...diagnosis.evidence.map((line) => `     | ${line.replaceAll('\n', ' ')}`));
  }
  if (diagnosis.fix.length > 0) lines.push('   Do:', ...diagnosis.fix.map((command) => `     ${command}`));
  if (diagnosis.otherwise !== null) lines.push(`   Otherwise: ${diagnosis.otherwise}`);
  if (diagnosis.decidedBy !== undefined) {
    const { against, command } = diagnosis.decidedBy;
    lines.push(`   This or ${against}? Decided by:`, `     ${command}`);
  }
  return `${lines.join('\n')}\n`;
}
