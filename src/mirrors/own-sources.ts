/** The sources that come before any list: the target's own, and this machine's archive where it serves the target too. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../errors.ts';
import { type Host, isRemote } from '../host/host.ts';
import type { HostFacts, HostRepositoryFile, Target } from '../types.ts';
import { deriveFromLocalSources } from './derive.ts';
import { parseHostSources } from './host-sources.ts';
import type { Mirrors } from './mirror-list.ts';
import type { HostSources } from './source-file.ts';

const MAX_FILES = 500;
const MAX_BYTES = 1024 * 1024;

/**
 * The target's own repositories; for a dpkg target that is not this machine, then the suites of its release in the
 * archives that this machine uses.
 * @param host the target's seam; null for a target that is only described.
 */
export async function collectOwnSources(
  { host, facts, target }: { readonly host: Host | null; readonly facts: HostFacts; readonly target: Target },
  list: Mirrors,
  etcApt = '/etc/apt',
): Promise<HostSources> {
  const fetched = host === null || !isRemote(host) ? null : await fetchKeys(host, facts, target);
  const keyPath = (path: string): string => fetched?.get(path) ?? host?.localPath(path) ?? path;
  const own = parseHostSources(facts.repositories, target, { keyPath });
  if (target.family !== 'deb' || host?.kind === 'local') return own;
  const derived = deriveFromLocalSources(await readLocalAptFiles(etcApt), target, list);
  return {
    repositories: [...own.repositories, ...derived.repositories],
    notes: [...own.notes, ...derived.notes],
  };
}

/** Where a key file of another machine lies here that it does not have: a file of this machine's name would be another. */
const NOWHERE = '/nonexistent';

/** The key files that the sources of another machine name, by their paths there, as copies here. */
async function fetchKeys(host: Host, facts: HostFacts, target: Target): Promise<ReadonlyMap<string, string>> {
  const named = new Set<string>();
  const keyPath = (path: string): string => {
    named.add(path);
    return path;
  };
  parseHostSources(facts.repositories, target, { keyPath });
  const found = new Map<string, string>();
  for (const path of named) found.set(path, (await host.fetchFile(path)) ?? `${NOWHERE}${path}`);
  return found;
}

/** This machine's apt source files; those that this user may not read are left out. */
export async function readLocalAptFiles(etcApt: string): Promise<readonly HostRepositoryFile[]> {
  const names = await readdir(join(etcApt, 'sources.list.d')).catch(ignoreAbsent([]));
  const paths = [
    join(etcApt, 'sources.list'),
    ...names
      .filter((name) => /\.(list|sources)$/.test(name))
      .sort()
      .slice(0, MAX_FILES)
      .map((name) => join(etcApt, 'sources.list.d', name)),
  ];
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8').catch(ignoreAbsent(null))));
  return paths.flatMap((path, index) => {
    const text = texts[index];
    return typeof text === 'string' && text.length <= MAX_BYTES ? { path, text } : [];
  });
}

function ignoreAbsent<Value>(value: Value): (error: unknown) => Value {
  return (error) => {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR') || isErrno(error, 'EACCES')) return value;
    throw error;
  };
}
