import { expect, test } from 'vitest';
import { COMMANDS, type CommandRow } from '../../../src/cli/commands.ts';
import type { Context } from '../../../src/cli/context.ts';
import {
  keyOf,
  type OptionRow,
  type Raw,
  readCommon,
  readLevel,
  readSize,
  readTime,
  requireWith,
} from '../../../src/cli/options.ts';
import { isTapprepError } from '../../../src/errors.ts';
import { buildProgram, runProgram } from '../../../src/cli/program.ts';

const flagOf = ([flags]: OptionRow): string => flags.split(/[ ,]+/).find((word) => word.startsWith('--')) ?? '';
const takesValue = ([flags]: OptionRow): boolean => flags.includes('<');

/** Every option that any command takes, once. */
const EVERY = [
  ...new Map(COMMANDS.flatMap(({ options }) => options.map((row) => [flagOf(row), row] as const))).values(),
];

/** Values that every reader takes. */
const VALUES: Readonly<Record<string, string>> = {
  '--in': 'vm',
  '--level': 'probe',
  '--systemtap': 'portable',
  '--timeout': '5m',
  '--snapshot': '20260801T000000Z',
  '--seconds': '9',
  '--older-than': '9',
  '--max-bytes': '9M',
  '--arch': 'x86_64',
  '--report': 'report.html',
  '--distro': 'debian:12',
  '--debuginfo-files': 'vmlinux,ext4',
};

const BESIDE: Readonly<Record<string, Raw>> = {
  'explain --expect': { feedback: 'case.log' },
  'explain --cause': { feedback: 'case.log' },
};

const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  'mends show': ['task-euid'],
  'scripts show': ['icmp'],
  'scripts run': ['icmp'],
  'verdicts import': ['seen.json'],
};

function lineOf(row: CommandRow, option: OptionRow): readonly string[] {
  const value = takesValue(option) ? [VALUES[flagOf(option)] ?? 'x:1'] : [];
  return [...row.name.split(' '), ...(REQUIRED[row.name] ?? []), flagOf(option), ...value];
}

async function parse(argv: readonly string[]): Promise<Raw> {
  let seen: Raw = {};
  await buildProgram(async (_row, raw) => {
    seen = raw;
  }).parseAsync(argv, { from: 'user' });
  return seen;
}

/** What a command and the options of all commands read of their options, before any work. */
async function readBy(row: CommandRow, given: Raw): Promise<ReadonlySet<string>> {
  const read = new Set<string>();
  const raw = new Proxy(given, {
    get: (target, key) => {
      read.add(String(key));
      return target[String(key)];
    },
  });
  readCommon(raw, {});
  const stop = new Error('the work begins');
  const context = new Proxy({} as Context, {
    get: () => {
      throw stop;
    },
  });
  await row.run(context, raw, REQUIRED[row.name] ?? []).catch((error: unknown) => {
    // A value that the command refuses was read, too.
    if (error !== stop && !isTapprepError(error, 'USAGE')) throw error;
  });
  return read;
}

const PAIRS = COMMANDS.flatMap((row) => EVERY.map((option) => [row.name, flagOf(option), row, option] as const));
const TAKEN = PAIRS.filter(([, flag, row]) => row.options.some((each) => flagOf(each) === flag));
const REFUSED = PAIRS.filter((pair) => !TAKEN.includes(pair));

test.each(TAKEN)('%s takes %s: it changes what the command is given', async (_name, _flag, row, option) => {
  const [given, without] = [
    await parse(lineOf(row, option)),
    await parse([...row.name.split(' '), ...(REQUIRED[row.name] ?? [])]),
  ];
  expect(given).not.toEqual(without);
  // Some are read beside another one only.
  const all = { ...BESIDE[`${row.name} ${flagOf(option)}`], ...given, ...(row.name === 'doctor' ? { fix: true } : {}) };
  const safe = flagOf(option) === '--distro' ? { ...all, kernel: '6.1.0-18-amd64' } : all;
  expect([...(await readBy(row, safe))]).toContain(keyOf(option));
});

test.each(REFUSED)('%s refuses %s by its name, with exit code 2', async (name, flag, row, option) => {
  await expect(runProgram(lineOf(row, option), '/nowhere')).rejects.toMatchObject({
    code: 'USAGE',
    message: `tapprep ${name} does not take ${flag}`,
  });
});

test.each(COMMANDS)('the examples of $name are command lines that it takes', async ({ examples, name }) => {
  for (const example of examples) {
    const argv = example.split(' ');
    let ran = '';
    await buildProgram(async (row) => {
      ran = row.name;
    }).parseAsync(argv, { from: 'user' });
    expect(ran).toBe(name);
  }
});

test.each([
  ['5G', 5e9],
  ['800M', 8e8],
  ['1.5k', 1500],
  ['17', 17],
])('a size of %s is %i bytes', (text, bytes) => {
  expect(readSize({ size: text }, 'size')).toBe(bytes);
});

test.each([
  ['90', 90_000],
  ['10m', 600_000],
  ['2h', 7_200_000],
])('a time of %s is %i ms', (text, ms) => {
  expect(readTime({ time: text }, 'time')).toBe(ms);
});

test('what a configuration gives an option that stands alone asks for nothing: doctor without --fix runs', () => {
  const [doctor] = COMMANDS.filter(({ name }) => name === 'doctor');
  const cache = doctor?.options.find((row) => flagOf(row) === '--cache-dir');
  expect(doctor?.only).toEqual([['--fix', expect.arrayContaining([cache])]]);
  const rows = doctor?.only?.[0]?.[1] ?? [];
  expect(() => requireWith({}, '--fix', rows)).not.toThrow();
  expect(() => requireWith({ cacheDir: '/c', fix: true }, '--fix', rows)).not.toThrow();
  expect(() => requireWith({ cacheDir: '/c' }, '--fix', rows)).toThrow('--cache-dir means something with --fix only');
});

test('scripts that are named run: the level is theirs, and another one is refused', () => {
  expect(readLevel({}, [])).toBe('hello');
  expect(readLevel({}, ['own.stp'])).toBe('scripts');
  expect(readLevel({ level: 'scripts' }, ['own.stp'])).toBe('scripts');
  expect(() => readLevel({ level: 'probe' }, ['own.stp', 'icmp'])).toThrow(
    'own.stp and icmp would not run: --level probe runs no scripts',
  );
});

test.each(['', '5X', '-1', '1e9', 'G'])('"%s" is no size and no time', (text) => {
  expect(() => readSize({ size: text }, 'size')).toThrow('a size as 5G');
  expect(() => readTime({ time: text }, 'time')).toThrow('takes a time');
});

test.each([
  [['--no-such'], "unknown option '--no-such'"],
  [['no-such'], "unknown command 'no-such'"],
  [['cache'], 'tapprep cache does list, clean, and none of them was named'],
  [
    ['rehearse', '--distro', 'debian:12', '--kernels', 'latest:0'],
    '--kernels takes latest:1 to latest:200, but latest:0 was given',
  ],
  [['doctor', '--dry-run'], '--dry-run means something with --fix only, which was not given'],
  [['install', '--bundle-keyring', 'k'], '--bundle-keyring means something with --bundle only, which was not given'],
  [['install', '--bundle', 'b', '--no-debuginfo'], '--no-debuginfo means nothing beside --bundle, but both were given'],
  [
    ['plan', '--no-debuginfo', '--debuginfo', 'debuginfod'],
    '--no-debuginfo and --debuginfo contradict each other, but both were given',
  ],
  [
    ['install', '--debuginfo=package', '--no-debuginfo'],
    '--debuginfo and --no-debuginfo contradict each other, but both were given',
  ],
  [['bundle', '--compiled', '--lock', 'l'], '--lock means nothing beside --compiled, but both were given'],
  [
    ['verify', '--in', 'local', '--boot-image', 'i'],
    '--boot-image means nothing beside --in local, but both were given',
  ],
  [
    ['plan', '--debuginfo-files', 'ext4,vmlinx'],
    '--debuginfo-files takes vmlinux and names of modules, but "vmlinx" was given: did you mean vmlinux?',
  ],
  [
    ['plan', '--debuginfo-files', 'vmlinux.debug'],
    '--debuginfo-files takes vmlinux and names of modules, but "vmlinux.debug" was given',
  ],
  [['names', '--batch', '--root', '/'], '--root means nothing beside --batch, but both were given'],
])('%j is refused with a code', async (argv, message) => {
  await expect(runProgram(argv, '/nowhere')).rejects.toMatchObject({ code: 'USAGE', message });
});

test.each([
  [['--kernel', '6.1.0-57-cloud-amd46'], '--kernel 6.1.0-57-cloud-amd64'],
  [['--kernel=6.1.0-57-clod-amd64'], "'--kernel=6.1.0-57-cloud-amd64'"],
])('of a misspelt release the same line is printed with the one that was meant: %j', async (words, meant) => {
  await expect(runProgram(['names', '--distro', 'debian:12', ...words], '/nowhere')).rejects.toMatchObject({
    code: 'USAGE',
    hint: `tapprep names --distro debian:12 ${meant}`,
  });
});
