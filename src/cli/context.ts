/** What a command gets from the process; the only bridge between the domain and argv, env and terminals. */
import type { Readable } from 'node:stream';
import type { Place } from '../diagnose/place.ts';
import type { SshAccess } from '../pipeline/open-target.ts';
import type { Emit } from '../types.ts';
import type { Output } from './output.ts';

/** Options that every command takes. */
export interface CommonOptions {
  readonly json: boolean;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  readonly offline: boolean;
  /** --allow-unsigned-packages, of the commands that plan or install. */
  readonly allowUnsigned: boolean;
  /** Milliseconds that all waiting for sources may take; null for as long as bytes come. */
  readonly timeoutMs: number | null;
  /** --snapshot, of the commands that ask sources: the time of which snapshot archives are asked; null for none. */
  readonly snapshot?: string | null;
  /** Extra mirror list files, first one strongest. */
  readonly mirrors: readonly string[];
  /** KIND=URL, each prepended to its kind. */
  readonly mirror: readonly string[];
  readonly cacheDir: string;
  /** ssh -F for --host; null for the user's own. */
  readonly sshConfig: string | null;
  /** File with the password that sudo wants on --host; null for asking on the terminal. */
  readonly sudoPasswordFile: string | null;
}

export interface Context {
  readonly stdin: Readable;
  /** Only final reports go here. */
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stderrIsTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Aborted by SIGINT, SIGTERM or SIGHUP, with a StopRequest as its reason. */
  readonly signal: AbortSignal;
  /** Root of the installed package: where mirrors.json and stp/ lie. */
  readonly packageRoot: string;
  readonly common: CommonOptions;
  readonly emit: Emit;
  /** Asks a yes/no question on the terminal; false where there is none and --yes was not given. */
  readonly confirm: (question: string) => Promise<boolean>;
  /** Asks for a passphrase on the terminal, which shows nothing of it; null where there is none. */
  readonly askSecret: (question: string) => Promise<string | null>;
  readonly ssh: SshAccess;
  /** Whether the hosts of this command may only be looked at. */
  readonly isDryRun: boolean;
  /** Where the commands that are printed work: the target, as the options name it. */
  readonly place: Place;
}

/** A command: reads its options, writes its report, returns the exit code; throws TapprepError for the failure of a stage. */
export type Command<Options> = (context: Context, options: Options) => Promise<number>;
