/** The values that each kind of placeholder can have, from what this machine and the package know. Nothing is asked of the network. */
import { readdir, readFile } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { DIAGNOSIS_CODES } from '../../diagnose/codes.ts';
import { ARCHITECTURES } from '../../detect/architectures.ts';
import { ERROR_CODES } from '../../errors.ts';
import { recallReleases } from '../../pipeline/known-kernels.ts';
import { STAP_RELEASES } from '../../systemtap/releases.ts';
import { COMMANDS } from '../commands.ts';
import { TOPICS } from '../help/topics.ts';
import { defaultCacheDir } from '../user-directories.ts';
import type { Completion, Line, Lookup } from './complete.ts';

export interface Machine {
  readonly packageRoot: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

type Values = (line: Line, machine: Machine) => Promise<readonly string[]> | readonly string[];

/** Names that no shell has to quote, and no terminal obeys: whatever lies in a directory is shown only if it is one. */
const PLAIN = /^[\w.+:@~/-]{1,200}$/;

const scripts: Values = async (_line, { packageRoot }) => {
  const names = await readdir(join(packageRoot, 'stp'));
  return names.flatMap((name) => (name.endsWith('.stp') ? [name.slice(0, -4)] : []));
};

/**
 * One row a kind; a kind with no values stands here as well, so that a new one is thought of (a test holds the table of
 * options against this).
 */
const WORDS: Readonly<Record<string, Values>> = {
  release: listReleases,
  releases: listReleases,
  'id:version': listDistributions,
  arch: () => ARCHITECTURES.map(({ machine }) => machine),
  version: () => STAP_RELEASES.map(({ version }) => version),
  'kind=url': () => ['deb=', 'rpm-md=', 'listing=', 'template='],
  '[user@]host': listHosts,
  code: listCodes,
  codes: listCodes,
  name: scripts,
  names: scripts,
  scripts,
  topic: () => [...TOPICS.map(({ name }) => name), ...COMMANDS.map(({ name }) => name.split(' ')[0] ?? '')],
  source: listCodes,
  arguments: () => [],
  text: () => [],
  time: () => [],
  size: () => [],
  days: () => [],
  n: () => [],
  key: () => [],
  url: () => [],
};

const FILES: Readonly<Record<string, 'files' | 'directories'>> = {
  file: 'files',
  dir: 'directories',
  source: 'files',
  scripts: 'files',
  program: 'files',
  path: 'files',
};

/** Whether the values of a kind of placeholder are known, if only to be any text. */
export function isKnownKind(kind: string): boolean {
  return Object.hasOwn(WORDS, kind) || Object.hasOwn(FILES, kind);
}

/** What is looked up for a line on this machine. A directory that cannot be read has nothing to offer. */
export function createLookup(machine: Machine): Lookup {
  return async (kind, line): Promise<Completion | null> => {
    const files = Object.hasOwn(FILES, kind) ? FILES[kind] : undefined;
    const values = Object.hasOwn(WORDS, kind) ? await WORDS[kind]?.(line, machine) : undefined;
    const fitting = [...new Set(values)].filter((value) => PLAIN.test(value) || value.endsWith('='));
    const found = fitting.filter((value) => value.startsWith(line.prefix));
    if (files !== undefined && (line.prefix === '' || found.length === 0)) return { mode: files };
    if (values === undefined) return null;
    return { mode: 'words', candidates: fitting.map((value) => ({ value, text: '' })) };
  };
}

function listCodes(): readonly string[] {
  return [...new Set([...DIAGNOSIS_CODES, ...Object.keys(ERROR_CODES)])].toSorted();
}

/** Kernels of the target's own /lib/modules, or for a distribution those that the last plan saw in its index. */
async function listReleases({ given }: Line, { cwd, env }: Machine): Promise<readonly string[]> {
  const distro = given.get('--distro');
  const root = resolve(cwd, given.get('--root') ?? '/');
  const seen = await recallReleases(cacheOf(given, cwd, env), distro ?? null);
  if (distro !== undefined || given.has('--host') || given.has('--facts')) return seen;
  return [...(await namesOf(join(root, 'lib/modules'))), ...(given.has('--root') ? [] : seen)];
}

function cacheOf(
  given: ReadonlyMap<string, string>,
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const own = given.get('--cache-dir');
  if (own !== undefined) return isAbsolute(own) ? own : resolve(cwd, own);
  return defaultCacheDir(env);
}

/** ID:VERSION of every distribution that the mirror list has a place for; ID: alone where it takes any version. */
async function listDistributions(_line: Line, { packageRoot }: Machine): Promise<readonly string[]> {
  const list = JSON.parse(await readFile(join(packageRoot, 'mirrors.json'), 'utf8')) as MirrorVersions;
  const coded = Object.entries(list.codenames).map(([id, versions]) => ({
    ids: [id],
    versions: Object.keys(versions),
  }));
  const grouped = list.groups.map(({ distros, entries }) => ({
    ids: distros,
    versions: entries.flatMap(({ versions }) => versions).map((version) => version.replace(/\.?\*$/, '')),
  }));
  return [...coded, ...grouped].flatMap(({ ids, versions }) =>
    ids.flatMap((id) => versions.map((version) => `${id}:${version}`)),
  );
}

/** What is read here of mirrors.json, which comes with tapprep; its whole form is mirrors/schema.ts's. */
interface MirrorVersions {
  readonly codenames: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly groups: readonly {
    readonly distros: readonly string[];
    readonly entries: readonly { readonly versions: readonly string[] }[];
  }[];
}

/** Hosts that the user's ssh configuration names. */
async function listHosts(_line: Line, { env }: Machine): Promise<readonly string[]> {
  const home = env['HOME'] ?? '';
  if (!isAbsolute(home)) return [];
  const text = await readFile(join(home, '.ssh/config'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .flatMap((line) => /^\s*host\s+(.*)$/i.exec(line)?.[1]?.split(/\s+/) ?? [])
    .filter((name) => !/[*?!]/.test(name));
}

async function namesOf(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch(() => []);
}
