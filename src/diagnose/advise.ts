/** What is said of a fault to do: remedies as data, the commands made of them, and what to look at next. Pure. */
import { escapeControl, redact } from '../errors.ts';
import type { Diagnosis, Remedy } from '../types.ts';
import type { DiagnosisCode } from './codes.ts';
import { FAULTS } from './faults.ts';
import { renderRemedies } from './render-remedy.ts';
import { settleOrAsk } from './settle-remedies.ts';
import type { Situation } from './situation.ts';

/** @param own what the symptom needs instead of what its code does @param next the same of what to look at next */
export function advise(
  code: DiagnosisCode,
  situation: Situation,
  own: readonly Remedy[] | null = null,
  next?: string | null,
): Pick<Diagnosis, 'remedies' | 'fix' | 'otherwise'> {
  const advice = FAULTS[code].remedy(situation);
  const otherwise = next === undefined ? advice.otherwise : next;
  const remedies = settleOrAsk(own ?? advice.remedies, situation);
  return {
    remedies,
    fix: renderRemedies(remedies, situation.place).map(printable),
    otherwise: otherwise === null ? null : printable(otherwise),
  };
}

/** Names and releases in commands come from logs and facts. */
function printable(text: string): string {
  return escapeControl(redact(text)).replaceAll('\n', ' ');
}
