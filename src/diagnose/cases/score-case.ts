/** How well the answers to cases fit: right or not, and how often what is called certain or likely is. Pure. */
import type { Confidence, Diagnosis } from '../../types.ts';
import type { Case } from './case-file.ts';

export interface Scored {
  readonly isRight: boolean;
  /** Why not, one line; null where it is right. */
  readonly why: string | null;
  /** Each answer that claims something, and whether it is one of the right codes. */
  readonly claims: readonly { readonly confidence: Confidence; readonly isRight: boolean }[];
  /** The first answer is right and says so firmly. */
  readonly isSure: boolean;
}

/** Judges the answers of one case. */
export function scoreCase(wanted: Case, diagnoses: readonly Diagnosis[]): Scored {
  const [first] = diagnoses;
  const isWanted = (code: string): boolean => wanted.expect.some((one) => one === code);
  const firstIsRight = first === undefined ? wanted.silence : isWanted(first.code);
  const why = firstIsRight ? whyNot(wanted, diagnoses) : `expected ${names(wanted)}, got ${first?.code ?? 'nothing'}`;
  const claims = diagnoses
    .filter(({ confidence }) => confidence !== 'possible')
    .map(({ confidence, code }) => ({ confidence, isRight: isWanted(code) }));
  return {
    isRight: why === null,
    why,
    claims,
    isSure: firstIsRight && first !== undefined && first.confidence !== 'possible',
  };
}

function whyNot({ never, command, noCommand }: Case, diagnoses: readonly Diagnosis[]): string | null {
  const forbidden = diagnoses.find(
    ({ code, confidence }) => confidence !== 'possible' && never.some((one) => one === code),
  );
  if (forbidden !== undefined) return `says ${forbidden.code}, which is wrong here`;
  const fix = diagnoses[0]?.fix ?? [];
  if (command !== null && !fix.some((one) => command.test(one)))
    return `no command matches ${command.source}: ${fix.join('; ')}`;
  const bad = noCommand === null ? undefined : fix.find((one) => noCommand.test(one));
  return bad === undefined ? null : `a command that cannot help: ${bad}`;
}

function names({ expect, silence }: Case): string {
  return [...expect, ...(silence ? ['nothing'] : [])].join(' or ');
}

export interface Score {
  readonly cases: number;
  readonly right: number;
  /** Cases whose first answer is right and certain or likely. */
  readonly sure: number;
  /** Right ones and all, of the answers called so. */
  readonly certain: readonly [number, number];
  readonly likely: readonly [number, number];
}

/** Adds many up. */
export function sumScores(scores: readonly Scored[]): Score {
  const claims = scores.flatMap((one) => one.claims);
  const count = (confidence: Confidence): readonly [number, number] => {
    const of = claims.filter((claim) => claim.confidence === confidence);
    return [of.filter(({ isRight }) => isRight).length, of.length];
  };
  return {
    cases: scores.length,
    right: scores.filter(({ isRight }) => isRight).length,
    sure: scores.filter(({ isSure }) => isSure).length,
    certain: count('certain'),
    likely: count('likely'),
  };
}
