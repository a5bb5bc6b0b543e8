/** One at a time on a target: whoever changes it holds the lock that a bundle's install.sh takes, too. POSIX sh. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTapprepError } from '../errors.ts';
import { assetUrl } from '../host/asset.ts';
import { type Host, isRemote } from '../host/host.ts';
import { createLocalHost } from '../host/local.ts';
import { explainWrite, script } from '../host/scripts.ts';
import { awaitEarlierRun } from '../host/until-end.ts';
import type { Emit } from '../types.ts';

const STATE = '/var/lib/tapprep';

/**
 * PATH HOLDER: waits until nobody has the lock and takes it; prints "waits PROCESS" where it has to, and its owner at last. HOLDER
 * "here": for the process that started this one. "connection": for the sshd of this connection, which ends with it; nothing is
 * printed where there is none.
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
      [ -n "$told" ] || echo "waits \${held%%:*}"
      told=yes
      sleep 1
      ;;
    *) [ ! -d "\${path%/*}" ] || { ls -ld "$path" >&2; exit 1; } ;;
  esac
done
echo "owner $owner"`;

/** PATH OWNER */
const FREE = `
free_lock "$1" "$2"
# Where nothing was changed nothing is left.
rmdir "\${1%/*}" 2>/dev/null
:`;

interface Waiting {
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** Gives the lock back; once more does nothing. */
export type ReleaseTarget = () => Promise<void>;

/**
 * Waits for what an earlier run left at work there and for whoever has the lock, and takes it.
 * @throws TapprepError INTERRUPTED, PERMISSION, NO_SPACE
 */
export async function lockTarget(host: Host, { emit, signal }: Waiting): Promise<ReleaseTarget> {
  await awaitEarlierRun(host, signal);
  const functions = readFileSync(assetUrl('bundle/sh/lock.sh'), 'utf8');
  // Below a root it is taken from outside, where the process that holds it is seen.
  const place = isRemote(host) ? host : createLocalHost();
  const path = join(host.localPath(STATE) ?? STATE, 'install.lock');
  const holder = isRemote(host) ? 'connection' : 'here';
  const taken = await place.run(script(`${functions}${TAKE}`, [path, holder]), {
    signal,
    onLine: (line) => {
      const other = /^waits (\d+)$/.exec(line)?.[1];
      if (other === undefined) return;
      const text = `another tapprep works on ${host.name}, process ${other} there: waiting for its end`;
      emit({ type: 'note', level: 'warning', text });
    },
  });
  if (taken.exitCode !== 0) throw explainWrite(host.name, path, taken.stderr);
  let owner = /^owner (\S+)$/m.exec(taken.stdout)?.[1] ?? null;
  return async () => {
    if (owner === null) return;
    const mine = owner;
    owner = null;
    // With the connection goes the owner.
    await place.run(script(`${functions}${FREE}`, [path, mine])).catch((error: unknown) => {
      if (!isTapprepError(error, 'SSH_LOST')) throw error;
    });
  };
}

/** Does work on a target that nobody else changes meanwhile. @throws TapprepError of lockTarget and of the work */
export async function withLockedTarget<T>(host: Host, waiting: Waiting, work: () => Promise<T>): Promise<T> {
  const release = await lockTarget(host, waiting);
  try {
    return await work();
  } finally {
    await release();
  }
}
