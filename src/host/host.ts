/** The seam to a machine: whatever tapprep does to or asks of a target goes through one of these. */

export interface RunOptions {
  readonly input?: string | Uint8Array;
  /** Instead: a file of this machine from a byte on. */
  readonly inputFile?: { readonly path: string; readonly offset: number };
  readonly timeoutMs?: number;
  /** Added to a clean environment (PATH, HOME, LC_ALL=C). */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** root: /proc is there while the command runs, in a mount namespace that ends with it (objtool of Linux 7 reads it). */
  readonly proc?: boolean;
  /**
   * The program comes to its end whatever becomes of tapprep and of the connection (a package manager at work): once it has
   * begun, `signal` does not end it, and whoever runs it looks at the signal afterwards.
   */
  readonly untilEnd?: boolean;
  readonly signal?: AbortSignal;
  /** Called for each line as it arrives. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

/** A finished command. A non-zero exit is a result, not an error. */
export interface RunResult {
  readonly argv: readonly string[];
  /** null when it was ended by a signal or by the time limit. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly seconds: number;
}

export interface Host {
  readonly kind: 'local' | 'root' | 'ssh';
  /** For people: "this host", the root's path, "user@host". */
  readonly name: string;
  /**
   * Runs argv without a shell.
   * @throws TapprepError TOOL_MISSING when the program is not there, INTERRUPTED when the signal fired.
   */
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** The file's text (UTF-8), or null when it does not exist. */
  readText(path: string): Promise<string | null>;
  /** Atomic: temporary file beside it, fsync, rename; makes missing directories (0755). */
  writeFile(path: string, data: string | Uint8Array, mode: number): Promise<void>;
  /** Removes a file; absent is fine. */
  removeFile(path: string): Promise<void>;
  /** Absolute path of a program in the target's PATH, or null. */
  which(name: string): Promise<string | null>;
  /** Path on this machine of a path on the target; null where there is none (ssh). */
  localPath(path: string): string | null;
  /**
   * A regular file of the target to be read on this machine, under its own name: itself, or a copy that goes with the
   * host (ssh). null when there is no such file.
   * @param mostBytes a copy has at most so many; 4 GiB unless told
   * @throws TapprepError TOO_LARGE
   */
  fetchFile(path: string, mostBytes?: number): Promise<string | null>;
  /**
   * Puts a file of this machine on the target, whole or not at all; makes missing directories (0755).
   * @throws TapprepError PERMISSION, NO_SPACE
   */
  putFile(source: string, path: string, mode: number): Promise<void>;
}

/** A machine that is reached over a connection. */
export interface RemoteHost extends Host {
  readonly kind: 'ssh';
  /** The user that it was entered as. */
  readonly uid: number;
  /** ssh -F, as it was reached; null for the user's own. */
  readonly configFile: string | null;
  /**
   * The same machine with root rights; itself where it has them.
   * @throws TapprepError NOT_ROOT when sudo gives none
   */
  asRoot(): Promise<RemoteHost>;
  /** Ends the connection and removes what was copied here. */
  close(): Promise<void>;
}

/** Whether a host is another machine. */
export function isRemote(host: Host): host is RemoteHost {
  return host.kind === 'ssh';
}
