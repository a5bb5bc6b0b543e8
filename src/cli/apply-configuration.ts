/** What a configuration means for one command line: defaults of the options it takes, and the options that it may not have. */
import { TapprepError } from '../errors.ts';
import { CONFIG_KEYS } from './configuration-keys.ts';
import type { Configuration, Setting } from './configuration.ts';
import { isGiven, keyOf, type OptionRow, type Raw } from './options.ts';

/** Options with the defaults of a configuration; what was given stays, and lists go on behind what was given. */
export function withDefaults(raw: Raw, options: readonly OptionRow[], { settings }: Configuration): Raw {
  const taken = new Set(options.map(keyOf));
  const merged: Record<string, unknown> = { ...raw };
  for (const { key, value } of settings) {
    const option = CONFIG_KEYS.find(({ name }) => name === key)?.option ?? null;
    if (option === null || !taken.has(option)) continue;
    if (Array.isArray(value)) merged[option] = [...((merged[option] as readonly string[] | undefined) ?? []), ...value];
    // commander sets "color" itself where --no-color was not given.
    else if (raw[option] === undefined || (option === 'color' && raw[option] === true)) merged[option] = value;
  }
  return merged;
}

/** Refuses what an organisation forbids. @param known every option of any command @throws TapprepError FORBIDDEN, BAD_CONFIG */
export function requireAllowed(
  raw: Raw,
  options: readonly OptionRow[],
  { files, never, settings }: Configuration,
  known: readonly OptionRow[],
): void {
  for (const { option, source } of never) {
    const isIt = (row: OptionRow): boolean => row[0].split(/[ ,]+/).includes(`--${option}`);
    if (!known.some(isIt)) {
      throw new TapprepError(
        'BAD_CONFIG',
        `${source} says never = "${option}", but no command has an option --${option}`,
        {
          hint: 'tapprep help trust',
          facts: { source, option },
        },
      );
    }
    const row = options.find(isIt);
    if (row === undefined) continue;
    if (isGiven(row, raw[keyOf(row)])) throw forbidden(`--${option} was given`, option, source);
    // What an organisation sets itself it does not forbid; whoever forbids may set it once and for all.
    const own = [source, files[0]?.path];
    const other = settings.find((setting) => !own.includes(setting.source) && isDefaultOf(setting, row));
    if (other !== undefined) throw forbidden(`${other.source} sets ${other.key}`, option, source);
  }
}

/** Whether a setting gives an option that is taken when it is typed. */
function isDefaultOf({ key, value }: Setting, row: OptionRow): boolean {
  return CONFIG_KEYS.some(({ name, option }) => name === key && option === keyOf(row)) && isGiven(row, value);
}

function forbidden(done: string, option: string, source: string): TapprepError {
  const text = `${done}, but ${source} says that --${option} is never to be used here`;
  return new TapprepError('FORBIDDEN', text, { hint: 'tapprep config show', facts: { source, option } });
}

/** The variables of a proxy that the environment does not have. An environment with any of them is taken as it is. */
export function proxyVariables(
  { settings }: Configuration,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const names = ['http_proxy', 'https_proxy', 'no_proxy'];
  if (names.some((name) => (env[name] ?? env[name.toUpperCase()]) !== undefined)) return {};
  const word = (key: string): string | null => {
    const value = settings.find((one) => one.key === key)?.value;
    return typeof value === 'string' ? value : null;
  };
  const [proxy, none] = [word('proxy'), word('no-proxy')];
  return {
    ...(proxy === null ? {} : { http_proxy: proxy, https_proxy: proxy }),
    ...(none === null ? {} : { no_proxy: none }),
  };
}
