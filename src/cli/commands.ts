/** Every command: what it is called, what it takes, and the file that runs it. */
import type { Context } from './context.ts';
import { type Raw, readLevel, readTarget, readText } from './options.ts';

export interface CommandRow {
  readonly name: string;
  readonly summary: string;
  /** Takes the options that name a target. */
  readonly target: boolean;
  readonly args?: readonly (readonly [string, string])[];
  readonly options?: readonly (readonly [string, string])[];
  readonly run: (context: Context, raw: Raw, args: readonly string[]) => Promise<number>;
}

const EXPIRED = ['--allow-expired-release', 'accept a package index that is older than its own Valid-Until'] as const;
const LEVEL = ['--level <level>', 'how far ready must reach: hello, probe or scripts (default: hello)'] as const;

export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'detect',
    summary: 'distribution, kernel, build-id, and what is already installed',
    target: true,
    run: async (context, raw) => (await import('./commands/detect.ts')).runDetect(context, { target: readTarget(raw) }),
  },
  {
    name: 'doctor',
    summary: 'check everything that can keep SystemTap from working, and say what mends it',
    target: true,
    options: [['--log <file>', 'the output of a failed run, "-" for standard input']],
    run: async (context, raw) => {
      const { runDoctor } = await import('./commands/doctor.ts');
      return runDoctor(context, { target: readTarget(raw), log: readText(raw, 'log') });
    },
  },
  {
    name: 'explain',
    summary: 'diagnoses the output of a failed run, or prints the page of a code',
    target: false,
    args: [['[source]', 'a file, "-" for standard input, or a code']],
    options: [['--facts <file>', 'what "tapprep detect --json" printed on the machine that failed']],
    run: async (context, raw, [source]) =>
      (await import('./commands/explain.ts')).runExplain(context, {
        source: source ?? null,
        facts: readText(raw, 'facts'),
      }),
  },
  {
    name: 'mirrors',
    summary: 'list the repositories that would be asked, or check whether they answer',
    target: true,
    args: [['<action>', 'list or check']],
    options: [
      ['--all', 'every entry of the mirror list instead of those for a target'],
      ['--retired', 'entries that are known to be retired too'],
      ['--snapshot <time>', 'a time for snapshot archives, as 20260801T000000Z'],
    ],
    run: async (context, raw, [action]) => {
      const { runMirrors } = await import('./commands/mirrors.ts');
      return runMirrors(context, action ?? '', {
        target: readTarget(raw),
        all: raw['all'] === true,
        retired: raw['retired'] === true,
        snapshot: readText(raw, 'snapshot'),
      });
    },
  },
  {
    name: 'names',
    summary: 'name the packages that the target needs, without any network',
    target: true,
    options: [['--batch', 'read one JSON target a line from standard input and answer one JSON line each']],
    run: async (context, raw) => {
      const { runNames } = await import('./commands/names.ts');
      return runNames(context, { target: readTarget(raw), batch: raw['batch'] === true });
    },
  },
  {
    name: 'rehearse',
    summary: 'makes a root of the target distribution and runs hello world inside its kernel in QEMU',
    target: true,
    args: [['[scripts...]', 'scripts of your own to run there too']],
    options: [LEVEL, ['--no-debuginfo', 'leave the debug package out: hello world does not need it'], EXPIRED],
    run: async (context, raw, scripts) =>
      (await import('./commands/rehearse.ts')).runRehearse(context, {
        target: readTarget(raw),
        scripts,
        level: readLevel(raw),
        debuginfo: raw['debuginfo'] !== false,
        allowExpiredRelease: raw['allowExpiredRelease'] === true,
      }),
  },
];
