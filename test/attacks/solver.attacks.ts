/** Metadata that nobody signed is a question to the solver, which has to be given up when it has no end. */
import { type Attack, codeOf, held, type Outcome, succeeded, type Tree } from './attack.ts';

/** Thirteen packages of which each has to be in one of twelve places, and two are never in one: no search finds that out soon. */
const HOLES = 12;
const SEARCH = 'src/resolve/rpm/solver/search.ts';

async function search(tree: Tree): Promise<Outcome> {
  const { createSearch } = await tree.load<typeof import('../../src/resolve/rpm/solver/search.ts')>(SEARCH);
  const { makeRule } = await tree.load<typeof import('../../src/resolve/rpm/solver/rules.ts')>(
    'src/resolve/rpm/solver/rules.ts',
  );
  const holes = Array.from({ length: HOLES }, (_, hole) => hole);
  const pigeons = Array.from({ length: HOLES + 1 }, (_, pigeon) => pigeon);
  const inHole = (pigeon: number, hole: number): number => 1 + pigeon * HOLES + hole;
  const somewhere = pigeons.map((pigeon) => {
    const places = holes.map((hole) => inHole(pigeon, hole));
    return { places, rule: makeRule(places[0] ?? 0, places.slice(1), { kind: 'job', index: pigeon }) };
  });
  const alone = holes.flatMap((hole) =>
    pigeons.flatMap((one) =>
      pigeons
        .filter((other) => other > one)
        .map((other) => makeRule(-inHole(one, hole), [-inHole(other, hole)], { kind: 'same-name', by: one })),
    ),
  );
  const found = createSearch(inHole(HOLES, HOLES), [...somewhere.map(({ rule }) => rule), ...alone]);
  try {
    let level = found.start();
    while (level >= 0) {
      const open = somewhere.find(({ places }) => !places.some((place) => found.decision(place) > 0));
      const place = open?.places.find((each) => found.decision(each) === 0);
      if (open === undefined || place === undefined) break;
      level = found.decide(level, place, open.rule);
    }
    return succeeded(`${found.rules().length} rules were learnt and kept`);
  } catch (error) {
    return held(codeOf(error));
  }
}

const RULES = 'src/resolve/rpm/solver/rules.ts';
/** Each conflicts with what all provide. */
const RIVALS = 1500;

async function conflict(tree: Tree): Promise<Outcome> {
  const { createCatalogue, RELATIONS } = await tree.load<typeof import('../../src/resolve/rpm-md/catalogue.ts')>(
    'src/resolve/rpm-md/catalogue.ts',
  );
  const { createPool } = await tree.load<typeof import('../../src/resolve/rpm/solver/pool.ts')>(
    'src/resolve/rpm/solver/pool.ts',
  );
  const { collectPackageRules } = await tree.load<typeof import('../../src/resolve/rpm/solver/rules.ts')>(RULES);
  const catalogue = createCatalogue();
  catalogue.startRepository();
  const symbol = (text: string): number => catalogue.symbols.internText(text);
  const shared = [symbol('the-one')];
  const nothing = Object.fromEntries(RELATIONS.map((kind) => [kind, []])) as unknown as Record<
    (typeof RELATIONS)[number],
    readonly number[]
  >;
  const rivals = Array.from({ length: RIVALS }, (_, at) =>
    catalogue.add({
      name: symbol(`rival${at}`),
      arch: symbol('x86_64'),
      evr: symbol('1-1'),
      vendor: symbol(''),
      relations: { ...nothing, provides: shared, conflicts: shared },
    }),
  );
  const pool = createPool(catalogue, {
    arch: 'x86_64',
    installed: new Set(),
    isExcluded: () => false,
    priorities: [99],
    files: new Map(),
  });
  try {
    return succeeded(`${collectPackageRules(pool, rivals).rules.length} rules were made and kept`);
  } catch (error) {
    return held(codeOf(error));
  }
}

export const attacks: readonly Attack[] = [
  {
    name: 'requirements and conflicts of which every package doubles the time keep plan busy for ever',
    guard: [{ file: SEARCH, text: 'const MAX_DEAD_ENDS = 10_000;', replacement: 'const MAX_DEAD_ENDS = 1e9;' }],
    attempt: search,
  },
  {
    name: 'packages that all conflict with what all provide fill the memory of plan',
    guard: [{ file: RULES, text: 'const MAX_RULES = 2_000_000;', replacement: 'const MAX_RULES = 1e9;' }],
    attempt: conflict,
  },
];
