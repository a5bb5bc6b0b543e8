/** What a configuration file may hold, one row a key; each is a TAPPREP_… variable, too. */
import { isAbsolute } from 'node:path';
import { CACHE_DIR, keyOf, LISTS, type OptionRow, readTime, SHOWN, SOURCES, TARGET, TOLD } from './options.ts';

/** For a reader of later releases; may be left out. */
export const CONFIG_FORMAT = 'tapprep-config/1';

export type ConfigValue = string | boolean | readonly string[];

export interface ConfigKey {
  readonly name: string;
  readonly kind: 'word' | 'flag' | 'list';
  /** The option that it is the default of, by the parser's key; null for what no option says. */
  readonly option: string | null;
  /** What it is, for the manual and for errors: "an absolute path". */
  readonly form: string;
  readonly meaning: string;
  /** Whether one word of it can be right; flags have none. */
  readonly isValid: (word: string) => boolean;
}

/** The list of options that nobody may give. */
export const NEVER = 'never';

const anything = (word: string): boolean => word !== '';

function row(flag: string): OptionRow {
  const found = [...SHOWN, ...TOLD, CACHE_DIR, ...SOURCES, ...LISTS, ...TARGET].find(([flags]) =>
    flags.split(/[ ,]+/).includes(flag),
  );
  if (found === undefined) throw new RangeError(`there is no option ${flag}`);
  return found;
}

/** A key of an option's own name and words. */
function ofOption(flag: string, kind: ConfigKey['kind'], form: string, isValid = anything): ConfigKey {
  const option = row(flag);
  const name = flag.replace(/^--(?:no-)?/, '');
  return { name, kind, option: keyOf(option), form, isValid, meaning: `as ${flag}: ${option[1]}` };
}

function isTime(word: string): boolean {
  try {
    return readTime({ timeout: word }, 'timeout') !== null;
  } catch {
    return false;
  }
}

function isProxy(word: string): boolean {
  return /^https?:$/.test(URL.parse(word)?.protocol ?? '');
}

export const CONFIG_KEYS: readonly ConfigKey[] = [
  ofOption('--cache-dir', 'word', 'an absolute path', isAbsolute),
  ofOption('--mirrors', 'list', 'a list of absolute paths', isAbsolute),
  ofOption('--mirror', 'list', 'a list of KIND=URL', (word) => /^[a-z-]+=\S/.test(word)),
  ofOption('--offline', 'flag', 'true or false'),
  ofOption('--timeout', 'word', 'a time as 90s, 10m or 2h', isTime),
  ofOption('--ssh-config', 'word', 'an absolute path', isAbsolute),
  ofOption('--verbose', 'flag', 'true or false'),
  ofOption('--no-color', 'flag', 'true or false'),
  {
    name: 'systemtap',
    kind: 'word',
    option: 'systemtap',
    form: 'auto, distro, portable, build or a version',
    meaning: 'as --systemtap: which one is taken',
    isValid: (word) => /^(?:auto|distro|portable|build|\d+\.\d+)$/.test(word),
  },
  {
    name: 'proxy',
    kind: 'word',
    option: null,
    form: 'an address as http://HOST:PORT/',
    meaning: 'what http_proxy and https_proxy are where the environment has neither',
    isValid: isProxy,
  },
  {
    name: 'no-proxy',
    kind: 'word',
    option: null,
    form: 'hosts with commas between them',
    meaning: 'what no_proxy is where the environment has none',
    isValid: anything,
  },
  {
    name: NEVER,
    kind: 'list',
    option: null,
    form: 'a list of options without their dashes',
    meaning: 'options that are refused, as allow-unsigned-packages; every source adds to them and none takes away',
    isValid: (word) => /^[a-z][a-z-]{1,60}$/.test(word),
  },
];
