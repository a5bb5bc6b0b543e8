/** Everything that some packages need beside what is installed, each with the reason why; or why it cannot be had. Pure. */
import { TapprepError } from '../../errors.ts';
import { shellLine } from '../../shell-words.ts';
import { run, tapprep } from '../../make-remedy.ts';
import { ALWAYS, type Pool } from './solver/pool.ts';
import type { Relation } from './solver/relation.ts';
import { collectPackageRules, type Rule } from './solver/rules.ts';
import { literalsOf } from './solver/search.ts';
import { solve, type Wish } from './solver/solve.ts';

/** A package to add. */
export interface ClosureMember {
  readonly solvable: number;
  /** What it was taken for: a relation of another package, by its number; null: it was wished for. */
  readonly because: { readonly relation: string; readonly by: number } | null;
}

/**
 * The packages to add so that every wish holds, as dnf would choose them.
 * @throws TapprepError UNSATISFIED_DEPENDENCY naming the chain from the wish to what nobody provides; BAD_METADATA
 */
export function findClosure(pool: Pool, wishes: readonly Wish[]): readonly ClosureMember[] {
  const hopeless = wishes.find(({ candidates }) => candidates.length === 0);
  if (hopeless !== undefined) throw unsatisfied([], `the plan needs ${hopeless.text}`, hopeless.text);
  const solution = solve(pool, wishes);
  if (solution.kind === 'unsolvable') throw explain(pool, wishes, solution.proof);
  const wished = new Set(wishes.flatMap(({ candidates }) => candidates));
  return solution.chosen
    .filter((solvable) => !pool.installed.has(solvable))
    .map((solvable) => ({
      solvable,
      because: wished.has(solvable) ? null : reasonOf(solution.why(solvable), solvable, solution.chosen, pool),
    }));
}

/** The rule that decided it; where that was learnt from a dead end, the first chosen package that asks for it. */
function reasonOf(
  rule: Rule | null,
  solvable: number,
  chosen: readonly number[],
  pool: Pool,
): ClosureMember['because'] {
  if (rule?.cause.kind === 'requires') return { relation: pool.text(rule.cause.relation), by: rule.cause.by };
  for (const by of chosen) {
    for (const relation of pool.catalogue.relations(by, 'requires')) {
      const found = pool.whatProvides(relation);
      if (found !== ALWAYS && found.includes(solvable)) return { relation: pool.text(relation), by };
    }
  }
  return null;
}

/**
 * Paths that are required but that no package lists so far: they may stand in filelists.xml. Only of packages that the
 * candidates can lead to.
 */
export function findUnlistedPaths(pool: Pool, wanted: readonly number[]): ReadonlySet<string> {
  const unlisted = new Set<string>();
  const seen = new Set<number>();
  const { catalogue } = pool;
  for (const solvable of collectPackageRules(pool, wanted).reached) {
    for (const kind of ['requires', 'conflicts'] as const) {
      for (const relation of catalogue.relations(solvable, kind)) {
        if (seen.has(relation)) continue;
        seen.add(relation);
        const first = String.fromCharCode(catalogue.symbols.firstByte(relation));
        if (first === '/' || first === '(') addUnlisted(pool.parse(relation), pool, unlisted);
      }
    }
  }
  return unlisted;
}

function addUnlisted(relation: Relation, pool: Pool, unlisted: Set<string>): void {
  if (relation.kind === 'simple') {
    if (relation.name.startsWith('/') && pool.providers(relation).length === 0) unlisted.add(relation.name);
    return;
  }
  addUnlisted(relation.left, pool, unlisted);
  if ('right' in relation) addUnlisted(relation.right, pool, unlisted);
  else {
    addUnlisted(relation.test, pool, unlisted);
    if (relation.otherwise !== null) addUnlisted(relation.otherwise, pool, unlisted);
  }
}

interface Link {
  readonly by: number;
  readonly relation: number;
}

/** From a wish along requirements to the first that leads nowhere. */
function explain(pool: Pool, wishes: readonly Wish[], proof: readonly Rule[]): TapprepError {
  const starts = proof.flatMap(({ cause }) => (cause.kind === 'job' ? (wishes[cause.index]?.candidates ?? []) : []));
  const path = findDeadEnd(starts.length > 0 ? starts : wishes.flatMap(({ candidates }) => candidates), proof);
  const chain = path.map(({ by, relation }) => ({ package: pool.label(by), needs: pool.text(relation) }));
  const said = chain.map((link) => `${link.package} needs ${link.needs}`).join(', ');
  const last = path.at(-1);
  if (last !== undefined && isNowhere(last, pool)) return unsatisfied(chain, said, pool.text(last.relation));
  const clashes = proof.flatMap((rule) => describeClash(rule, pool));
  const why = [...new Set(clashes)].slice(0, 3).join('; ');
  return new TapprepError(
    'UNSATISFIED_DEPENDENCY',
    `no set of packages fits together${said === '' ? '' : `: ${said}`}${why === '' ? '' : `, but ${why}`}`,
    { remedy: tapprep('mirrors', 'list'), facts: { chain, clashes } },
  );
}

function unsatisfied(chain: readonly unknown[], said: string, missing: string): TapprepError {
  return new TapprepError(
    'UNSATISFIED_DEPENDENCY',
    `${said}, but no repository that was asked has a package that provides ${missing}`,
    {
      remedy: run(
        shellLine`dnf repoquery --whatprovides ${missing} || yum provides ${missing} || zypper search --provides ${missing}`,
      ),
      facts: { chain, missing },
    },
  );
}

function isNowhere({ relation }: Link, pool: Pool): boolean {
  const found = pool.whatProvides(relation);
  return found !== ALWAYS && found.length === 0;
}

/** Breadth first over the requirements of the proof; one that nothing provides is preferred to one that clashes. */
function findDeadEnd(starts: readonly number[], proof: readonly Rule[]): readonly Link[] {
  const requires = Map.groupBy(
    proof.flatMap((rule) => (rule.cause.kind === 'requires' ? [{ rule, cause: rule.cause }] : [])),
    ({ cause }) => cause.by,
  );
  const queue = starts.map((solvable) => ({ solvable, path: [] as readonly Link[] }));
  const seen = new Set(starts);
  let longest: readonly Link[] = [];
  for (const { solvable, path } of queue) {
    if (path.length > longest.length) longest = path;
    for (const { rule, cause } of requires.get(solvable) ?? []) {
      const next = [...path, { by: cause.by, relation: cause.relation }];
      const positives = literalsOf(rule).filter((literal) => literal > 0);
      if (positives.length === 0) return next;
      for (const positive of positives) {
        if (seen.has(positive)) continue;
        seen.add(positive);
        queue.push({ solvable: positive, path: next });
      }
    }
  }
  return longest;
}

function describeClash({ cause }: Rule, pool: Pool): readonly string[] {
  switch (cause.kind) {
    case 'conflicts':
      return [`${pool.label(cause.by)} conflicts with ${pool.text(cause.relation)}`];
    case 'obsoletes':
      return [`${pool.label(cause.by)} obsoletes a package that is needed too`];
    case 'same-name':
      return [`two versions of ${pool.name(cause.by)} would be needed`];
    case 'not-installable':
      return [`${pool.label(cause.by)} cannot be installed there`];
    case 'architecture':
      return [`${pool.label(cause.by)} is of a lesser architecture`];
    case 'keep':
      return [`${pool.label(cause.by)} is installed and has to stay`];
    case 'requires':
    case 'prefer-installed':
    case 'job':
    case 'learnt':
      return [];
  }
}
