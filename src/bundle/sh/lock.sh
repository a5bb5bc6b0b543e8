# shellcheck shell=sh
# shellcheck disable=SC2034 # variables are shared with the script that reads this file
# A lock that one process at a time has: a symbolic link that names its owner as "PROCESS:START:BOOT:NAMESPACE", made in one step, or
# as "PROCESS:START" where the kernel tells no more (before 3.8). For install.sh, and for tapprep on a target. POSIX sh.

# owner_of PROCESS: sets $owner, and $process_state to one letter. The time of its start, in ticks since boot, tells it from another
# that has its number later; without /proc both are empty.
owner_of() {
  owner=$1:
  process_state=
  [ -r "/proc/$1/stat" ] || return 0
  find_world
  IFS= read -r row <"/proc/$1/stat" || return 0
  # The second field is a name in parentheses that may hold anything; the state is the next, START the 22nd of all.
  # shellcheck disable=SC2086 # split into words on purpose
  set -- "$1" ${row##*) }
  owner=$1:${21}${world:+:$world}
  process_state=$2
}

# find_world: sets $world to this boot and this PID namespace, within which alone a process is known by its number; empty where the
# kernel does not tell.
find_world() {
  world=
  namespace=$(readlink /proc/self/ns/pid 2>/dev/null) || return 0
  namespace=${namespace#*[[]}
  [ -r /proc/sys/kernel/random/boot_id ] && IFS= read -r world </proc/sys/kernel/random/boot_id || return 0
  world=$world:${namespace%]}
}

# is_owner TEXT: whether it has one of the two forms.
is_owner() {
  case $1 in
    *[!0-9a-f:-]* | *:*:*:*:*) return 1 ;;
    [1-9]*:*:*:*) ;;
    *:*:*) return 1 ;;
    [1-9]*:*) ;;
    *) return 1 ;;
  esac
  case $(parts_of "$1") in
    *[!0-9:]*) return 1 ;;
  esac
}

# parts_of OWNER: prints PROCESS:START.
parts_of() { (
  start=${1#*:}
  printf '%s\n' "${1%%:*}:${start%%:*}"
); }

# is_elsewhere OWNER: of another PID namespace of this boot, a container's or the one around it: whether it is gone is not to be seen.
is_elsewhere() { (
  case $1 in
    *:*:*:*) ;;
    *) exit 1 ;;
  esac
  of_owner=${1#*:}
  of_owner=${of_owner#*:}
  find_world
  [ "$of_owner" != "$world" ] && { [ -z "$world" ] || [ "${of_owner%%:*}" = "${world%%:*}" ]; }
); }

# is_at_work OWNER: what is not certainly gone is.
is_at_work() {
  ! is_elsewhere "$1" || return 0
  kill -0 "${1%%:*}" 2>/dev/null || return 1
  (
    owner_of "${1%%:*}"
    # It has ended, and nobody asked how: of a container's first process that may be never.
    case $process_state in
      Z | X) exit 1 ;;
    esac
    case $1 in
      # Of another boot.
      *:*:*:*) [ "$owner" = "$1" ] ;;
      *) [ "$(parts_of "$owner")" = "$1" ] ;;
    esac || [ "$owner" = "${1%%:*}:" ]
  )
}

# try_lock PATH OWNER: status 0 when OWNER has it now, 1 when $held has it and is at work, 2 when it cannot be made, for which $said
# is the reason.
try_lock() {
  said="$1 is no lock"
  tries=0
  while [ "$tries" -lt 5 ]; do
    tries=$((tries + 1))
    # ln would make its link in there.
    [ ! -d "$1" ] || return 2
    why=$(ln -s "$2" "$1" 2>&1) && return 0
    held=$(readlink "$1") || {
      said=$why
      continue
    }
    is_owner "$held" || return 2
    is_at_work "$held" && return 1
    # Several may have seen that its owner is gone: who has the right to it looks again.
    if ln -s "$2" "$1.$held" 2>/dev/null; then
      [ "$(readlink "$1")" != "$held" ] || rm -f "$1"
      rm -f "$1.$held"
    elif other=$(readlink "$1.$held") && ! is_at_work "$other"; then
      rm -f "$1.$held"
    else
      sleep 1
    fi
  done
  return 2
}

# free_lock PATH OWNER: where it is still that owner's.
free_lock() { [ "$(readlink "$1")" != "$2" ] || rm -f "$1"; }
