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
    summary: 'distribution, kernel, build-id, and what is already installed',
    target: true,
    run: async (context, raw) => (await import('./commands/detect.ts')).runDetect(context, { target: readTarget(raw) }),
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
];
