/** The small scripts that run on a machine: those that serve files over ssh, and those that outlive a connection. POSIX sh; the arguments are never code. */
import { shellLine } from '../shell-words.ts';
import { TapprepError } from '../errors.ts';
import { run } from '../make-remedy.ts';

/** argv of a script with its arguments. */
export function script(text: string, args: readonly string[]): readonly string[] {
  return ['sh', '-c', text, 'sh', ...args];
}

/** PATH: its content; exit status ABSENT when it is no file. */
export const READ = '[ -f "$1" ] || exit 44; exec cat "$1"';
export const ABSENT = 44;

/** NAME or PATH of a program: its absolute path. */
export const WHICH = `
case $1 in
  /*) [ -f "$1" ] && [ -x "$1" ] && echo "$1"; exit ;;
  */*) exit 1 ;;
esac
IFS=:
for folder in $PATH; do
  case $folder in /*) ;; *) continue ;; esac
  [ -f "$folder/$1" ] && [ -x "$folder/$1" ] && echo "$folder/$1" && exit 0
done
exit 1`;

/**
 * PATH MODE BYTES: standard input into a file, whole or not at all. An input that ends too early, as it does when the
 * connection is lost, leaves the old file as it was.
 */
export const WRITE = `
umask 022
folder=\${1%/*}
mkdir -p "\${folder:-/}" || exit 1
umask 077
part=$folder/.\${1##*/}.tapprep-$$
rm -f "$part"
set -C
: >"$part" || exit 1
trap 'rm -f "$part"' EXIT
dd of="$part" bs=65536 conv=fsync || exit 1
size=$(wc -c <"$part")
[ "$size" -eq "$3" ] || { echo "$size bytes came instead of $3" >&2; exit 1; }
chmod "$2" "$part" && mv -f "$part" "$1" && trap - EXIT`;

/** SIGNAL GROUP: to every process of the group; a form that busybox takes, too. */
export const END = 'kill "-$1" "-$2"';

/** On a target: the process that is at work there and comes to its end by itself. */
export const RUNNING_PATH = '/var/lib/tapprep/running';

/** PATH: waits for what it names (UNTIL_END; remote.sh, MODE "last"). Without /proc a process is only known to be there. */
export const AWAIT_RUNNING = `
# A root belongs to somebody else: a pipe there is not waited for, and a link leads elsewhere.
[ -f "$1" ] && [ ! -h "$1" ] || exit 0
pid=$(head -c 20 "$1" 2>/dev/null) || exit 0
case $pid in '' | *[!0-9]*) pid= ;; esac
while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; do
  [ ! -d /proc/self ] || grep -qE 'tapprep-(remote|until-end)' "/proc/$pid/cmdline" 2>/dev/null || break
  sleep 1
done
rm -f "$1"`;

/**
 * RUNNING PROGRAM [ARGUMENT]...: the program comes to its end also when nobody reads any more what it prints, and is known
 * by the file RUNNING for as long, where there is a directory for that. As MODE "last" of remote.sh does over there.
 */
export const UNTIL_END = `
running=$1
shift
relay() {
  cat || :
  cat >/dev/null
}
# A link in its place is not followed: the file may lie in a root that belongs to somebody else.
[ ! -d "\${running%/*}" ] || (rm -f "$running" && set -C && echo "$$" >"$running")
exec 6>&1
status=$(
  exec 3>&1
  {
    {
      "$@" </dev/null 3>&- 4>&- 6>&-
      echo "$?" >&3
    } 2>&1 >&4 | relay >&2 3>&- 4>&- 6>&-
  } 4>&1 | relay >&6 3>&-
)
rm -f "$running"
exit "$status"`;

/** Before remote.sh, where a password was sent: the program's input begins behind the mark. */
export const SWALLOW_PASSWORD = 'while IFS= read -r line && [ "$line" != "$1" ]; do :; done';

/** What a failed write there means. @param said standard error of the script */
export function explainWrite(host: string, path: string, said: string): TapprepError {
  const details = { facts: { path, stderr: said.slice(-2000) } };
  if (/No space left|quota exceeded/i.test(said)) {
    return new TapprepError('NO_SPACE', `no space left on ${host} to write ${path}`, {
      remedy: run(shellLine`df -h ${path.slice(0, path.lastIndexOf('/')) || '/'}`),
      ...details,
    });
  }
  const words =
    said
      .trim()
      .split('\n')
      .find((line) => !/^\d+[+ ]/.test(line)) ?? 'it gave no reason';
  return new TapprepError('PERMISSION', `${path} on ${host} cannot be written: ${words}`, details);
}
