# shellcheck shell=sh
# shellcheck disable=SC2034 # variables are shared with the script that reads this file
# A lock that one process at a time has: a symbolic link that names its owner as "PROCESS:START", made in one step. For
# install.sh, and for tapprep on a target. POSIX sh.

# owner_of PROCESS: sets $owner, and $process_state to one letter. The time of its start, in ticks since boot, tells it from another
# that has its number later; without /proc both are empty.
owner_of() {
  owner=$1:
  process_state=
  [ -r "/proc/$1/stat" ] || return 0
  IFS= read -r row <"/proc/$1/stat" || return 0
  # The second field is a name in parentheses that may hold anything; the state is the next, START the 22nd of all.
  # shellcheck disable=SC2086 # split into words on purpose
  set -- "$1" ${row##*) }
  owner=$1:${21}
  process_state=$2
}

# is_at_work OWNER
is_at_work() {
  kill -0 "${1%%:*}" 2>/dev/null || return 1
  (
    owner_of "${1%%:*}"
    # It has ended, and nobody asked how: of a container's first process that may be never.
    case $process_state in
      Z | X) exit 1 ;;
    esac
    [ "$owner" = "$1" ] || [ "$owner" = "${1%%:*}:" ]
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
    case $held in
      [1-9]*:*) ;;
      *) return 2 ;;
    esac
    case ${held%%:*}${held#*:} in
      *[!0-9]*) return 2 ;;
    esac
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
