/** The options that many commands share: as tables for the parser, and read into the types of context.ts. */
import { TapprepError } from '../errors.ts';
import { parseSnapshotTime } from '../mirrors/snapshot-time.ts';
import type { CommonOptions } from './context.ts';
import type { DebuginfoChoice } from '../pipeline/plan-target.ts';
import { DEBUG_FILE } from '../resolve/debuginfod/place.ts';
import { lettersApart } from '../nearest-name.ts';
import { defaultCacheDir } from './user-directories.ts';
import type { TargetOptions } from '../types.ts';

/** Option values as the parser leaves them. */
export type Raw = Readonly<Record<string, unknown>>;

/** Under which heading of the help an option stands. */
export type OptionGroup = 'Target:' | 'SystemTap:' | 'Sources:' | 'Output:' | 'Options:';

/** What the parser takes, what it is for, and under which heading. */
export type OptionRow = readonly [flags: string, text: string, group?: OptionGroup];

/** Taken by every command: what it found can be read by programs, and an error says more. */
export const SHOWN: readonly OptionRow[] = [
  ['--json', 'print the final report as JSON on standard output', 'Output:'],
  ['-v, --verbose', 'print more: every command that is run, every reason', 'Output:'],
];

/** Taken by commands that tell what they are doing. */
export const TOLD: readonly OptionRow[] = [
  ['-q, --quiet', 'print errors and warnings only', 'Output:'],
  ['--no-color', 'no colours', 'Output:'],
];

/** Taken by commands that ask before they change something. */
export const ASKS: readonly OptionRow[] = [['-y, --yes', 'answer yes to every question', 'Options:']];

/** Taken by commands that can show what they would do. */
export const DRY: readonly OptionRow[] = [['--dry-run', 'show every command and change nothing', 'Options:']];

export const CACHE_DIR: OptionRow = [
  '--cache-dir <dir>',
  'where downloads and roots are kept (default: ~/.cache/tapprep)',
  'Sources:',
];

/** Taken by commands that name repositories, each as often as wanted. */
export const LISTS: readonly OptionRow[] = [
  ['--mirrors <file>', 'a mirror list of your own, asked first (may be repeated)', 'Sources:'],
  [
    '--mirror <kind=url>',
    'one repository asked before all others, e.g. rpm-md=https://host/repo/ (may be repeated)',
    'Sources:',
  ],
];

/** Taken by commands that ask repositories. */
export const SOURCES: readonly OptionRow[] = [
  CACHE_DIR,
  ['--offline', 'use the cache only', 'Sources:'],
  [
    '--timeout <time>',
    'how long asking and fetching may take at most, as 90s, 10m or 2h (default: as long as bytes come)',
    'Sources:',
  ],
  ...LISTS,
];

export const REPORT: OptionRow = [
  '--report <file>',
  'keep what was found: .html for people, .xml for JUnit readers, .json (may be repeated)',
  'Output:',
];

/** May be given more than once. */
export const REPEATED: readonly OptionRow[] = [...LISTS, REPORT];

const KERNEL: OptionRow = ['--kernel <release>', 'another kernel of that host, as uname -r prints it', 'Target:'];
export const DISTRO: OptionRow = [
  '--distro <id:version>',
  'a host that is not here: ID and VERSION as in os-release (with --kernel)',
  'Target:',
];
const DECLARED: readonly OptionRow[] = [
  ['--arch <arch>', 'its architecture, as uname -m prints it', 'Target:'],
  ['--uname-v <text>', 'its uname -v, where the release alone does not tell the build', 'Target:'],
];
const BANNER: OptionRow = [
  '--banner <text|file>',
  'its "Linux version …" line, or a file that has one (a log, /proc/version, a memory image): tells kernel and distribution',
  'Target:',
];

/** Says which machine, whatever kernel of it is meant. */
export const PLACE: readonly OptionRow[] = [
  ['--root <dir>', 'the system installed in that directory', 'Target:'],
  ['--host <[user@]host>', "another machine, over this system's ssh", 'Target:'],
  ['--ssh-config <file>', 'with --host: another configuration for ssh than yours', 'Target:'],
];
const OWN_KERNEL: readonly OptionRow[] = [
  [
    '--build-tree <dir>',
    'the tree that the kernel was built from, on the target: it stands for the packages of a kernel that has none',
    'Target:',
  ],
  [
    '--vmlinux <file>',
    "the kernel's vmlinux with debug information, on the target (default with --build-tree: the one in it)",
    'Target:',
  ],
];
const FACTS: OptionRow = [
  '--facts <file>',
  'a host by what "tapprep detect --json", or the script of "tapprep detect --script", printed there',
  'Target:',
];

/** Taken by every command that works for a target, be it only described. */
export const TARGET: readonly OptionRow[] = [KERNEL, DISTRO, ...DECLARED, BANNER, ...PLACE, ...OWN_KERNEL, FACTS];

/** A kernel of a machine that can be asked, as it names itself. */
export const RUNNING: readonly OptionRow[] = [KERNEL, BANNER, ...PLACE, ...OWN_KERNEL];

/** A kernel of a machine that can be asked, and what its release alone does not tell. */
export const MACHINE: readonly OptionRow[] = [KERNEL, ...DECLARED, BANNER, ...PLACE, ...OWN_KERNEL];

/** What loads modules: a machine and its kernel, or what was seen of them. */
export const LOADER: readonly OptionRow[] = [KERNEL, BANNER, ...PLACE, FACTS];

/** A machine that can be asked, or its saved answers. */
export const SEEN: readonly OptionRow[] = [...MACHINE, FACTS];

/** Taken by commands that need root rights on the target. */
export const AS_ROOT: readonly OptionRow[] = [
  [
    '--sudo-password-file <file>',
    'with --host: its first line is what sudo asks for there; else the terminal is asked',
    'Target:',
  ],
];

/** "--verbose" of "-v, --verbose". */
export function longOf([flags]: OptionRow): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? '';
}

/** The key under which the parser leaves an option's value: "--no-color" as "color", "--cache-dir" as "cacheDir". */
export function keyOf([flags]: OptionRow): string {
  const [, name = ''] = /--(?:no-)?([a-z-]+)/.exec(flags) ?? [];
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Options that only say something of another machine. */
export const OF_HOST: readonly OptionRow[] = [
  ...PLACE.filter(([flags]) => flags.startsWith('--ssh-config')),
  ...AS_ROOT,
];

/**
 * Refuses options that only mean something together with another one.
 * @param raw what was given: a default of a configuration asks for nothing
 * @throws TapprepError USAGE
 */
export function requireWith(raw: Raw, other: string, rows: readonly OptionRow[]): void {
  const given = findGiven(raw, rows);
  if (given === null || (raw[keyOf([other, ''])] ?? false) !== false) return;
  throw new TapprepError('USAGE', `${longOf(given)} means something with ${other} only, which was not given`);
}

/**
 * Refuses options that mean nothing beside another one. @param other a flag, with its value where only that one rules them out
 * @throws TapprepError USAGE
 */
export function requireWithout(raw: Raw, other: string, rows: readonly OptionRow[]): void {
  const [flag = '', value] = other.split(' ');
  const there = raw[keyOf([flag, ''])] ?? false;
  if (value === undefined ? there === false : there !== value) return;
  const given = findGiven(raw, rows);
  if (given === null) return;
  throw new TapprepError('USAGE', `${longOf(given)} means nothing beside ${other}, but both were given`);
}

function findGiven(raw: Raw, rows: readonly OptionRow[]): OptionRow | null {
  return rows.find((row) => isGiven(row, raw[keyOf(row)])) ?? null;
}

/** Whether a value says that an option stood on the command line: --debuginfo and --no-debuginfo have one key. */
export function isGiven([flags]: OptionRow, value: unknown): boolean {
  if (flags.includes('--no-')) return value === false;
  return flags.includes('<') ? typeof value === 'string' || Array.isArray(value) : value === true;
}

/** The options of every command. @throws TapprepError USAGE */
export function readCommon(raw: Raw, env: Readonly<Record<string, string | undefined>>): CommonOptions {
  const snapshot = readText(raw, 'snapshot');
  const isOn = (name: string): boolean => raw[name] === true;
  return {
    json: isOn('json'),
    yes: isOn('yes'),
    dryRun: isOn('dryRun'),
    quiet: isOn('quiet'),
    verbose: isOn('verbose'),
    color: raw['color'] !== false && env['NO_COLOR'] === undefined,
    offline: isOn('offline'),
    allowUnsigned: isOn('allowUnsignedPackages'),
    timeoutMs: readTime(raw, 'timeout'),
    snapshot: snapshot === null ? null : parseSnapshotTime(snapshot),
    mirrors: readList(raw['mirrors']),
    mirror: readList(raw['mirror']),
    cacheDir: readText(raw, 'cacheDir') ?? defaultCacheDir(env),
    sshConfig: readText(raw, 'sshConfig'),
    sudoPasswordFile: readText(raw, 'sudoPasswordFile'),
  };
}

export function readList(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** An option's text, or null when it was not given. */
export function readText(raw: Raw, name: string): string | null {
  const value = raw[name];
  return typeof value === 'string' ? value : null;
}

/** The target options as they were given, unchecked. */
export function givenTarget(raw: Raw): TargetOptions {
  return {
    kernel: readText(raw, 'kernel'),
    distro: readText(raw, 'distro'),
    arch: readText(raw, 'arch'),
    unameV: readText(raw, 'unameV'),
    root: readText(raw, 'root'),
    host: readText(raw, 'host'),
    facts: readText(raw, 'facts'),
    banner: readText(raw, 'banner'),
    buildTree: readText(raw, 'buildTree'),
    vmlinux: readText(raw, 'vmlinux'),
  };
}

const PLACES = ['root', 'host', 'facts', 'distro'] as const;

/**
 * The target options, checked for combinations that name two machines.
 * @param needsKernel whether a distribution alone is too little; for a rehearsal it means that one's current kernel
 * @throws TapprepError USAGE
 */
export function readTarget(raw: Raw, needsKernel = true): TargetOptions {
  const options = givenTarget(raw);
  const places = PLACES.filter((name) => options[name] !== null);
  if (places.length > 1) {
    throw new TapprepError('USAGE', `--${places[0]} and --${places[1]} name two machines, but a target is one`);
  }
  if (needsKernel && options.distro !== null && options.kernel === null && (options.banner ?? null) === null) {
    throw new TapprepError(
      'USAGE',
      `--distro ${options.distro} is given without --kernel, but a host that is not here needs both`,
      {
        hint: `add --kernel RELEASE, as "uname -r" prints it there`,
      },
    );
  }
  return options;
}

const LEVELS = ['hello', 'probe', 'scripts'] as const;

/** How far ready must reach: to scripts, where some are named. @throws TapprepError USAGE where they would not run */
export function readLevel(raw: Raw, scripts: readonly string[] = []): (typeof LEVELS)[number] {
  const given = readText(raw, 'level') ?? (scripts.length === 0 ? 'hello' : 'scripts');
  const level = LEVELS.find((name) => name === given);
  if (level === undefined) throw new TapprepError('USAGE', `--level is ${LEVELS.join(', ')}, but "${given}" was given`);
  if (level === 'scripts' || scripts.length === 0) return level;
  throw new TapprepError('USAGE', `${scripts.join(' and ')} would not run: --level ${level} runs no scripts`, {
    hint: 'leave --level out, or give --level scripts',
  });
}

/** Where a module is to be loaded; null for wherever it can be. @throws TapprepError USAGE */
export function readPlace(raw: Raw): 'local' | 'vm' | null {
  const given = readText(raw, 'in');
  if (given === null || given === 'local' || given === 'vm') return given;
  throw new TapprepError('USAGE', `--in is local or vm, but "${given}" was given`);
}

const RUNTIMES = ['module', 'bpf', 'auto'] as const;

/** What scripts run by. @throws TapprepError USAGE */
export function readRuntime(raw: Raw): (typeof RUNTIMES)[number] {
  const given = readText(raw, 'runtime') ?? 'module';
  const known = RUNTIMES.find((word) => word === given);
  if (known !== undefined) return known;
  throw new TapprepError('USAGE', `--runtime is ${RUNTIMES.join(', ')}, but "${given}" was given`);
}

/** What a bundle's modules run by: what is shipped is decided where it is made. @throws TapprepError USAGE */
export function readShippedRuntime(raw: Raw): Exclude<(typeof RUNTIMES)[number], 'auto'> {
  const runtime = readRuntime(raw);
  if (runtime !== 'auto') return runtime;
  throw new TapprepError('USAGE', '--runtime is module or bpf for a bundle, but "auto" was given');
}

const SIZE_UNITS = { '': 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12 } as const;

/** A size of an option in bytes; null when it was not given. @throws TapprepError USAGE */
export function readSize(raw: Raw, name: string): number | null {
  const given = readText(raw, name);
  if (given === null) return null;
  const [, count, unit = ''] = /^(\d{1,15}(?:\.\d{1,3})?)([KMGT]?)B?$/i.exec(given) ?? [];
  const bytes = Number(count) * SIZE_UNITS[unit.toUpperCase() as keyof typeof SIZE_UNITS];
  if (count !== undefined && Number.isSafeInteger(Math.round(bytes))) return Math.round(bytes);
  throw new TapprepError('USAGE', `a size as 5G, 800M or a number of bytes was expected where "${given}" was given`);
}

/** A whole number of an option; null when it was not given. @throws TapprepError USAGE */
export function readCount(raw: Raw, name: string): number | null {
  const given = readText(raw, name);
  if (given === null) return null;
  if (/^\d{1,15}$/.test(given)) return Number(given);
  throw new TapprepError('USAGE', `a whole number was expected where "${given}" was given`);
}

const TIME_UNITS = { '': 1_000, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** A time of an option in milliseconds; null when it was not given. @throws TapprepError USAGE */
export function readTime(raw: Raw, name: string): number | null {
  const given = readText(raw, name);
  if (given === null) return null;
  const [, count, unit = ''] = /^(\d{1,6})([smh]?)$/.exec(given) ?? [];
  const ms = Number(count) * TIME_UNITS[unit as keyof typeof TIME_UNITS];
  if (count !== undefined && ms > 0) return ms;
  throw new TapprepError('USAGE', `--${name} takes a time as 90s, 10m or 2h, but "${given}" was given`);
}

/** What the commands that plan have in common. */
export function readPlanOptions(raw: Raw): {
  readonly target: TargetOptions;
  readonly debuginfo: DebuginfoChoice;
  readonly debuginfoFiles: readonly string[] | null;
  readonly image: boolean;
  readonly allowExpiredRelease: boolean;
  readonly systemtap: ReturnType<typeof readSystemtap>;
} {
  return {
    systemtap: readSystemtap(raw, 'auto'),
    target: readTarget(raw),
    debuginfo: readDebuginfo(raw),
    debuginfoFiles: readDebuginfoFiles(raw),
    image: raw['image'] === true,
    allowExpiredRelease: raw['allowExpiredRelease'] === true,
  };
}

/** Where debug information comes from. @throws TapprepError USAGE */
function readDebuginfo(raw: Raw): DebuginfoChoice {
  if (raw['debuginfo'] === false) return false;
  const given = readText(raw, 'debuginfo') ?? 'package';
  if (given === 'debuginfod') return given;
  if (given === 'package') return true;
  throw new TapprepError('USAGE', `--debuginfo is package or debuginfod, but "${given}" was given`);
}

/** --debuginfo-files vmlinux,ext4. @throws TapprepError USAGE */
function readDebuginfoFiles(raw: Raw): readonly string[] | null {
  const given = readText(raw, 'debuginfoFiles');
  if (given === null) return null;
  if (readDebuginfo(raw) !== true)
    throw new TapprepError(
      'USAGE',
      '--debuginfo-files takes files out of the debug package, which --no-debuginfo or --debuginfo debuginfod leaves out',
    );
  const names = given.split(',');
  const bad = names.find((name) => !DEBUG_FILE.test(name) || isNearlyVmlinux(name));
  if (bad === undefined) return [...new Set(names)];
  const meant = isNearlyVmlinux(bad) ? ': did you mean vmlinux?' : '';
  throw new TapprepError(
    'USAGE',
    `--debuginfo-files takes vmlinux and names of modules, but "${bad}" was given${meant}`,
  );
}

/** No module is called so: the package would be downloaded for a file that it does not have. */
function isNearlyVmlinux(name: string): boolean {
  return name !== 'vmlinux' && lettersApart(name, 'vmlinux') <= 2;
}

const SYSTEMTAP_WORDS = ['auto', 'distro', 'portable', 'build'] as const;

/** Which SystemTap is wanted: a word, or a version such as 5.6. @throws TapprepError USAGE */
export function readSystemtap(
  raw: Raw,
  fallback: (typeof SYSTEMTAP_WORDS)[number],
): (typeof SYSTEMTAP_WORDS)[number] | { readonly version: string } {
  const given = readText(raw, 'systemtap') ?? fallback;
  const word = SYSTEMTAP_WORDS.find((name) => name === given);
  if (word !== undefined) return word;
  if (/^\d+\.\d+$/.test(given)) return { version: given };
  throw new TapprepError(
    'USAGE',
    `--systemtap is ${SYSTEMTAP_WORDS.join(', ')} or a version, but "${given}" was given`,
  );
}

/** One of those that are on a target: of a portable or built one only the version tells which. @throws TapprepError USAGE */
export function readInstalled(raw: Raw): 'auto' | 'distro' | { readonly version: string } {
  const wish = readSystemtap(raw, 'auto');
  if (wish !== 'portable' && wish !== 'build') return wish;
  throw new TapprepError('USAGE', `--systemtap is auto, distro or a version here, but "${wish}" was given`);
}
