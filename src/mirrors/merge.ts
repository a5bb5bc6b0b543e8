/** From mirror list files as written to one list: groups unfolded, keys looked up, the user's entries first. Pure. */
import type { Fingerprint, Sha256 } from '../types.ts';
import type { MirrorEntry, MirrorKey, Mirrors } from './mirror-list.ts';
import type { MirrorFile } from './schema.ts';

type Group = NonNullable<MirrorFile['groups']>[number];
type Entry = Group['entries'][number];

/** A file, what it is called in messages, and whether it is the user's. */
export interface NamedMirrorFile {
  readonly name: string;
  readonly file: MirrorFile;
  readonly origin: MirrorEntry['origin'];
}

/**
 * Merges files, strongest first: an entry replaces those of later files that have the same id, and comes before them;
 * tables are joined, the stronger file winning.
 * @param material files of public keys by fingerprint
 * @returns the list, or every reference to a key that no file has, as "name: groups[0].entries[1].trust.keys: …".
 */
export function mergeMirrorFiles(
  files: readonly NamedMirrorFile[],
  material: ReadonlyMap<string, string> = new Map(),
): {
  readonly mirrors: Mirrors;
  readonly faults: readonly string[];
} {
  const keys = new Map<string, MirrorKey>();
  for (const { file } of files.toReversed()) {
    for (const [id, key] of Object.entries(file.keys ?? {})) keys.set(id, makeKey(id, key, material));
  }
  const faults: string[] = [];
  const entries = new Map<string, MirrorEntry>();
  for (const { name, file, origin } of files) {
    file.groups?.forEach((group, g) => {
      group.entries.forEach((entry, e) => {
        const used = (entry.trust ?? group.trust).keys;
        const unknown = used.filter((id) => !keys.has(id));
        const where = `${name}: groups[${g}].${entry.trust ? `entries[${e}].` : ''}trust.keys`;
        for (const id of unknown) faults.push(`${where}: no key is called "${id}"`);
        if (!entries.has(entry.id)) entries.set(entry.id, makeEntry(group, entry, keys, origin));
      });
    });
  }
  const portable = files.flatMap(({ file }) => file.systemtap?.portable ?? []);
  const mirrors: Mirrors = {
    entries: [...entries.values()],
    codenames: joinTables(files.map(({ file }) => file.codenames ?? {})),
    kernelMinors: joinTables(files.map(({ file }) => file.kernelMinors ?? {})),
    pointReleases: joinTables(files.map(({ file }) => file.pointReleases ?? {})),
    uekReleases: Object.assign(
      {},
      ...files.map(({ file }) => file.uekReleases ?? {}).toReversed(),
    ) as Mirrors['uekReleases'],
    systemtap: {
      portable: portable.map(({ distro, suite, version, packageVersion, note }) => ({
        distro,
        suite,
        version,
        packageVersion: packageVersion ?? null,
        note: note ?? null,
      })),
      sources: files.flatMap(({ file }) =>
        (file.systemtap?.sources ?? []).map(({ distro, suite, version, path, sizeBytes, sha256 }) => {
          return { distro, suite, version, path, sizeBytes, sha256: sha256 as Sha256 };
        }),
      ),
    },
  };
  return { mirrors, faults: [...new Set(faults)] };
}

function makeKey(
  id: string,
  key: NonNullable<MirrorFile['keys']>[string],
  material: ReadonlyMap<string, string>,
): MirrorKey {
  return {
    id,
    fingerprint: key.fingerprint as Fingerprint,
    name: key.name,
    expires: key.expires,
    file: key.file ?? null,
    material: material.get(key.fingerprint) ?? null,
  };
}

function makeEntry(
  group: Group,
  entry: Entry,
  keys: ReadonlyMap<string, MirrorKey>,
  origin: MirrorEntry['origin'],
): MirrorEntry {
  const trust = entry.trust ?? group.trust;
  return {
    id: entry.id,
    title: group.title,
    distros: group.distros.map((id) => id.toLowerCase()),
    vendor: group.vendor,
    versions: entry.versions,
    archs: entry.archs ?? null,
    kernels: entry.kernels ?? null,
    kind: entry.kind,
    host: entry.host ?? 'official',
    urls: entry.urls,
    discovery: entry.discovery ?? null,
    parts: entry.parts ?? [],
    keyOf: entry.keyOf ?? null,
    suites: entry.suites ?? [],
    components: entry.components ?? [],
    content: entry.content,
    state: { status: entry.state.status, since: entry.state.since, note: entry.state.note ?? null },
    trust: {
      metadata: trust.metadata,
      packages: trust.packages,
      keys: trust.keys.flatMap((id) => keys.get(id) ?? []),
      keyrings: trust.keyrings ?? [],
      allow: trust.allow ?? [],
    },
    auth: entry.auth ?? 'none',
    verified: entry.verified,
    reason: entry.reason ?? null,
    origin,
  };
}

type Table = Readonly<Record<string, Readonly<Record<string, string>>>>;

function joinTables(tables: readonly Table[]): Table {
  const out: Record<string, Record<string, string>> = {};
  for (const table of tables.toReversed()) {
    for (const [name, row] of Object.entries(table)) out[name] = { ...out[name], ...row };
  }
  return out;
}
