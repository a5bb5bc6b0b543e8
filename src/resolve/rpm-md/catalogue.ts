/** What a dependency solver has to know of every package of some repositories, packed tightly. Pure. */
import { createSymbols, enlarge, type Symbols } from './symbols.ts';

/** Kinds of relations of a package, and the paths that primary.xml lists. */
export const RELATIONS = [
  'provides',
  'requires',
  'conflicts',
  'obsoletes',
  'recommends',
  'suggests',
  'supplements',
  'enhances',
  'files',
] as const;
export type RelationKind = (typeof RELATIONS)[number];

/** A package before it is packed; relations are symbols of `name` or `name OP [epoch:]version[-release]`. */
export interface SolvableParts {
  readonly name: number;
  readonly arch: number;
  /** [epoch:]version-release, epoch 0 left out. */
  readonly evr: number;
  readonly vendor: number;
  readonly relations: Readonly<Record<RelationKind, readonly number[]>>;
}

/** Packages by their number, from 1 in the order in which their repositories list them. */
export interface Catalogue {
  readonly symbols: Symbols;
  /** One more than the number of the last package. */
  size(): number;
  nameOf(solvable: number): number;
  archOf(solvable: number): number;
  evrOf(solvable: number): number;
  vendorOf(solvable: number): number;
  /** Index of the repository as `startRepository` counted it. */
  repositoryOf(solvable: number): number;
  /** Symbols of one kind of relation; a view, valid until the next `add`. */
  relations(solvable: number, kind: RelationKind): Int32Array;
}

export interface CatalogueBuilder extends Catalogue {
  /** What is added from now on is of the next repository; returns its index, from 0. */
  startRepository(): number;
  /** Takes back everything of the repository started last: its index turned out to be bad. */
  dropRepository(): void;
  add(parts: SolvableParts): number;
}

const FIELDS = 6;
const FIRST_CAPACITY = 1024;

/** Starts an empty catalogue. */
export function createCatalogue(): CatalogueBuilder {
  const symbols = createSymbols();
  let fields = new Int32Array(FIRST_CAPACITY * FIELDS);
  let lists = new Int32Array(FIRST_CAPACITY * 32);
  let used = 0;
  let count = 1;
  let repository = -1;
  let repositoryStart = { count: 1, used: 0 };

  const field = (solvable: number, at: number): number => fields[solvable * FIELDS + at] ?? 0;
  const reserve = (more: number): void => {
    if (used + more > lists.length)
      lists = enlarge(lists, new Int32Array(Math.max(used + more, Math.ceil(lists.length * 1.5))));
    if ((count + 1) * FIELDS > fields.length) fields = enlarge(fields, new Int32Array(Math.ceil(fields.length * 1.5)));
  };
  return {
    symbols,
    size: () => count,
    nameOf: (solvable) => field(solvable, 0),
    archOf: (solvable) => field(solvable, 1),
    evrOf: (solvable) => field(solvable, 2),
    vendorOf: (solvable) => field(solvable, 3),
    repositoryOf: (solvable) => field(solvable, 4),
    relations(solvable, kind) {
      // The lists of one package lie behind each other, each after its length.
      let at = field(solvable, 5);
      for (let skip = RELATIONS.indexOf(kind); skip > 0; skip -= 1) at += 1 + (lists[at] ?? 0);
      return lists.subarray(at + 1, at + 1 + (lists[at] ?? 0));
    },
    startRepository() {
      repositoryStart = { count, used };
      repository += 1;
      return repository;
    },
    dropRepository() {
      ({ count, used } = repositoryStart);
    },
    add({ name, arch, evr, vendor, relations }) {
      reserve(RELATIONS.reduce((sum, kind) => sum + 1 + relations[kind].length, 0));
      const at = count * FIELDS;
      fields[at] = name;
      fields[at + 1] = arch;
      fields[at + 2] = evr;
      fields[at + 3] = vendor;
      fields[at + 4] = repository;
      fields[at + 5] = used;
      for (const kind of RELATIONS) {
        const list = relations[kind];
        lists[used] = list.length;
        lists.set(list, used + 1);
        used += 1 + list.length;
      }
      return count++;
    },
  };
}
