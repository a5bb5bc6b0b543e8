/** The packages that repositories offer, by name and by what they provide. Pure. */
import { compareDebVersions } from '../../version/deb-vercmp.ts';
import { parseGroup, type Alternative, type DependencyGroup } from './dependencies.ts';
import type { DebRecord } from './packages-index.ts';

/** One group of a record's dependencies, with its own words. */
export interface Requirement {
  readonly text: string;
  readonly group: DependencyGroup;
}

interface Provider {
  readonly record: DebRecord;
  readonly provided: Alternative;
}

/** What can be chosen from. */
export interface Pool {
  /** Every version of a name, the newest first; of equal ones only the first repository's, with all addresses. */
  versions(name: string): readonly DebRecord[];
  /** The very version of a name, or null. */
  find(name: string, version: string): DebRecord | null;
  /** Records whose "Provides" names it, the newest of each name first. */
  providers(name: string): readonly Provider[];
  requires(record: DebRecord): readonly Requirement[];
  provides(record: DebRecord): readonly Alternative[];
  /** Breaks and Conflicts. */
  breaks(record: DebRecord): readonly Alternative[];
  readonly names: readonly string[];
}

/** Puts the records of all repositories together, the repositories asked first winning between equals. */
export function createPool(records: readonly DebRecord[]): Pool {
  const byName = groupByName(records);
  const provides = memoize((record) => record.provides.flatMap(parseGroup));
  const providers = new Map<string, Provider[]>();
  for (const record of [...byName.values()].flat()) {
    for (const provided of provides(record)) {
      const list = providers.get(provided.name);
      if (list === undefined) providers.set(provided.name, [{ record, provided }]);
      else list.push({ record, provided });
    }
  }
  // Parsed when first asked for: most records are only looked at for their version.
  const requires = memoize((record) => record.requires.map((text) => ({ text, group: parseGroup(text) })));
  const breaks = memoize((record) => record.breaks.flatMap(parseGroup));
  return {
    versions: (name) => byName.get(name) ?? [],
    find: (name, version) => byName.get(name)?.find((record) => record.version === version) ?? null,
    providers: (name) => providers.get(name) ?? [],
    requires,
    provides,
    breaks,
    names: [...byName.keys()],
  };
}

function groupByName(records: readonly DebRecord[]): ReadonlyMap<string, readonly DebRecord[]> {
  const byName = new Map<string, DebRecord[]>();
  for (const record of records) {
    const list = byName.get(record.name) ?? [];
    if (list.length === 0) byName.set(record.name, list);
    const twin = list.findIndex(({ version, arch }) => version === record.version && arch === record.arch);
    const first = list[twin];
    if (first === undefined) list.push(record);
    else if (first.digest?.hex === record.digest?.hex) list[twin] = withUrls(first, record.urls);
  }
  for (const list of byName.values()) list.sort((a, b) => compareDebVersions(b.version, a.version));
  return byName;
}

function withUrls(record: DebRecord, more: readonly string[]): DebRecord {
  return { ...record, urls: [...new Set([...record.urls, ...more])] };
}

function memoize<Value>(compute: (record: DebRecord) => Value): (record: DebRecord) => Value {
  const known = new Map<DebRecord, Value>();
  return (record) => {
    const found = known.get(record);
    if (found !== undefined) return found;
    const value = compute(record);
    known.set(record, value);
    return value;
  };
}
