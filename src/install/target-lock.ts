/** One at a time on a target: whoever changes it holds the lock that a bundle's install.sh takes, too. POSIX sh. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTapprepError, TapprepError } from '../errors.ts';
import { onHost, run, runAsRoot } from '../make-remedy.ts';
import { shellLine } from '../shell-words.ts';
import { assetUrl } from '../host/asset.ts';
import { type Host, isRemote } from '../host/host.ts';
import { createLocalHost } from '../host/local.ts';
import { explainWrite, script } from '../host/scripts.ts';
import { awaitEarlierRun } from '../host/until-end.ts';
import type { Emit, ShellText } from '../types.ts';

const STATE = '/var/lib/tapprep';
const NAME = 'install.lock';

/**
 * PATH HOLDER [wait]: takes the lock, or prints "held PROCESS WHERE SUFFIX" where another is at work: WHERE is "here" or
 * "elsewhere", and PATH with SUFFIX is the link that names it. With the third word it waits until that has ended. Prints its
 * owner at last. HOLDER "here": for the process that started this one. "connection": for the sshd of this connection, which
 * ends with it; nothing is printed where there is none.
 */
const TAKE = `
of_connection() {
  process=$$
  while [ "$process" -gt 1 ]; do
    IFS= read -r row <"/proc/$process/stat" || return 1
    case $row in
      *' (sshd) '* | *' (sshd-session) '*) owner_of "$process" && return 0 ;;
    esac
    set -- \${row##*) }
    process=$2
  done
  return 1
}
path=$1
case $2 in
  here) owner_of "$PPID" ;;
  *) of_connection 2>/dev/null || exit 0 ;;
esac
told=
while :; do
  # Who gives it back takes an empty directory away.
  mkdir -p "\${path%/*}" || exit 1
  try_lock "$path" "$owner"
  case $? in
    0) break ;;
    1)
      [ -n "$told" ] || echo "held \${held%%:*} $where \${link#"$path"}"
      [ -n "$3" ] || exit 0
      told=yes
      sleep 1
      ;;
    *) [ ! -d "\${path%/*}" ] || { echo "$said" >&2; exit 1; } ;;
  esac
done
echo "owner $owner"`;

/** PATH OWNER */
const FREE = `
free_lock "$1" "$2"
# Where nothing was changed nothing is left.
rmdir "\${1%/*}" 2>/dev/null
:`;

/** PATH: prints a word where it is the lock of an owner that is gone. */
const LOOK = `
! look_at "$1" || [ "$where" != gone ] || echo left`;

/** Path of the lock on the target. */
export const LOCK_PATH = `${STATE}/${NAME}`;

interface Waiting {
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** Gives the lock back; once more does nothing. */
export type ReleaseTarget = () => Promise<void>;

/** Another one's work may take as long as it does, and a timer wants a number: a week. */
const NO_LIMIT_MS = 7 * 24 * 3_600_000;

/**
 * Takes the lock, and waits for what an earlier run left at work there.
 * @param isPatient waits for another that is at work; else that is an error, since what was planned beside it may not hold
 * @throws TapprepError LOCKED, INTERRUPTED, PERMISSION, NO_SPACE
 */
export async function lockTarget(host: Host, { emit, signal }: Waiting, isPatient: boolean): Promise<ReleaseTarget> {
  const { functions, place, path } = reach(host);
  const holder = isRemote(host) ? 'connection' : 'here';
  const words = [path, holder, ...(isPatient ? ['wait'] : [])];
  const taken = await place.run(script(`${functions}${TAKE}`, words), {
    signal,
    timeoutMs: NO_LIMIT_MS,
    onLine: (line) => {
      const other = readHolder(line);
      if (other === null || !isPatient) return;
      const on = isRemote(host) ? `, on ${host.name}` : '';
      const clear = other.isElsewhere ? `; where nothing works there any more${on}: ${clearLine(path, other)}` : '';
      const text = `${describeHolder(host, other)}: waiting for its end${clear}`;
      emit({ type: 'note', level: 'warning', text });
    },
  });
  if (taken.exitCode !== 0) throw explainWrite(host.name, path, taken.stderr);
  let owner = /^owner (\S+)$/m.exec(taken.stdout)?.[1] ?? null;
  const other = readHolder(taken.stdout);
  if (owner === null && other !== null) throw locked(host, path, other);
  const release = async (): Promise<void> => {
    if (owner === null) return;
    const mine = owner;
    owner = null;
    // With the connection goes the owner.
    await place.run(script(`${functions}${FREE}`, [path, mine])).catch((error: unknown) => {
      if (!isTapprepError(error, 'SSH_LOST')) throw error;
    });
  };
  try {
    // Of one that was killed while it had the lock.
    await awaitEarlierRun(host, signal);
  } catch (error) {
    await release();
    throw error;
  }
  return release;
}

/** Whether the lock is there and nobody has it: who changes the target next takes it over, and gives it back. */
export async function isLockLeft(host: Host): Promise<boolean> {
  const { functions, place, path } = reach(host);
  return (await place.run(script(`${functions}${LOOK}`, [path]))).stdout !== '';
}

/** Below a root the lock is looked at from outside, where the process that holds it is seen. */
function reach(host: Host): { readonly functions: string; readonly place: Host; readonly path: string } {
  return {
    functions: readFileSync(assetUrl('bundle/sh/lock.sh'), 'utf8'),
    place: isRemote(host) ? host : createLocalHost(),
    path: join(host.localPath(STATE) ?? STATE, NAME),
  };
}

interface Holder {
  readonly process: string;
  /** In another PID namespace: it is not seen from here, and neither is its end. */
  readonly isElsewhere: boolean;
  /** Behind the path of the lock, in the name of the link that names the holder: of one that was taking the lock over. */
  readonly suffix: string;
}

function readHolder(said: string): Holder | null {
  const [, process, where, suffix = ''] = /^held (\d+) (here|elsewhere) (\S*)$/m.exec(said) ?? [];
  return process === undefined ? null : { process, isElsewhere: where === 'elsewhere', suffix };
}

function describeHolder({ name }: Host, { process, isElsewhere }: Holder): string {
  const place = isElsewhere ? 'in a container, or in the system around this one' : 'there';
  return `another tapprep works on ${name}, process ${process} ${place}`;
}

function clearLine(path: string, { suffix }: Holder): ShellText {
  return shellLine`rm ${path + suffix}`;
}

function locked(host: Host, path: string, other: Holder): TapprepError {
  const message = `${describeHolder(host, other)}, and nothing was changed`;
  // Who has a root's lock is seen from around it, and a root may have no program and no /proc.
  const [look, clear] = host.kind === 'root' ? [onHost, onHost] : [run, runAsRoot];
  return other.isElsewhere
    ? new TapprepError('LOCKED', message, {
        remedy: clear(clearLine(path, other)),
        hint: 'once nothing works there any more',
      })
    : new TapprepError('LOCKED', message, {
        // The ps of busybox takes no process.
        remedy: look(shellLine`tr '\\0' ' ' </proc/${other.process}/cmdline`),
      });
}

/** Does work on a target that nobody else changes meanwhile, after whoever is at work there. @throws TapprepError of lockTarget and of the work */
export async function withLockedTarget<T>(host: Host, waiting: Waiting, work: () => Promise<T>): Promise<T> {
  const release = await lockTarget(host, waiting, true);
  try {
    return await work();
  } finally {
    await release();
  }
}
