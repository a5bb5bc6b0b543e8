/** The packages that a solver may choose from and those that are there: who provides what, arch and colour. Pure. */
import type { Catalogue } from '../../rpm-md/catalogue.ts';
import { isInRange, matchesRange, parseRelation, parseSimple, type Relation, type Simple } from './relation.ts';

/** Package numbers, ascending. */
export type Packages = readonly number[];

/** What is fulfilled whatever is installed. */
export const ALWAYS = 'always';

export interface PoolOptions {
  readonly arch: string;
  /** Packages of the target. */
  readonly installed: ReadonlySet<number>;
  /** Whether a package may not be used at all: excluded by name, of a module that is off, shadowed. */
  readonly isExcluded: (solvable: number) => boolean;
  /** By repository index: the smaller, the sooner it is taken, as yum's priority. */
  readonly priorities: readonly number[];
  /** Paths that only filelists have: package numbers by path. */
  readonly files: ReadonlyMap<string, readonly number[]>;
  /** Names of packages that stand side by side although no distribution says so: debug information of several kernels. */
  readonly sideBySide?: readonly string[];
}

export interface Pool {
  readonly catalogue: Catalogue;
  readonly installed: ReadonlySet<number>;
  size(): number;
  name(solvable: number): string;
  /** name-[epoch:]version-release.arch */
  label(solvable: number): string;
  parse(relation: number): Relation;
  text(relation: number): string;
  /** Who provides a relation; ALWAYS for what rpm itself provides. */
  whatProvides(relation: number): Packages | typeof ALWAYS;
  providers(relation: Relation): Packages | typeof ALWAYS;
  /** Packages of that very name. */
  named(name: number): Packages;
  /** Packages that an Obsoletes names: by their names, never by what they provide. */
  obsoletedBy(solvable: number): Packages;
  /** May be installed on this machine and is not excluded. */
  isUsable(solvable: number): boolean;
  /** 0: foreign; 1: noarch; else the smaller the better, its class in the upper bits. */
  archScore(solvable: number): number;
  sameColour(a: number, b: number): boolean;
  priority(solvable: number): number;
  /** Several versions may stand side by side (kernels). */
  isMultiple(solvable: number): boolean;
}

/** What each architecture runs, the best first; a class a name. */
const ARCHES: Readonly<Record<string, readonly string[]>> = {
  x86_64_v4: ['x86_64_v4', 'x86_64_v3', 'x86_64_v2', 'x86_64', 'i686', 'i586', 'i486', 'i386'],
  x86_64_v3: ['x86_64_v3', 'x86_64_v2', 'x86_64', 'i686', 'i586', 'i486', 'i386'],
  x86_64_v2: ['x86_64_v2', 'x86_64', 'i686', 'i586', 'i486', 'i386'],
  x86_64: ['x86_64', 'i686', 'i586', 'i486', 'i386'],
  i686: ['i686', 'i586', 'i486', 'i386'],
  i586: ['i586', 'i486', 'i386'],
  s390x: ['s390x', 's390'],
  ppc64: ['ppc64', 'ppc'],
};
/** dnf's installonlypkgs. */
const MULTIPLE = [
  'kernel',
  'kernel-PAE',
  'installonlypkg(kernel)',
  'installonlypkg(kernel-module)',
  'installonlypkg(vm)',
  'multiversion(kernel)',
];

/** Indexes a catalogue. @throws TapprepError BAD_METADATA when a relation is first used that cannot be read */
export function createPool(catalogue: Catalogue, options: PoolOptions): Pool {
  const { symbols } = catalogue;
  const size = catalogue.size();
  const scores = scoreArches(catalogue, options.arch);
  const usable = new Uint8Array(size);
  for (let solvable = 1; solvable < size; solvable += 1) {
    const isThere = options.installed.has(solvable);
    if (isThere || ((scores.get(catalogue.archOf(solvable)) ?? 0) !== 0 && !options.isExcluded(solvable)))
      usable[solvable] = 1;
  }
  const extraFiles = new Map<number, number[]>();
  for (const [path, solvables] of options.files) {
    const symbol = symbols.internText(path);
    for (const solvable of solvables) extraFiles.set(solvable, [...(extraFiles.get(solvable) ?? []), symbol]);
  }
  const names = createNameIndex(catalogue, usable, extraFiles);
  const parsed = new Map<number, Relation>();
  const parse = (relation: number): Relation => {
    let found = parsed.get(relation);
    if (found === undefined) parsed.set(relation, (found = parseRelation(symbols.text(relation))));
    return found;
  };

  const provides = new Map<number, Simple>();
  const readProvided = (provided: number): Simple => {
    let found = provides.get(provided);
    if (found === undefined) provides.set(provided, (found = parseSimple(symbols.text(provided))));
    return found;
  };
  const provideSimple = (wanted: Simple): Packages | typeof ALWAYS => {
    const found: number[] = [];
    names.each(symbols.find(wanted.name), (solvable, provided) => {
      if (found.at(-1) === solvable) return;
      if (wanted.flags === 0 || matchesRange(readProvided(provided), wanted)) found.push(solvable);
    });
    if (found.length === 0 && wanted.name.startsWith('rpmlib(')) return ALWAYS;
    return found;
  };
  const providers = (relation: Relation): Packages | typeof ALWAYS => {
    if (relation.kind === 'simple') return provideSimple(relation);
    const left = providers(relation.left);
    if (!('right' in relation)) return left;
    const right = providers(relation.right);
    if (relation.kind === 'or' || relation.kind === 'and') {
      if (left === ALWAYS || right === ALWAYS) return ALWAYS;
      return [...new Set([...left, ...right])].toSorted((a, b) => a - b);
    }
    if (left === ALWAYS || right === ALWAYS) return left;
    const other = new Set(right);
    return left.filter((solvable) => other.has(solvable) === (relation.kind === 'with'));
  };
  const known = new Map<number, Packages | typeof ALWAYS>();
  const whatProvides = (relation: number): Packages | typeof ALWAYS => {
    let found = known.get(relation);
    if (found === undefined) known.set(relation, (found = providers(parse(relation))));
    return found;
  };
  const multiple = new Set(
    [...MULTIPLE, ...(options.sideBySide ?? [])].flatMap((text) => {
      const found = provideSimple({ kind: 'simple', name: text, flags: 0, version: '' });
      return found === ALWAYS ? [] : found;
    }),
  );
  const colours = new Map<number, number>();
  const colourOf = (solvable: number): number => {
    const arch = catalogue.archOf(solvable);
    let colour = colours.get(arch);
    if (colour === undefined) colours.set(arch, (colour = colourOfArch(symbols.text(arch))));
    return colour;
  };
  const namedCache = new Map<number, Packages>();
  const named = (name: number): Packages => {
    let found = namedCache.get(name);
    if (found === undefined) {
      const list: number[] = [];
      names.each(name, (solvable) => {
        if (catalogue.nameOf(solvable) === name && list.at(-1) !== solvable) list.push(solvable);
      });
      namedCache.set(name, (found = list));
    }
    return found;
  };
  const obsoleted = new Map<number, Packages>();

  return {
    catalogue,
    installed: options.installed,
    size: () => size,
    name: (solvable) => symbols.text(catalogue.nameOf(solvable)),
    label: (solvable) =>
      `${symbols.text(catalogue.nameOf(solvable))}-${symbols.text(catalogue.evrOf(solvable))}.${symbols.text(catalogue.archOf(solvable))}`,
    parse,
    text: (relation) => symbols.text(relation),
    whatProvides,
    providers,
    named,
    obsoletedBy(solvable) {
      let found = obsoleted.get(solvable);
      if (found === undefined) {
        const all = new Set<number>();
        for (const relation of catalogue.relations(solvable, 'obsoletes')) {
          const wanted = parse(relation);
          if (wanted.kind !== 'simple') continue;
          for (const other of named(symbols.find(wanted.name))) {
            if (other !== solvable && isInRange(symbols.text(catalogue.evrOf(other)), wanted)) all.add(other);
          }
        }
        obsoleted.set(solvable, (found = [...all]));
      }
      return found;
    },
    isUsable: (solvable) => usable[solvable] === 1,
    archScore: (solvable) => scores.get(catalogue.archOf(solvable)) ?? 0,
    sameColour: (a, b) => catalogue.archOf(a) === catalogue.archOf(b) || (colourOf(a) & colourOf(b)) !== 0,
    priority: (solvable) => options.priorities[catalogue.repositoryOf(solvable)] ?? 0,
    isMultiple: (solvable) => multiple.has(solvable),
  };
}

/** ADDED bits: 1 for 32-bit, 2 for 64-bit, all for what has no architecture. */
function colourOfArch(arch: string): number {
  if (arch === 'noarch') return 255;
  return arch === 's390x' || arch.includes('64') ? 2 : 1;
}

function scoreArches({ symbols }: Catalogue, arch: string): ReadonlyMap<number, number> {
  const scores = new Map<number, number>();
  const list = ARCHES[arch] ?? [arch];
  for (const [index, name] of list.entries()) scores.set(symbols.internText(name), 0x1_0001 + index * 0x1_0000);
  return scores.set(symbols.internText('noarch'), 1);
}

interface NameIndex {
  /** Calls back for every package that provides a name, ascending, with each relation that says so. */
  each(name: number, visit: (solvable: number, provided: number) => void): void;
}

/** Provides and paths by the number of their name, in two flat arrays. */
function createNameIndex(
  catalogue: Catalogue,
  usable: Uint8Array,
  extraFiles: ReadonlyMap<number, readonly number[]>,
): NameIndex {
  const { symbols } = catalogue;
  const nameOf = createNameLookup(catalogue);
  const starts = new Int32Array(symbols.size() + 2);
  const walk = (visit: (name: number, solvable: number, provided: number) => void): void => {
    for (let solvable = 1; solvable < usable.length; solvable += 1) {
      if (usable[solvable] !== 1) continue;
      for (const provided of catalogue.relations(solvable, 'provides')) visit(nameOf(provided), solvable, provided);
      for (const path of catalogue.relations(solvable, 'files')) visit(path, solvable, path);
      for (const path of extraFiles.get(solvable) ?? []) visit(path, solvable, path);
    }
  };
  walk((name) => (starts[name + 1] = (starts[name + 1] ?? 0) + 1));
  for (let name = 1; name < starts.length; name += 1) starts[name] = (starts[name] ?? 0) + (starts[name - 1] ?? 0);
  const entries = new Int32Array((starts.at(-1) ?? 0) * 2);
  const filled = starts.slice();
  walk((name, solvable, provided) => {
    const at = filled[name] ?? 0;
    filled[name] = at + 1;
    entries[at * 2] = solvable;
    entries[at * 2 + 1] = provided;
  });
  return {
    each(name, visit) {
      if (name === 0) return;
      for (let at = starts[name] ?? 0; at < (starts[name + 1] ?? 0); at += 1)
        visit(entries[at * 2] ?? 0, entries[at * 2 + 1] ?? 0);
    },
  };
}

/** The number of the name inside `name OP version`; all names are in the table before anything is counted. */
function createNameLookup(catalogue: Catalogue): (provided: number) => number {
  const { symbols } = catalogue;
  const names = new Int32Array(symbols.size());
  for (let solvable = 1; solvable < catalogue.size(); solvable += 1) {
    for (const provided of catalogue.relations(solvable, 'provides')) {
      if (names[provided] !== 0) continue;
      const found = parseSimple(symbols.text(provided));
      names[provided] = found.flags === 0 ? provided : symbols.internText(found.name);
    }
  }
  return (provided) => names[provided] ?? 0;
}
