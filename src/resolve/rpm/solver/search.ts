/**
 * Decides packages one by one, follows what each decision forces, and learns from every dead end a rule that keeps from
 * it: conflict-driven clause learning with two watched literals a rule. Pure.
 */
import { TapprepError } from '../../../errors.ts';
import { tapprep } from '../../../make-remedy.ts';
import { makeRule, type Rule } from './rules.ts';

/**
 * What whole distributions need is some hundred. Indexes that nobody signed may be made so that each package more doubles the
 * dead ends, and nothing ends this process meanwhile.
 */
const MAX_DEAD_ENDS = 10_000;

/** A choice between several packages that may be taken back: `tried` is the one that was taken. */
export interface Branch {
  readonly level: number;
  readonly rule: Rule;
  readonly candidates: readonly number[];
  readonly tried: Set<number>;
}

export interface Search {
  /** 0: open; else the level of the decision, negative where the package was decided against. */
  decision(solvable: number): number;
  isChosen(solvable: number): boolean;
  /** Literals in the order of decision; the first are of level 1. */
  readonly trail: readonly number[];
  /** How often decisions were taken back. */
  reverts(): number;
  /** Why a literal of the trail was decided. */
  reason(literal: number): Rule | null;
  rules(): readonly Rule[];
  readonly branches: readonly Branch[];
  /** Decides what single-literal rules demand; 1, or -1 where they contradict each other. */
  start(): number;
  /** Decides for a literal one level up; the level it ended on, lower after a dead end, -1 where nothing fits. */
  decide(level: number, literal: number, rule: Rule): number;
  /** Remembers a choice that is about to be made. */
  open(level: number, candidates: readonly number[], rule: Rule): void;
  /** Takes another candidate of an earlier choice. */
  retake(branch: Branch, candidate: number): number;
  /** Forgets all decisions, keeps what was learnt from rules that are still on. */
  reset(): void;
  /** Rules that together have no answer, where `start` or `decide` said -1. */
  proof(): readonly Rule[];
}

/** Starts a search over rules for packages numbered below `size`. */
export function createSearch(size: number, given: readonly Rule[]): Search {
  const rules: Rule[] = [...given];
  const levels = new Int32Array(size);
  const trail: number[] = [];
  const reasons: (Rule | null)[] = [];
  const reasonOf = new Map<number, Rule>();
  const branches: Branch[] = [];
  const watches = Array.from({ length: size * 2 + 1 }, (): Rule | null => null);
  let propagated = 0;
  let contradiction: Rule | null = null;
  let reverts = 0;

  const isTrue = (literal: number): boolean => (literal > 0 ? (levels[literal] ?? 0) > 0 : (levels[-literal] ?? 0) < 0);
  const isFalse = (literal: number): boolean =>
    literal > 0 ? (levels[literal] ?? 0) < 0 : (levels[-literal] ?? 0) > 0;
  const watch = (rule: Rule): void => {
    if (rule.watchB === 0) return;
    rule.nextA = watches[rule.watchA + size] ?? null;
    watches[rule.watchA + size] = rule;
    rule.nextB = watches[rule.watchB + size] ?? null;
    watches[rule.watchB + size] = rule;
  };
  // The last first, so that the first is met first.
  for (let at = rules.length - 1; at >= 0; at -= 1) {
    const rule = rules[at];
    if (rule !== undefined) watch(rule);
  }

  const record = (literal: number, level: number, rule: Rule | null): void => {
    levels[Math.abs(literal)] = literal > 0 ? level : -level;
    trail.push(literal);
    reasons.push(rule);
  };

  /** A literal of a rule that is not false and not `other`. */
  const findWatch = (rule: Rule, other: number): number => {
    if (rule.first !== other && !isFalse(rule.first)) return rule.first;
    for (const literal of rule.rest) if (literal !== other && !isFalse(literal)) return literal;
    return 0;
  };
  const propagate = (level: number): Rule | null => {
    while (propagated < trail.length) {
      const turnedFalse = -(trail[propagated] ?? 0);
      propagated += 1;
      let before: Rule | null = null;
      let rule = watches[turnedFalse + size] ?? null;
      while (rule !== null) {
        const isA = rule.watchA === turnedFalse;
        const next: Rule | null = isA ? rule.nextA : rule.nextB;
        const other = isA ? rule.watchB : rule.watchA;
        if (!rule.isOff && !isTrue(other)) {
          const moved = rule.rest.length > 1 ? findWatch(rule, other) : 0;
          if (moved !== 0) {
            if (before === null) watches[turnedFalse + size] = next;
            else if (before.watchA === turnedFalse) before.nextA = next;
            else before.nextB = next;
            if (isA) {
              rule.watchA = moved;
              rule.nextA = watches[moved + size] ?? null;
            } else {
              rule.watchB = moved;
              rule.nextB = watches[moved + size] ?? null;
            }
            watches[moved + size] = rule;
            rule = next;
            continue;
          }
          if (isFalse(other)) return rule;
          record(other, level, rule);
        }
        before = rule;
        rule = next;
      }
    }
    return null;
  };

  const revert = (level: number): void => {
    reverts += 1;
    for (let literal = trail.at(-1); literal !== undefined; literal = trail.at(-1)) {
      if (Math.abs(levels[Math.abs(literal)] ?? 0) <= level) break;
      levels[Math.abs(literal)] = 0;
      trail.pop();
      reasons.pop();
      propagated = trail.length;
    }
    while ((branches.at(-1)?.level ?? -1) >= level) branches.pop();
  };

  /** Resolves a dead end back to one literal of its level; a decision of the level before would have forced it. */
  const learn = (level: number, deadEnd: Rule): { readonly rule: Rule; readonly level: number } => {
    if (rules.length - given.length >= MAX_DEAD_ENDS) {
      throw new TapprepError(
        'TOO_LARGE',
        `the packages of the repositories speak against each other: ${MAX_DEAD_ENDS} choices among them led nowhere`,
        { remedy: tapprep('mirrors', 'list') },
      );
    }
    const seen = new Set<number>();
    const others: number[] = [];
    const from: Rule[] = [];
    let target = 1;
    let open = 0;
    let openFirst = 0;
    let asserted = 0;
    let at = trail.length;
    let rule: Rule | null = deadEnd;
    for (;;) {
      if (rule !== null) {
        from.push(rule);
        for (const literal of literalsOf(rule)) {
          if (isTrue(literal)) continue;
          const solvable = Math.abs(literal);
          if (seen.has(solvable)) continue;
          seen.add(solvable);
          const at = Math.abs(levels[solvable] ?? 0);
          if (at === 1) openFirst += 1;
          else if (at === level) open += 1;
          else {
            others.push(literal);
            target = Math.max(target, at);
          }
        }
      }
      if (open === 0) {
        openFirst -= 1;
        if (openFirst <= 0) break;
      }
      do at -= 1;
      while (at > 0 && !seen.has(Math.abs(trail[at] ?? 0)));
      const literal = trail[at] ?? 0;
      seen.delete(Math.abs(literal));
      if (open > 0) {
        open -= 1;
        if (open === 0) {
          asserted = -literal;
          if (openFirst === 0) break;
          for (const other of others) seen.delete(Math.abs(other));
          openFirst += 1;
          rule = null;
          continue;
        }
      }
      rule = reasons[at] ?? null;
    }
    revert(target);
    const learnt = makeRule(asserted, others, { kind: 'learnt', from });
    rules.push(learnt);
    if (others.length > 0) {
      learnt.watchB = others.reduce((best, literal) => (levelAt(literal) > levelAt(best) ? literal : best));
      watch(learnt);
    }
    return { rule: learnt, level: target };
  };
  const levelAt = (literal: number): number => Math.abs(levels[Math.abs(literal)] ?? 0);

  const settle = (from: number): number => {
    let level = from;
    for (;;) {
      const deadEnd = propagate(level);
      if (deadEnd === null) return level;
      if (level === 1) {
        contradiction = deadEnd;
        return -1;
      }
      const learnt = learn(level, deadEnd);
      level = learnt.level;
      record(learnt.rule.first, level, learnt.rule);
    }
  };
  const decide = (level: number, literal: number, rule: Rule): number => {
    record(literal, level + 1, null);
    reasonOf.set(literal, rule);
    return settle(level + 1);
  };

  return {
    decision: (solvable) => levels[solvable] ?? 0,
    isChosen: (solvable) => (levels[solvable] ?? 0) > 0,
    trail,
    reverts: () => reverts,
    reason(literal) {
      const at = trail.indexOf(literal);
      return at === -1 ? null : (reasons[at] ?? reasonOf.get(literal) ?? null);
    },
    rules: () => rules,
    branches,
    start() {
      for (const rule of rules) {
        if (rule.isOff || rule.watchB !== 0) continue;
        if (isTrue(rule.first)) continue;
        if (isFalse(rule.first)) {
          contradiction = rule;
          return -1;
        }
        record(rule.first, 1, rule);
      }
      return settle(1);
    },
    decide,
    open(level, candidates, rule) {
      branches.push({ level, rule, candidates, tried: new Set(candidates.slice(0, 1)) });
    },
    retake(branch, candidate) {
      branch.tried.add(candidate);
      revert(branch.level);
      branches.push(branch);
      return decide(branch.level, candidate, branch.rule);
    },
    reset() {
      reverts += 1;
      for (const literal of trail) levels[Math.abs(literal)] = 0;
      trail.length = reasons.length = branches.length = propagated = 0;
      contradiction = null;
      for (const rule of rules)
        if (rule.cause.kind === 'learnt' && rule.cause.from.some(({ isOff }) => isOff)) rule.isOff = true;
    },
    proof() {
      if (contradiction === null) return [];
      const involved = new Set<number>();
      const found = new Set<Rule>();
      const take = (rule: Rule): void => {
        if (found.has(rule)) return;
        found.add(rule);
        if (rule.cause.kind === 'learnt') for (const each of rule.cause.from) take(each);
      };
      const follow = (rule: Rule): void => {
        take(rule);
        for (const literal of literalsOf(rule)) involved.add(Math.abs(literal));
      };
      follow(contradiction);
      for (let at = trail.length - 1; at >= 0; at -= 1) {
        const rule = reasons[at] ?? null;
        if (rule !== null && involved.has(Math.abs(trail[at] ?? 0))) follow(rule);
      }
      return [...found].filter(({ cause }) => cause.kind !== 'learnt');
    },
  };
}

/** All literals of a rule. */
export function literalsOf(rule: Rule): readonly number[] {
  return [rule.first, ...rule.rest];
}
