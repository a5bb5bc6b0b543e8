/** Every command: what it is called, what it takes, and the file that runs it. */
import type { Context } from './context.ts';
import { type Raw, readTarget, readText } from './options.ts';

export interface CommandRow {
  readonly name: string;
  readonly summary: string;
  /** Takes the options that name a target. */
  readonly target: boolean;
  readonly args?: readonly (readonly [string, string])[];
  readonly options?: readonly (readonly [string, string])[];
  readonly run: (context: Context, raw: Raw, args: readonly string[]) => Promise<number>;
}

export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'detect',
    summary: 'show what is known of the target: distribution, kernel, build-id, what is installed',
    target: true,
    run: async (context, raw) => {
      const { runDetect } = await import('./commands/detect.ts');
      return runDetect(context, { target: readTarget(raw) });
    },
  },
  {
    name: 'explain',
    summary: 'diagnose a log of a failed run, or print the page of a code',
    target: false,
    args: [['[source]', 'a file, - for standard input (the default), or a code such as DEVEL_MISSING']],
    options: [['--facts <file>', 'a saved "tapprep detect --json" of the machine the log is from']],
    run: async (context, raw, args) => {
      const { runExplain } = await import('./commands/explain.ts');
      return runExplain(context, { source: args[0] ?? null, facts: readText(raw, 'facts') });
    },
  },
];
