/** The answers of package managers in a log, each judged once. Pure. */
import type { Match } from '../rule.ts';
import { readAsked, type AskedPackage, type AskedRole } from './asked-packages.ts';
import { judgeAsked, type WhyNotFound } from './judge.ts';

export interface JudgedPackage {
  readonly asked: AskedPackage;
  readonly why: WhyNotFound;
}

/** The kernel's packages among what was not found; other programs' are left out. */
export function judgeNotFound({ captures, situation }: Match): readonly JudgedPackage[] {
  const { release, packages, log } = situation;
  const names = captures.flatMap((groups) => groups.filter((group) => group !== undefined));
  return [...new Set(names)].flatMap((name) => {
    const asked = readAsked(name);
    return asked === null ? [] : [{ asked, why: judgeAsked(asked, { release, packages, logged: log.packages }) }];
  });
}

/** The first that was judged so, of one of the roles where they are given. */
export function findJudged(match: Match, why: WhyNotFound, roles?: readonly AskedRole[]): AskedPackage | null {
  const found = judgeNotFound(match).find(
    (one) => one.why === why && (roles === undefined || roles.includes(one.asked.role)),
  );
  return found?.asked ?? null;
}
