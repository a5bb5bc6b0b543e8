/** Adds to a plan of kernel packages and SystemTap what these need on the target, with the toolchain. */
import type { Catalogue, CatalogueBuilder, SolvableParts } from '../rpm-md/catalogue.ts';
import { RELATIONS, type RelationKind } from '../rpm-md/catalogue.ts';
import type { ModuleIndex } from '../rpm-md/modulemd.ts';
import type { PackageSink } from '../rpm-md/package-sink.ts';
import { TapprepError } from '../../errors.ts';
import type { Plan, PlanItem, Role } from '../../types.ts';
import { RPM } from '../../package-system/rpm.ts';
import { assemblePlan, type InstalledVersion } from '../plan.ts';
import { packagesOf } from '../provisions.ts';
import type { PackageRecord } from '../reader.ts';
import { findClosure, findUnlistedPaths, type ClosureMember } from './closure.ts';
import { toDependencyItem } from './items.ts';
import { findModularPackages, type ModuleState, NO_STATE } from './module-streams.ts';
import { createPackageMatcher } from './package-patterns.ts';
import { ALWAYS, createPool, type Pool } from './solver/pool.ts';
import type { Wish } from './solver/solve.ts';

/** A package of the target, with what its own database says of it where the repositories do not have it any more. */
export interface InstalledRpm extends InstalledVersion {
  readonly relations?: Partial<Readonly<Record<RelationKind, readonly string[]>>>;
}

export interface CompleteOptions {
  readonly arch: string;
  /** null: not known, and taken as nothing. */
  readonly installed: readonly InstalledRpm[] | null;
  /**
   * All that the package database of the target names: what is there by name only counts as installed where no
   * repository has it any more, so that it could come again.
   */
  readonly byName: readonly InstalledVersion[];
  /** Packages that are wanted by name beside the items: compiler and make. */
  readonly tools: readonly string[];
  /** The same, but left out where no repository has it. */
  readonly niceToHave: readonly string[];
  /** What the target has chosen of module streams; left out: nothing, so that defaults count. */
  readonly modules?: ModuleState;
  /** Repositories that may answer for a path are asked for their filelists. */
  readonly sink: PackageSink;
}

/**
 * The plan with its whole closure. Nothing is read again but filelists, where a path is in no primary.xml, and the
 * records of the packages that were chosen.
 * @throws TapprepError UNSATISFIED_DEPENDENCY with the chain; of reading indexes
 */
export async function completePlan(plan: Plan, options: CompleteOptions): Promise<Plan> {
  const { sink, arch } = options;
  const { catalogue } = sink;
  const known = catalogue.size();
  catalogue.startRepository();
  try {
    const there = [...(options.installed ?? []), ...listLost(catalogue, options, known)];
    const installed = new Set(there.map((each) => addInstalled(catalogue, each, known)));
    const wanted = packagesOf(plan.items).filter(({ install }) => install);
    const own = new Map(wanted.map((item) => [item, locateItem(catalogue, item, sink, known)]));
    const isLeftOut = await listLeftOut(sink, options.modules ?? NO_STATE);
    const isOwn = new Set(own.values());
    const pool = (files: ReadonlyMap<string, readonly number[]>): Pool =>
      createPool(catalogue, {
        arch,
        installed,
        // What was asked for exactly is not a choice.
        isExcluded: (solvable) => !isOwn.has(solvable) && isLeftOut(solvable),
        priorities: sink.repositories.map(({ repository }) => repository.priority ?? 99),
        files,
        sideBySide: wanted.filter(({ role }) => RPM.keepsSideBySide(role)).map(({ name }) => name),
      });
    const first = pool(new Map());
    const wishes = listWishes(first, own, options);
    const unlisted = findUnlistedPaths(
      first,
      wishes.flatMap(({ candidates }) => candidates),
    );
    const files = unlisted.size === 0 ? new Map<string, number[]>() : await readFiles(unlisted, sink, known);
    const last = files.size === 0 ? first : pool(files);
    const members = findClosure(last, wishes);
    const items = await toItems(members, own, last, options);
    return assemblePlan(
      plan.target,
      [...packagesOf(plan.items).filter(({ install }) => !install), ...items],
      plan.present,
      plan.notes,
    );
  } finally {
    catalogue.dropRepository();
  }
}

/** Packages that may not be chosen: of module streams that are off, in the way of those that are on, or left out by a setting. */
async function listLeftOut(
  { catalogue, repositories }: PackageSink,
  state: ModuleState,
): Promise<(solvable: number) => boolean> {
  const { symbols } = catalogue;
  const indexes: ModuleIndex[] = [];
  for (const repository of repositories) {
    const index = await repository.readModules();
    if (index !== null) indexes.push(index);
  }
  const modular = findModularPackages(indexes, state);
  const lists = repositories.map(({ repository: { excludes = [], includes = [] } }) => ({
    isExcluded: createPackageMatcher(excludes),
    isIncluded: includes.length === 0 ? (): boolean => true : createPackageMatcher(includes),
  }));
  const isPlain =
    modular === null && repositories.every(({ repository }) => !repository.excludes && !repository.includes);
  if (isPlain) return () => false;
  const isShadowed = (solvable: number, name: string): boolean =>
    modular !== null &&
    (modular.names.has(name) ||
      [...catalogue.relations(solvable, 'provides')].some((provided) =>
        modular.names.has(symbols.text(provided).split(' ')[0] ?? ''),
      ));
  return (solvable) => {
    const [name, evr, arch] = [
      symbols.text(catalogue.nameOf(solvable)),
      symbols.text(catalogue.evrOf(solvable)),
      symbols.text(catalogue.archOf(solvable)),
    ];
    const list = lists[catalogue.repositoryOf(solvable)];
    if (list === undefined) return false;
    if (list.isExcluded({ name, evr, arch }) || !list.isIncluded({ name, evr, arch })) return true;
    if (modular === null) return false;
    const label = `${name}-${evr.includes(':') ? evr : `0:${evr}`}.${arch}`;
    return modular.off.has(label) || (!modular.on.has(label) && isShadowed(solvable, name));
  };
}

/** What is there by name only and in no repository. */
function listLost(
  catalogue: Catalogue,
  { installed, byName }: CompleteOptions,
  known: number,
): readonly InstalledVersion[] {
  const whole = new Set((installed ?? []).map(keyOf));
  return byName.filter((each) => !whole.has(keyOf(each)) && findSolvable(catalogue, each, known, () => true) === null);
}

function keyOf({ name, version, arch }: InstalledVersion): string {
  return `${name} ${version} ${arch}`;
}

/** By its record in a repository, else by what the target's database said, else by its name alone. */
function addInstalled(catalogue: CatalogueBuilder, found: InstalledRpm, known: number): number {
  const { symbols } = catalogue;
  const record = findSolvable(catalogue, found, known, () => true);
  const self = symbols.internText(`${found.name} = ${found.version}`);
  const relations = Object.fromEntries(
    RELATIONS.map((kind): [RelationKind, readonly number[]] => {
      const told = found.relations?.[kind];
      if (told !== undefined) return [kind, told.map((text) => symbols.internText(text))];
      if (record !== null) return [kind, [...catalogue.relations(record, kind)]];
      return [kind, kind === 'provides' ? [self] : []];
    }),
  ) as SolvableParts['relations'];
  return catalogue.add({
    name: symbols.internText(found.name),
    arch: symbols.internText(found.arch),
    evr: symbols.internText(found.version),
    vendor: 0,
    relations,
  });
}

/** The number of an item; one whose repository lists no dependencies is added with what is known of it. */
function locateItem(catalogue: CatalogueBuilder, item: PlanItem, { repositories }: PackageSink, known: number): number {
  const found = findSolvable(
    catalogue,
    item,
    known,
    (solvable) => repositories[catalogue.repositoryOf(solvable)]?.repository.id === item.repository,
  );
  return found ?? addInstalled(catalogue, item, 1);
}

function findSolvable(
  catalogue: Catalogue,
  { name, version, arch }: InstalledVersion,
  known: number,
  isRight: (solvable: number) => boolean,
): number | null {
  const { symbols } = catalogue;
  const [wantedName, wantedEvr, wantedArch] = [symbols.find(name), symbols.find(version), symbols.find(arch)];
  if (wantedName === 0 || wantedEvr === 0 || wantedArch === 0) return null;
  for (let solvable = 1; solvable < known; solvable += 1) {
    const isSame =
      catalogue.nameOf(solvable) === wantedName &&
      catalogue.evrOf(solvable) === wantedEvr &&
      catalogue.archOf(solvable) === wantedArch;
    if (isSame && isRight(solvable)) return solvable;
  }
  return null;
}

function listWishes(pool: Pool, own: ReadonlyMap<PlanItem, number>, options: CompleteOptions): readonly Wish[] {
  const { symbols } = pool.catalogue;
  const byName = (name: string): Wish => {
    const symbol = symbols.find(name);
    const named = pool.named(symbol).filter((solvable) => pool.isUsable(solvable));
    // "system-release" is the name of a package on some distributions, and only provided on the others.
    const found = named.length > 0 || symbol === 0 ? named : pool.whatProvides(symbol);
    return { text: name, candidates: found === ALWAYS ? [] : found };
  };
  return [
    ...Array.from(own, ([{ name, version }, solvable]) => ({ text: `${name} ${version}`, candidates: [solvable] })),
    ...options.tools.map(byName),
    ...options.niceToHave.map(byName).filter(({ candidates }) => candidates.length > 0),
  ];
}

async function readFiles(
  paths: ReadonlySet<string>,
  { repositories, catalogue }: PackageSink,
  known: number,
): Promise<Map<string, number[]>> {
  const files = new Map<string, number[]>();
  for (const [index, repository] of repositories.entries()) {
    for (const [path, owners] of await repository.readOwners(paths)) {
      for (const owner of owners) {
        const [name = '', version = '', arch = ''] = owner.split(' ');
        const isOwn = (solvable: number): boolean => catalogue.repositoryOf(solvable) === index;
        const solvable = findSolvable(catalogue, { name, version, arch }, known, isOwn);
        if (solvable !== null) files.set(path, [...(files.get(path) ?? []), solvable]);
      }
    }
  }
  return files;
}

async function toItems(
  members: readonly ClosureMember[],
  own: ReadonlyMap<PlanItem, number>,
  pool: Pool,
  { sink, installed }: CompleteOptions,
): Promise<readonly PlanItem[]> {
  const planned = new Map(Array.from(own, ([item, solvable]) => [solvable, item]));
  const records = await readRecords(
    members.filter(({ solvable }) => !planned.has(solvable)),
    sink,
  );
  return members.map(({ solvable, because }) => {
    const item = planned.get(solvable);
    if (item !== undefined) return item;
    const record = records.get(solvable);
    if (record === undefined) {
      throw new TapprepError('BAD_METADATA', `${pool.label(solvable)} was in its index once and is not there again`);
    }
    const older = pool.isMultiple(solvable)
      ? undefined
      : installed?.find(({ name, arch }) => name === record.name && arch === record.arch);
    return toDependencyItem(record, {
      role: roleOf(record.name),
      replaces: older?.version ?? null,
      because: because === null ? null : { needs: because.relation, by: pool.name(because.by) },
    });
  });
}

/** One more pass over each index that has some of them. */
async function readRecords(
  members: readonly ClosureMember[],
  { repositories, catalogue }: PackageSink,
): Promise<ReadonlyMap<number, PackageRecord>> {
  const { symbols } = catalogue;
  const found = new Map<number, PackageRecord>();
  const byRepository = Map.groupBy(members, ({ solvable }) => catalogue.repositoryOf(solvable));
  for (const [index, list] of byRepository) {
    const names = new Set(list.map(({ solvable }) => symbols.text(catalogue.nameOf(solvable))));
    const records = (await repositories[index]?.readRecords({ wantsName: (name) => names.has(name) })) ?? [];
    for (const { solvable } of list) {
      const record = records.find(
        ({ name, version, arch }) =>
          name === symbols.text(catalogue.nameOf(solvable)) &&
          version === symbols.text(catalogue.evrOf(solvable)) &&
          arch === symbols.text(catalogue.archOf(solvable)),
      );
      if (record !== undefined) found.set(solvable, record);
    }
  }
  return found;
}

const ROLES: readonly (readonly [RegExp, Role])[] = [
  [/^systemtap(?:$|-)/, 'systemtap'],
  [/^(?:gcc|cpp)\d*$|^make$/, 'toolchain'],
];

function roleOf(name: string): Role {
  return ROLES.find(([pattern]) => pattern.test(name))?.[1] ?? 'dependency';
}
