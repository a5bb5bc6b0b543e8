/**
 * What an attack is. To add one: in the file of its kind, test/attacks/KIND.attacks.ts (a new file is found by its name),
 * add to `attacks` an entry with
 * - name: what a victim would see if it got through, in one sentence;
 * - guard: the edits of source files that switch off exactly what should hold it; each text has to be found in the file as
 *   often as `count` says, so that an edit which no longer fits is an error and not a silent no-op;
 * - attempt: what the attacker does, against the modules of `tree` and never against imports of src/, whose answer is
 *   `held(code)` or `succeeded(what the attacker got)`.
 * The runner attempts it against this tree, where it must be held, and against a copy without the guard, where it must
 * succeed: what holds for another reason shows nothing. Attempts run beside each other in one process: they leave its
 * working directory, environment and umask alone. What is costly to make and only read is made once, with `once`.
 */

/** One change of a source file in the copy without the guard. */
export interface GuardEdit {
  /** Below the project, e.g. "src/bundle/read.ts". */
  readonly file: string;
  readonly text: string;
  readonly replacement: string;
  /** How often the text stands in the file; 1 when left out. */
  readonly count?: number;
}

export type Outcome =
  /** @see held */
  | { readonly result: 'held'; readonly by: string }
  /** @see succeeded */
  | { readonly result: 'succeeded'; readonly got: string };

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The project's sources, whole or with one guard switched off. */
export interface Tree {
  readonly root: string;
  /** A module of it, typed as the real one: `tree.load<typeof import('../../src/x.ts')>('src/x.ts')`. */
  load<Module>(path: string): Promise<Module>;
  /** Runs its command line, from the sources, with nothing in the environment but PATH and what is given. */
  cli(args: readonly string[], env?: Readonly<Record<string, string>>, input?: string): Promise<CliResult>;
  /** A new empty directory of mode 0700, gone when all attacks are over. */
  scratch(): string;
}

export interface Attack {
  readonly name: string;
  readonly guard: readonly GuardEdit[];
  readonly attempt: (tree: Tree) => Promise<Outcome>;
}

/** The attack was refused. @param by the code of the refusal, or what else holds @public */
export function held(by: string): Outcome {
  return { result: 'held', by };
}

/** The attack got through. @param got what the attacker has now @public */
export function succeeded(got: string): Outcome {
  return { result: 'succeeded', got };
}

/**
 * Held where the promise fails with a coded error, succeeded where it does not fail. A copy of the sources has an error
 * class of its own, so that the name tells it and not instanceof.
 * @throws what is no refusal: another error, or the code INTERNAL
 */
export async function refusalOf<Value>(
  promise: Promise<Value>,
  describe: (value: Value) => string = () => 'accepted',
): Promise<Outcome> {
  try {
    return succeeded(describe(await promise));
  } catch (error) {
    return held(codeOf(error));
  }
}

/** The code of a refusal. @throws the error itself where it is none @public */
export function codeOf(error: unknown): string {
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown };
  if (name !== 'TapprepError' || typeof code !== 'string' || code === 'INTERNAL') throw error;
  return code;
}

/** Makes a thing at its first use and gives the same one ever after. */
export function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | null = null;
  return () => (made ??= { value: make() }).value;
}

const endings: (() => void)[] = [];

/** What is to be undone when all attacks are over: an agent of gpg, a server. @public */
export function atEnd(undo: () => void): void {
  endings.push(undo);
}

/** Undoes it all, the last first. */
export function endAll(): void {
  for (const undo of endings.splice(0).toReversed()) undo();
}
