/** Every command: what it is called, what it takes, and the file that runs it. */
import type { Context } from './context.ts';
import type { Raw } from './options.ts';

export interface CommandRow {
  readonly name: string;
  readonly summary: string;
  /** Takes the options that name a target. */
  readonly target: boolean;
  readonly args?: readonly (readonly [string, string])[];
  readonly options?: readonly (readonly [string, string])[];
  readonly run: (context: Context, raw: Raw, args: readonly string[]) => Promise<number>;
}

export const COMMANDS: readonly CommandRow[] = [];
