/** Runs one program on another machine, over the connection that is there. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { TapprepError } from '../errors.ts';
import { run } from '../make-remedy.ts';
import { interrupted, refuseWhenStopped } from '../interruption.ts';
import { type AfterMark, createAfterMark } from './after-mark.ts';
import type { Gate } from './gate.ts';
import type { RunOptions, RunResult } from './host.ts';
import { type ProcessOptions, runProcess } from './run-process.ts';
import { buildSessionArgv, encodeForLoginShell } from './ssh-command.ts';
import type { SshConnection } from './ssh-connection.ts';
import { explainLoss, explainNoSession, isRefusedSession } from './ssh-failure.ts';
import { END, script, SWALLOW_PASSWORD } from './scripts.ts';

/** How root rights are had. */
export interface Rights {
  /** What stands before the shell. */
  readonly sudo: readonly string[];
  /** First line of its input; null where none is asked for. */
  readonly password: string | null;
}

export interface Machine {
  readonly connection: SshConnection;
  /** Of this machine, for ssh itself. */
  readonly env: Readonly<Record<string, string>>;
  /** Text of remote.sh. */
  readonly remote: string;
  /** Of the sessions of one connection: sshd refuses more than its MaxSessions, 10 unless the machine says less. */
  readonly gate: Gate;
}

/** The connection itself is one more, and what ends a program gets a place beside them. */
export const SESSIONS = 6;

export type RemoteOptions = RunOptions & Pick<ProcessOptions, 'onStdout'>;

const DEFAULT_TIMEOUT_MS = 30 * 60_000;
/** How long a program may take to end once it was told to. */
const END_MS = 5_000;
/** ssh(1) exits so for faults of its own, and so may a program. */
const SSH_FAULT = 255;

interface Session {
  readonly machine: Machine;
  readonly rights: Rights;
  readonly argv: readonly string[];
  readonly stdout: AfterMark;
  readonly stderr: AfterMark;
}

/**
 * As Host.run. A time limit, which begins with the program, and an abort end the program over there, too.
 * @throws TapprepError TOOL_MISSING, NOT_ROOT (sudo gives no rights; facts.said), SSH_LOST, SSH_FAILED (no shell there),
 *   INTERRUPTED
 */
export async function runThere(
  machine: Machine,
  rights: Rights,
  argv: readonly string[],
  options: RemoteOptions,
): Promise<RunResult> {
  const result = await machine.gate.pass(async (places) => {
    const done = await runSession(machine, rights, argv, options);
    if (done !== null) return done;
    if (places === 1) throw explainNoSession(machine.connection.place);
    machine.gate.narrow();
    return null;
  });
  return result ?? runThere(machine, rights, argv, options);
}

/** @param socket of the connection; null for one of its own. @returns null where sshd opened no session: then nothing was run */
async function runSession(
  machine: Machine,
  rights: Rights,
  argv: readonly string[],
  options: RemoteOptions,
  socket: string | null = machine.connection.socket,
): Promise<RunResult | null> {
  const { connection, env } = machine;
  const { signal, timeoutMs = DEFAULT_TIMEOUT_MS, cwd, untilEnd, env: added, ...rest } = options;
  const mark = `tapprep-${randomUUID()}`;
  const session = { machine, rights, argv, stdout: createAfterMark(mark), stderr: createAfterMark(mark) };
  refuseWhenStopped(signal, `before ${argv[0]} was run on ${connection.place.destination}`);
  const given = Object.entries(added ?? {}).map(([key, value]) => `${key}=${value}`);
  const words = [mark, untilEnd === true ? 'last' : 'now', cwd ?? '', argv[0] ?? '', ...given, ...argv];
  // sudo may not have wanted the password after all; the program never gets to read it.
  const text = rights.password === null ? machine.remote : `${SWALLOW_PASSWORD}\n${machine.remote}`;
  const command = encodeForLoginShell(text, words, rights.sudo);

  const cut = new AbortController();
  const done = runProcess(buildSessionArgv(connection.place, socket, command), env, {
    ...rest,
    timeoutMs: timeoutMs + 10 * END_MS,
    signal: cut.signal,
    filter: (chunk, stream) => session[stream].take(chunk),
    ...(rights.password === null ? {} : { inputBefore: `${rights.password}\n${mark}\n` }),
  });
  const state: { stopped: 'late' | 'aborted' | null } = { stopped: null };
  const stop = (why: 'late' | 'aborted'): void => {
    if (state.stopped !== null) return;
    state.stopped = why;
    void endThere(session, done).finally(() => cut.abort());
  };
  const timer = setTimeout(stop, timeoutMs, 'late');
  const onAbort = (): void => stop('aborted');
  if (untilEnd !== true) signal?.addEventListener('abort', onAbort);
  try {
    const result = await done.catch((error: unknown) => {
      if (!cut.signal.aborted) throw error;
      return { argv, exitCode: null, stdout: '', stderr: '', seconds: timeoutMs / 1000 };
    });
    if (state.stopped === 'aborted' && signal !== undefined) {
      throw interrupted(signal, `while running ${argv[0]} on ${connection.place.destination}`);
    }
    if (state.stopped === 'late') return { ...result, argv, exitCode: null, timedOut: true };
    if (session.stdout.word === null && isRefusedSession(session.stderr.before)) return null;
    await checkRun(session, result.exitCode, cwd);
    return { ...result, argv, timedOut: false };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Tells the program's process group to end, then makes it; returns when it has ended or will not. */
async function endThere({ machine, rights, stdout }: Session, done: Promise<unknown>): Promise<void> {
  const group = /^runs (\d+)$/.exec(stdout.word ?? '')?.[1];
  const ended = done.then(
    () => true,
    () => true,
  );
  for (const kill of group === undefined ? [] : ['TERM', 'KILL']) {
    const end = (socket?: null): Promise<RunResult | null> =>
      runSession(machine, rights, script(END, [kill, group ?? '']), { timeoutMs: END_MS }, socket);
    // Where sshd opens no session beside the program's, a connection of its own is made. When none can be had any more,
    // the program is as lost as with this process killed.
    await end()
      .then((done) => done ?? end(null))
      .catch(() => undefined);
    if (await Promise.race([ended, sleep(END_MS, false)])) return;
  }
}

/** What keeps a result from being the program's own. */
async function checkRun(session: Session, exitCode: number | null, cwd: string | undefined): Promise<void> {
  const { machine, rights, argv, stdout, stderr } = session;
  const { connection } = machine;
  const name = connection.place.destination;
  const program = argv[0] ?? '';
  if (stdout.word === 'missing') {
    throw new TapprepError('TOOL_MISSING', `${program} is needed but is not installed on ${name}`, {
      facts: { tool: program },
    });
  }
  if (stdout.word === 'no-directory')
    throw new TapprepError('INTERNAL', `cannot run ${program} on ${name}: there is no directory ${cwd ?? ''}`);
  if ((exitCode === SSH_FAULT || stdout.word === null) && (await connection.isLost()))
    throw explainLoss(name, program, connection.said());
  if (stdout.word !== null) return;
  const said = `${stderr.before}\n${stdout.before}`.trim();
  const last = said.split('\n').at(-1) ?? '';
  if (rights.sudo.length > 0) {
    // Sudo speaks on standard error; a login shell's files may have said anything on both.
    const words = stderr.before.trim().split('\n').at(-1)?.replace(/^:+/, '').trim() || 'it gave no reason';
    throw new TapprepError('NOT_ROOT', `sudo on ${name} gives no root rights: ${words}`, {
      remedy: run('sudo -v'),
      facts: { said: words, exitCode },
    });
  }
  throw new TapprepError(
    'SSH_FAILED',
    `${name} lets people in but gives no shell: ${last || `exit status ${exitCode}`}`,
    {
      remedy: run('/bin/sh -c true'),
      facts: { said },
    },
  );
}
