# shellcheck shell=sh
# shellcheck disable=SC2034 # variables are shared with the script that reads this file
# A lock that one process at a time has: a symbolic link that names its owner, made in one step. For install.sh, and for tapprep
# on a target. POSIX sh.
#
# An owner is "PROCESS:START:BOOT:NAMESPACE". START is the time of its start, in ticks since boot: it tells it from another that
# has its number later. A number means something in one PID namespace of one boot. What the kernel does not tell is empty: START
# without a /proc that shows the process, BOOT and NAMESPACE before 3.8. A tapprep that wrote "PROCESS:START" takes the four for no
# lock: it refuses, and leaves it alone.

# owner_of PROCESS: sets $owner.
owner_of() {
  find_world
  see_process "$1"
  # Without its namespace a boot proves nothing.
  owner=$1:$process_start:${namespace:+$boot}:$namespace
}

# find_world: sets $boot and $namespace to those of this process, each empty where the kernel does not tell it.
find_world() {
  boot=
  # What is bound over the kernel's own file may end without a line break.
  [ ! -r /proc/sys/kernel/random/boot_id ] || IFS= read -r boot </proc/sys/kernel/random/boot_id || :
  namespace=$(readlink /proc/self/ns/pid 2>/dev/null) || return 0
  namespace=${namespace#*[[]}
  namespace=${namespace%]}
}

# see_process PROCESS: sets $process_start, and $process_state to one letter; empty where /proc does not show it.
see_process() {
  process_start=
  process_state=
  [ -r "/proc/$1/stat" ] || return 0
  # A PID namespace may still see the /proc of the one around it, where its numbers are those of others.
  # shellcheck disable=SC2016 # of the shell that is started
  sh -c 'read -r number _ </proc/self/stat && [ "$number" = "$$" ]' || return 0
  IFS= read -r row <"/proc/$1/stat" || return 0
  # The second field is a name in parentheses that may hold anything; the state is the next, START the 22nd of all.
  # shellcheck disable=SC2086 # split into words on purpose
  set -- ${row##*) }
  process_state=$1
  process_start=${20}
}

# is_owner TEXT: whether it has the form.
is_owner() { (
  case $1 in
    *[!0-9a-f:-]* | *:*:*:*:*) exit 1 ;;
    *:*:*:*) ;;
    *:*:*) exit 1 ;;
    *:*) ;;
    *) exit 1 ;;
  esac
  IFS=:
  # shellcheck disable=SC2086 # split into words on purpose
  set -- $1
  # All but BOOT are numbers.
  case $1/$2$4 in
    [!1-9]* | *[!0-9/]*) exit 1 ;;
  esac
); }

# whereabouts TEXT: prints "nobody" where it is no owner, "gone" where its owner certainly is, "elsewhere" where that is not to be
# seen from here, as of a container or of the system around this one, else "here".
whereabouts() { (
  is_owner "$1" || {
    echo nobody
    exit
  }
  find_world
  IFS=:
  # shellcheck disable=SC2086 # split into words on purpose
  set -- $1
  unset IFS
  its_boot=${3:-$boot}
  its_namespace=${4:-$namespace}
  # In another namespace another boot proves nothing: systemd-nspawn gives each container one of its own. Where this kernel names
  # no namespaces, it is not the one that named one.
  if [ -n "$boot" ] && [ "$its_boot" != "$boot" ] && { [ "$its_namespace" = "$namespace" ] || [ -z "$namespace" ]; }; then
    echo gone
  elif [ "$its_namespace" != "$namespace" ]; then
    echo elsewhere
  elif has_ended "$1" "$2"; then
    echo gone
  else
    echo here
  fi
); }

# has_ended PROCESS START: whether that process of this namespace certainly has.
has_ended() {
  # To who may not send it a signal the kernel says another thing, and so it does where /proc hides it.
  case $(LC_ALL=C && kill -0 "$1" 2>&1) in
    *'o such process'*) return 0 ;;
  esac
  see_process "$1"
  case $process_state in
    # Nobody asked yet how it ended: of a container's first process that may be never.
    Z | X) return 0 ;;
  esac
  [ -n "$2" ] && [ -n "$process_start" ] && [ "$2" != "$process_start" ]
}

# look_at LINK: sets $link to it, $held to whom it names and $where to the whereabouts; status 1 where it is no link.
look_at() {
  link=$1
  where=
  held=$(readlink "$1") && where=$(whereabouts "$held")
}

# try_lock PATH OWNER: status 0 when OWNER has it now; 1 when $held has it, by $link, and is $where; 2 when it cannot be made, for
# which $said is the reason.
try_lock() {
  where=
  tries=0
  while [ "$tries" -lt 5 ]; do
    tries=$((tries + 1))
    said="$1 is no lock"
    # ln would make its link in there.
    [ ! -d "$1" ] || return 2
    said=$(ln -s "$2" "$1" 2>&1) && return 0
    look_at "$1" || continue
    case $where in
      nobody) said="$1 is no lock" && return 2 ;;
      here | elsewhere) return 1 ;;
    esac
    # Several may have seen that its owner is gone: who has the right to it looks again.
    right=$1.$held
    if said=$(ln -s "$2" "$right" 2>&1); then
      [ "$(readlink "$1")" != "$held" ] || rm -f "$1"
      rm -f "$right"
      continue
    fi
    look_at "$right" || continue
    case $where in
      nobody) said="$right is no lock" && return 2 ;;
      gone) rm -f "$right" ;;
      # It is had for a moment only.
      *) sleep 1 ;;
    esac
  done
  case $where in
    here | elsewhere) return 1 ;;
  esac
  return 2
}

# free_lock PATH OWNER: where it is still that owner's.
free_lock() { [ "$(readlink "$1")" != "$2" ] || rm -f "$1"; }
