/** One connection of the system's ssh, over which everything else is run. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isErrno, TapprepError } from '../errors.ts';
import { interrupted } from '../interruption.ts';
import { createAfterMark } from './after-mark.ts';
import { type Companion, runProcess, startCompanion } from './run-process.ts';
import { buildConfigArgv, buildMasterArgv, encodeForLoginShell, type SshPlace } from './ssh-command.ts';
import { explainSshFailure, isKeyChanged, sshTrue } from './ssh-failure.ts';

export interface SshConnection {
  readonly place: SshPlace;
  /** Path of the control socket. */
  readonly socket: string;
  /** Of this machine, for what belongs to the connection; removed with it. */
  readonly directory: string;
  /** The user that was logged in. */
  readonly uid: number;
  /** Whether the connection is gone; one that is just going is given a moment to be so. */
  isLost(): Promise<boolean>;
  /** What ssh said of it. */
  said(): string;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 60_000;
const GOING_MS = 1_500;
/** The path of a Unix socket has at most 107 bytes, and ssh adds 17 while it makes it. */
const MAX_SOCKET_PATH = 90;

/** Greets, then lives as long as its input: when this process dies, whatever way, its end closes the connection. */
const LIFELINE = `printf '%s %s\\n' "$1" "$(id -u)"; exec cat >/dev/null`;

/**
 * Connects and logs in, without asking anybody anything.
 * @throws TapprepError SSH_FAILED, SSH_REFUSED, SSH_HOST_KEY, TIMEOUT, INTERRUPTED, TOOL_MISSING (no ssh here)
 */
export async function connectSsh(
  place: SshPlace,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<SshConnection> {
  const directory = await makeDirectory();
  const socket = join(directory, 's');
  const mark = `tapprep-${randomUUID()}`;
  const greeting = createAfterMark(mark);
  const greeted = Promise.withResolvers<'greeted'>();
  const log = join(directory, 'log');
  const argv = buildMasterArgv(place, socket, log, encodeForLoginShell(LIFELINE, [mark]));
  const master = await startCompanion(argv, env, (chunk) => {
    greeting.take(chunk);
    if (greeting.word !== null) greeted.resolve('greeted');
  });
  const close = async (): Promise<void> => {
    await master.stop();
    await rm(directory, { recursive: true, force: true });
  };
  const outcome = await waitFor(greeted.promise, master, signal);
  if (outcome === 'greeted') {
    const isLost = async (): Promise<boolean> => {
      await Promise.race([master.ended, sleep(GOING_MS)]);
      return master.hasEnded();
    };
    return {
      place,
      socket,
      directory,
      uid: Number(greeting.word),
      isLost,
      said: () => readLog(log) || master.said(),
      close,
    };
  }
  await master.stop();
  const own = readLog(log);
  await close();
  if (outcome === 'aborted') throw interrupted(signal, `while connecting to ${place.destination}`);
  const others = master.said() || greeting.before;
  if (master.isMissing()) throw missingSsh();
  if (outcome === 'late') throw explainLate(place, `${others}${own ?? ''}`);
  // It ended before it opened the file, and so before it asked anybody: over its options, the address or who this is.
  if (own === null) throw explainSshFailure(place, { own: others, others: '', configuration: '' });
  const asked = isKeyChanged(own) ? await runProcess(buildConfigArgv(place), env, {}) : null;
  throw explainSshFailure(place, { own, others, configuration: asked?.stdout ?? '' });
}

/** What ssh itself has said; null where it never opened the file. */
function readLog(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

type Outcome = 'greeted' | 'ended' | 'late' | 'aborted';

async function waitFor(greeted: Promise<'greeted'>, master: Companion, signal: AbortSignal): Promise<Outcome> {
  const late = new AbortController();
  const stop = AbortSignal.any([signal, late.signal]);
  const waited = sleep(CONNECT_TIMEOUT_MS, 'late' as const, { signal: stop }).catch(() => 'aborted' as const);
  const outcome = await Promise.race([greeted, master.ended.then(() => 'ended' as const), waited]);
  late.abort();
  return outcome;
}

function explainLate(place: SshPlace, said: string): TapprepError {
  const host = place.destination;
  return new TapprepError('TIMEOUT', `${host} did not let anybody in within ${CONNECT_TIMEOUT_MS / 1000} s`, {
    hint: sshTrue(place, '-v'),
    facts: { host, stderr: said },
  });
}

function missingSsh(): TapprepError {
  return new TapprepError('TOOL_MISSING', 'ssh is needed on this host but is not installed', {
    hint: 'install openssh-client (openssh-clients on rpm distributions)',
    facts: { tool: 'ssh' },
  });
}

/** 0700, as mkdtemp makes it: whoever reaches the socket is logged in over there. */
async function makeDirectory(): Promise<string> {
  const parent = tmpdir().length > MAX_SOCKET_PATH - 'tapprep-ssh-XXXXXX/s'.length ? '/tmp' : tmpdir();
  return mkdtemp(join(parent, 'tapprep-ssh-'));
}
