/** The sources that come before any list: the target's own, and this machine's archive where it serves the target too. */
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMirrorList, keepDirectivesWhole } from '../detect/source-directives.ts';
import { isErrno } from '../errors.ts';
import { type Host, isRemote } from '../host/host.ts';
import type { HostFacts, HostRepositoryFile, Target } from '../types.ts';
import { deriveFromLocalSources } from './derive.ts';
import { listFilesOf } from './apt-places.ts';
import { parseHostSources, readAptSources } from './host-sources.ts';
import type { Mirrors } from './mirror-list.ts';
import type { HostSources } from './source-file.ts';
import { systemOf } from '../package-system/systems.ts';
import { MAX_KEYRING_BYTES } from '../trust/keyring.ts';

const MAX_FILES = 500;
const MAX_BYTES = 1024 * 1024;

/** Whose key files a target's own sources are believed by: its own, or this machine's keyrings alone. */
export type KeyPlace = 'target' | 'here';

export interface SourceOwner {
  readonly host: Host | null;
  readonly facts: HostFacts;
  readonly target: Target;
  /** Left out: the target's where it can be asked itself. A description comes from anywhere. */
  readonly keys?: KeyPlace;
}

/**
 * The target's own repositories; for a dpkg target that is not this machine, then the suites of its release in the
 * archives that this machine uses.
 * @param open its host is null for a target that is only described; the keys that come with such a one, or that the
 *   target has itself, are not believed where `keys` is `here`.
 * @param frontEnd below it the target's own front end answers; null where it cannot be asked.
 */
export async function collectOwnSources(
  { host, facts, target, keys = host === null ? 'here' : 'target' }: SourceOwner,
  list: Mirrors,
  etcApt = '/etc/apt',
  frontEnd: string | null = null,
): Promise<HostSources> {
  const keyHost = keys === 'here' ? null : host;
  const trusted = keyHost === null || !systemOf(target).reads('deb') ? [] : await listTrusted(keyHost);
  const fetched = keyHost === null || !isRemote(keyHost) ? null : await fetchKeys(keyHost, facts, target, trusted);
  const keyPath = (path: string): string => fetched?.get(path) ?? keyHost?.localPath(path) ?? path;
  const files = host === null ? facts.repositories : await readTokens(host, facts.repositories);
  const own = parseHostSources(files, target, {
    keyPath,
    ownKeys: keys === 'target',
    frontEnd,
    // A key never leaves its machine, and where a target is only described its files are not here.
    clientFile: host === null || isRemote(host) ? null : (path) => host.localPath(path) ?? path,
    trusted,
    lists: await readLists(host, facts),
    packages: facts.packages.map(({ name }) => name),
  });
  if (!systemOf(target).reads('deb') || host?.kind === 'local') return own;
  const derived = deriveFromLocalSources(await readLocalAptFiles(etcApt), target, list);
  return {
    repositories: [...own.repositories, ...derived.repositories],
    notes: [...own.notes, ...derived.notes],
    unbelieved: own.unbelieved,
  };
}

/** Facts hold no secret: where the token of a registration was taken out of an address, the file is read for this run. */
async function readTokens(host: Host, files: readonly HostRepositoryFile[]): Promise<readonly HostRepositoryFile[]> {
  return Promise.all(
    files.map(async (file) => {
      if (!file.path.endsWith('.repo') || !file.text.includes('?***')) return file;
      const text = await host.readText(file.path);
      return text === null || text.length > MAX_BYTES ? file : keepDirectivesWhole({ path: file.path, text });
    }),
  );
}

/** The lists of mirrors that apt sources name by path, wherever they lie; of a machine that is only described those among its facts. */
async function readLists(host: Host | null, facts: HostFacts): Promise<ReadonlyMap<string, string>> {
  const lists = new Map(
    facts.repositories.filter(({ path }) => isMirrorList(path)).map((file) => [file.path, file.text]),
  );
  if (host === null) return lists;
  for (const path of new Set(readAptSources(facts.repositories).flatMap(listFilesOf))) {
    const text = await host.readText(path);
    if (text !== null && text.length <= MAX_BYTES) lists.set(path, text);
  }
  return lists;
}

const TRUSTED_PARTS = '/etc/apt/trusted.gpg.d';

/**
 * The key files that apt believes for sources that name none (apt.conf(5), Dir::Etc::Trusted and TrustedParts): a
 * distribution whose keys nobody pins has them there. What apt passes over, a keybox or a file it may not read, is left out.
 */
async function listTrusted(host: Host): Promise<readonly string[]> {
  const names = (await listNames(host, TRUSTED_PARTS)).filter((name) =>
    /^[A-Za-z0-9][\w.+-]*\.(?:gpg|asc)$/.test(name),
  );
  const paths = ['/etc/apt/trusted.gpg', ...names.slice(0, MAX_FILES).map((name) => `${TRUSTED_PARTS}/${name}`)];
  const usable = await Promise.all(paths.map(async (path) => isKeyFile(await host.fetchFile(path, MAX_KEYRING_BYTES))));
  return paths.filter((_, at) => usable[at]);
}

async function listNames(host: Host, directory: string): Promise<readonly string[]> {
  const here = host.localPath(directory);
  if (here !== null) return readdir(here).catch(ignoreAbsent([]));
  const { stdout, exitCode } = await host.run(['ls', '-1', directory]);
  return exitCode === 0 ? stdout.split('\n') : [];
}

/** Where GnuPG's own format, which gpgv does not read from a keyring file, has its mark. */
const KEYBOX = { at: 8, magic: 'KBXf' } as const;

/** By its first bytes: how large it may be is judged where it is read. */
async function isKeyFile(path: string | null): Promise<boolean> {
  const file = path === null ? null : await open(path).catch(ignoreAbsent(null));
  if (file === null) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(KEYBOX.at + 4), 0, KEYBOX.at + 4, 0);
    return bytesRead > 0 && buffer.toString('latin1', KEYBOX.at, bytesRead) !== KEYBOX.magic;
  } finally {
    await file.close();
  }
}

/** Where a key file of another machine lies here that it does not have: a file of this machine's name would be another. */
const NOWHERE = '/nonexistent';

/** The key files that the sources of another machine name, by their paths there, as copies here. */
async function fetchKeys(
  host: Host,
  facts: HostFacts,
  target: Target,
  trusted: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const named = new Set<string>();
  const keyPath = (path: string): string => {
    named.add(path);
    return path;
  };
  parseHostSources(facts.repositories, target, { keyPath, trusted });
  const found = new Map<string, string>();
  for (const path of named) found.set(path, (await host.fetchFile(path, MAX_KEYRING_BYTES)) ?? `${NOWHERE}${path}`);
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
