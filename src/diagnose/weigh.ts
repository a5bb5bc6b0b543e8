/** From symptoms to one answer: causes explain each other's symptoms away, and the most particular comes first. Pure. */
import { DIAGNOSIS_CODES, type DiagnosisCode } from './codes.ts';
import { FAULTS } from './faults.ts';
import type { Grade } from './rule.ts';

/** What weighing needs of a finding. */
export interface Weighed {
  readonly code: DiagnosisCode;
  readonly grade: Grade;
  /** Which run of the log its first line belongs to. */
  readonly run: number;
}

const STRENGTH: Readonly<Record<Grade, number>> = { proves: 3, points: 2, allows: 1 };

/**
 * In the order to tell them. The first keeps its grade, and so does what is proven in another run of the same log;
 * everything else is what remains possible beside it.
 */
export function weigh<Finding extends Weighed>(findings: readonly Finding[]): readonly Finding[] {
  const strong = findings.filter(({ grade }) => grade !== 'allows');
  const explained = (one: Finding): boolean =>
    strong.some((other) => other !== one && canExplain(other, one) && FAULTS[other.code].explains.includes(one.code));
  const weighed = findings.map((one) => (explained(one) ? { ...one, grade: 'allows' as const } : one));
  const ordered = weighed.toSorted((a, b) => STRENGTH[b.grade] - STRENGTH[a.grade] || rankOf(a.code) - rankOf(b.code));
  const [first] = ordered;
  if (first === undefined) return [];
  return ordered.map((one) =>
    one === first || (one.grade === 'proves' && one.run !== first.run) ? one : { ...one, grade: 'allows' as const },
  );
}

/** Whether a symptom leads further than another. */
export function isStronger(a: Weighed, b: Weighed): boolean {
  return STRENGTH[a.grade] > STRENGTH[b.grade];
}

/** What only points somewhere does not talk away what is proven. */
function canExplain(cause: Weighed, symptom: Weighed): boolean {
  return cause.run === symptom.run && STRENGTH[cause.grade] >= STRENGTH[symptom.grade];
}

/** The order of the codes is from the particular to the general. */
function rankOf(code: DiagnosisCode): number {
  return DIAGNOSIS_CODES.indexOf(code);
}
