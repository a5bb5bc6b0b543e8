/** Another machine, over the system's ssh: nothing but a POSIX sh is needed there. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isTapprepError, TapprepError } from '../errors.ts';
import { diskError } from '../files/disk-error.ts';
import { run } from '../make-remedy.ts';
import { assetUrl } from './asset.ts';
import { createGate } from './gate.ts';
import type { RemoteHost, RunOptions, RunResult } from './host.ts';
import { localEnvironment } from './local.ts';
import { checkDestination, type SshPlace } from './ssh-command.ts';
import { connectSsh } from './ssh-connection.ts';
import { type Machine, type RemoteOptions, type Rights, runThere, SESSIONS } from './ssh-run.ts';
import { ABSENT, explainWrite, READ, script, WHICH, WRITE } from './scripts.ts';

export interface SshOptions {
  readonly signal: AbortSignal;
  /** The password that sudo wants on that machine; null where nobody can tell it. */
  readonly sudoPassword: (place: string) => Promise<string | null>;
}

const OWN_RIGHTS: Rights = { sudo: [], password: null };
const MAX_TEXT_BYTES = 64 * 1024 * 1024;
/** Debug packages have a third of it. */
const MAX_FILE_BYTES = 4 * 1024 ** 3;

/**
 * Connects to a machine. Whoever asks for it closes it.
 * @throws TapprepError USAGE (destination), SSH_FAILED, SSH_REFUSED, SSH_HOST_KEY, TIMEOUT, INTERRUPTED, TOOL_MISSING
 */
export async function createSshHost(place: SshPlace, options: SshOptions): Promise<RemoteHost> {
  checkDestination(place.destination);
  const env = localEnvironment();
  const remote = readFileSync(assetUrl('host/remote.sh'), 'utf8');
  const connection = await connectSsh(place, env, options.signal);
  return makeHost({ connection, env, remote, gate: createGate(SESSIONS) }, OWN_RIGHTS, options);
}

function makeHost(machine: Machine, rights: Rights, options: SshOptions): RemoteHost {
  const { connection } = machine;
  const name = connection.place.destination;
  const run = (argv: readonly string[], runOptions: RemoteOptions = {}): Promise<RunResult> =>
    runThere(machine, rights, argv, runOptions);

  const write = async (path: string, mode: number, bytes: number, input: RunOptions): Promise<void> => {
    const result = await run(script(WRITE, [path, mode.toString(8), String(bytes)]), input);
    if (result.exitCode !== 0) throw explainWrite(name, path, result.stderr);
  };
  /** Whether the file is there; then its content went to `take`. What is more than `most` is not waited for. */
  const read = async (path: string, most: number, take: (chunk: Uint8Array) => void): Promise<boolean> => {
    const end = new AbortController();
    let total = 0;
    let failure: unknown = null;
    const onStdout = (chunk: Uint8Array): void => {
      if (end.signal.aborted) return;
      total += chunk.length;
      try {
        if (total > most) throw tooLarge(path, name, most);
        take(chunk);
      } catch (error) {
        failure = error;
        end.abort();
      }
    };
    const { exitCode, stderr } = await run(script(READ, [path]), { onStdout, signal: end.signal }).catch(
      (error: unknown) => {
        throw failure ?? error;
      },
    );
    if (failure !== null) throw failure;
    if (exitCode === 0 || exitCode === ABSENT) return exitCode === 0;
    throw new TapprepError(
      'PERMISSION',
      `${path} on ${name} cannot be read: ${stderr.trim() || `status ${exitCode}`}`,
      {
        facts: { path },
      },
    );
  };
  return {
    kind: 'ssh',
    name,
    uid: rights === OWN_RIGHTS ? connection.uid : 0,
    configFile: connection.place.configFile,
    run,
    async which(program) {
      const { exitCode, stdout } = await run(script(WHICH, [program]));
      return exitCode === 0 ? stdout.trim() : null;
    },
    async readText(path) {
      const chunks: Uint8Array[] = [];
      const isThere = await read(path, MAX_TEXT_BYTES, (chunk) => void chunks.push(chunk));
      return isThere ? Buffer.concat(chunks).toString('utf8') : null;
    },
    writeFile: (path, data, mode) => write(path, mode, Buffer.byteLength(data), { input: data }),
    async removeFile(path) {
      const result = await run(['rm', '-f', '--', path]);
      if (result.exitCode !== 0) throw explainWrite(name, path, result.stderr);
    },
    localPath: () => null,
    async fetchFile(path, mostBytes = MAX_FILE_BYTES) {
      const directory = await mkdtemp(join(connection.directory, 'file-'));
      const local = join(directory, basename(path));
      let isThere = false;
      const file = openSync(local, 'wx', 0o600);
      try {
        // At once: what the disk is slower to take than the network to bring would fill the memory.
        isThere = await read(path, mostBytes, (chunk) => writeWholeChunk(file, chunk, local));
      } finally {
        closeSync(file);
        if (!isThere) await rm(directory, { recursive: true });
      }
      return isThere ? local : null;
    },
    putFile: async (source, path, mode) =>
      write(path, mode, (await stat(source)).size, { inputFile: { path: source, offset: 0 } }),
    async asRoot() {
      const isRoot = connection.uid === 0 || rights !== OWN_RIGHTS;
      return makeHost(machine, isRoot ? rights : await becomeRoot(machine, options), options);
    },
    close: () => connection.close(),
  };
}

function tooLarge(path: string, name: string, most: number): TapprepError {
  return new TapprepError('TOO_LARGE', `${path} on ${name} has more than ${most} bytes, no such file is expected`, {
    facts: { path, mostBytes: most },
  });
}

function writeWholeChunk(file: number, chunk: Uint8Array, path: string): void {
  try {
    for (let done = 0; done < chunk.length;) done += writeSync(file, chunk, done);
  } catch (error) {
    throw diskError(error, path);
  }
}

/** sudo(8) remembers a password for a terminal or a parent process, and here every command has another: asked each time. */
async function becomeRoot(machine: Machine, { sudoPassword }: SshOptions): Promise<Rights> {
  const name = machine.connection.place.destination;
  const quiet: Rights = { sudo: ['sudo', '-H', '-n', '--'], password: null };
  const refusal = await tryRights(machine, quiet);
  if (refusal === null) return quiet;
  // Whatever sudo says of it, and in which language: only a password tells whether one is enough.
  const password = refusal.exitCode === NO_SUCH_PROGRAM ? null : await sudoPassword(name);
  if (password === null) {
    throw new TapprepError('NOT_ROOT', `root rights are needed on ${name}, but sudo gives none: ${refusal.words}`, {
      hint: 'add --sudo-password-file FILE, or name a user who is root or may sudo without a password',
    });
  }
  const asked: Rights = { sudo: ['sudo', '-H', '-k', '-S', '-p', ':', '--'], password };
  const second = await tryRights(machine, asked);
  if (second === null) return asked;
  throw new TapprepError('NOT_ROOT', `sudo on ${name} did not take the password: ${second.words}`, {
    remedy: run('sudo -v'),
  });
}

/** Of a shell that did not find sudo (POSIX, 2.8.2). */
const NO_SUCH_PROGRAM = 127;

interface Refusal {
  /** Sudo's own. */
  readonly words: string;
  readonly exitCode: unknown;
}

/** Why they give no root rights; null when they do. */
async function tryRights(machine: Machine, rights: Rights): Promise<Refusal | null> {
  try {
    const { stdout } = await runThere(machine, rights, ['id', '-u'], { timeoutMs: 60_000 });
    return stdout.trim() === '0' ? null : { words: `it leads to user ${stdout.trim()}`, exitCode: 0 };
  } catch (error) {
    if (!isTapprepError(error, 'NOT_ROOT')) throw error;
    return { words: String(error.facts['said']), exitCode: error.facts['exitCode'] };
  }
}
