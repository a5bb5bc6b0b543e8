/**
 * Defaults of options and what an organisation forbids: /etc/tapprep.toml, then the user's own file, then TAPPREP_… variables,
 * each before the one that was named first; what stands on the command line comes before them all.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { isErrno, TapprepError } from '../errors.ts';
import { findForeign, foreignHint, sayForeign } from '../files/ancestors.ts';
import { type ConfigKey, CONFIG_FORMAT, CONFIG_KEYS, type ConfigValue, NEVER } from './configuration-keys.ts';
import { configDirectory, defaultCacheDir } from './user-directories.ts';
import { findNearest } from '../nearest-name.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** One value, and the file or variable that it came from. */
export interface Setting {
  readonly key: string;
  readonly value: ConfigValue;
  readonly source: string;
}

export interface Configuration {
  /** Files that were looked for, weakest first. */
  readonly files: readonly { readonly path: string; readonly isThere: boolean }[];
  /** At most one a key, but of lists, whose values add up: strongest first. */
  readonly settings: readonly Setting[];
  /** Options that may not be given, by their names without dashes; every source adds to them. */
  readonly never: readonly { readonly option: string; readonly source: string }[];
}

/** What holds where nothing is read. */
export const NO_CONFIGURATION: Configuration = { files: [], settings: [], never: [] };

export const SYSTEM_CONFIG = '/etc/tapprep.toml';
/** No honest configuration is larger. */
const MOST_BYTES = 64 * 1024;

/** Reads what is there. @param system path of the organisation's file @throws TapprepError BAD_CONFIG, USAGE */
export async function readConfiguration(env: Environment, system: string = SYSTEM_CONFIG): Promise<Configuration> {
  const own = configDirectory(env);
  const paths = [system, ...(own === null ? [] : [join(own, 'tapprep/config.toml')])];
  const read = await Promise.all(paths.map((path) => readSettings(path, env)));
  const layers = [...read.map((settings) => settings ?? []), readVariables(env)].toReversed();
  const all = layers.flat();
  const strongest = CONFIG_KEYS.flatMap(({ name, kind }) => {
    const found = all.filter(({ key }) => key === name);
    return kind === 'list' ? found : found.slice(0, 1);
  });
  return {
    files: paths.map((path, at) => ({ path, isThere: read[at] !== null })),
    settings: strongest.filter(({ key }) => key !== NEVER),
    never: strongest
      .filter(({ key }) => key === NEVER)
      .flatMap(({ value, source }) => (Array.isArray(value) ? value : []).map((option) => ({ option, source }))),
  };
}

/** Null where there is no file. */
async function readSettings(path: string, env: Environment): Promise<readonly Setting[] | null> {
  const text = await readOwnFile(path, env);
  if (text === null) return null;
  const { parse, TomlError } = await import('smol-toml');
  let table: Readonly<Record<string, unknown>>;
  try {
    table = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw bad(path, `is no TOML: line ${String(error.line)}, column ${String(error.column)}`, error);
  }
  const { format, ...rest } = table;
  if (format !== undefined && format !== CONFIG_FORMAT) {
    throw bad(path, `says format = ${shown(format)}, but this tapprep reads ${shown(CONFIG_FORMAT)}`);
  }
  return Object.entries(rest).map(([key, value]) => readValue(findKey(key, path), value, path));
}

function findKey(name: string, path: string): ConfigKey {
  const key = CONFIG_KEYS.find((one) => one.name === name);
  if (key !== undefined) return key;
  if (name.startsWith('allow-')) throw bad(path, `has "${name}", which only the command line takes, where it is seen`);
  const names = CONFIG_KEYS.map((one) => one.name);
  const nearest = findNearest(name, names);
  const meant = nearest === null ? '' : ` (did you mean ${nearest}?)`;
  throw bad(path, `has "${name}"${meant}, but the keys are ${names.join(', ')}`);
}

function readValue({ name, kind, isValid, form }: ConfigKey, value: unknown, source: string): Setting {
  const words = kind === 'list' && Array.isArray(value) ? value : [value];
  const fits =
    kind === 'flag' ? typeof value === 'boolean' : words.every((word) => typeof word === 'string' && isValid(word));
  if (fits && (kind !== 'list' || Array.isArray(value))) return { key: name, value: value as ConfigValue, source };
  throw bad(source, `has ${name} = ${shown(value)}, but ${form} is needed`);
}

/** TAPPREP_CACHE_DIR and so on: true or false, a word, or words with blanks between them. An empty one is none. */
function readVariables(env: Environment): readonly Setting[] {
  return CONFIG_KEYS.flatMap((key) => {
    const source = variableOf(key);
    const given = env[source] ?? '';
    if (given === '') return [];
    // The oldest of them has a hint of its own.
    if (key.name === 'cache-dir') return [{ key: key.name, value: defaultCacheDir(env), source }];
    const flag = { true: true, '1': true, false: false, '0': false }[given];
    const value = key.kind === 'flag' ? (flag ?? given) : key.kind === 'list' ? given.trim().split(/\s+/) : given;
    return [readValue(key, value, source)];
  });
}

const PREFIX = 'TAPPREP_';

/** The variable that stands for a key. */
export function variableOf({ name }: ConfigKey): string {
  return `${PREFIX}${name.toUpperCase().replaceAll('-', '_')}`;
}

/** Variables that tapprep itself gives to what it starts, and the one of a portable SystemTap. */
const OTHER_VARIABLES: readonly string[] = ['TAPPREP_KEY_PASSPHRASE', 'TAPPREP_TOKEN_PIN', 'TAPPREP_RUNTIME'];

/** Variables that stand for no key, each with the one that it was likely meant to be; those like none are others' own. */
export function findMisspelt(env: Environment): readonly { readonly name: string; readonly meant: string }[] {
  const known = CONFIG_KEYS.map(variableOf);
  const words = known.map((name) => name.slice(PREFIX.length));
  return Object.keys(env).flatMap((name) => {
    if (!name.startsWith(PREFIX) || known.includes(name) || OTHER_VARIABLES.includes(name)) return [];
    const meant = findNearest(name.slice(PREFIX.length), words);
    return meant === null ? [] : [{ name, meant: `${PREFIX}${meant}` }];
  });
}

/**
 * What tapprep does as root may hang on it: it must be a file of root or of this user (of whoever called sudo, where it
 * did) that nobody else can write.
 */
async function readOwnFile(path: string, env: Environment): Promise<string | null> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return null;
    throw bad(path, 'cannot be read', error);
  }
  try {
    const info = await file.stat();
    if (!info.isFile()) throw bad(path, 'is no file');
    const foreign = await findForeign(info, env['SUDO_UID']);
    if (foreign !== null) throw bad(path, sayForeign(foreign), undefined, foreignHint(foreign, path));
    if (info.size > MOST_BYTES) throw bad(path, `has ${info.size} bytes, more than ${MOST_BYTES}`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** A value as TOML writes it, roughly. */
function shown(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`;
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'a table';
}

function bad(source: string, what: string, cause?: unknown, hint = 'tapprep help configuration'): TapprepError {
  const words = isAbsolute(source) ? source : `the variable ${source}`;
  return new TapprepError('BAD_CONFIG', `${words} ${what}`, { hint, facts: { source }, cause });
}
