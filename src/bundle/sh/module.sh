# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that reads this file
# Loading one module of the bundle, and everything that has to be so before.

# split_module WORDS: name module path description-of-arguments...
split_module() {
  # shellcheck disable=SC2086 # words on purpose, and -f is set
  set -- $1
  name=$1
  module=$2
  path=$3
  shift 3
  takes=$*
}

list_modules() {
  printf 'for kernel %s (%s) of %s %s:\n' "$release" "$arch" "$distro" "$version"
  while IFS= read -r row; do
    case $row in
      'module '*)
        split_module "${row#module }"
        printf '  %s' "$name"
        for word in $takes; do
          case $word in
            *:file) printf ' %s=FILE' "${word%%:*}" ;;
            *) printf ' [%s=NUMBER]' "${word%%:*}" ;;
          esac
        done
        printf '\n'
        ;;
    esac
  done <bundle.txt
}

names_of_modules() {
  while IFS= read -r row; do
    case $row in
      'module '*)
        split_module "${row#module }"
        printf ' %s' "$name"
        ;;
    esac
  done <bundle.txt
}

# find_module NAME: by the name of the script or of the module.
find_module() {
  while IFS= read -r row; do
    case $row in
      'module '*)
        split_module "${row#module }"
        if [ "$name" = "$1" ] || [ "$module" = "$1" ]; then return 0; fi
        ;;
    esac
  done <bundle.txt
  return 1
}

# read_arguments: turns $words into $given, the values for the module's globals, one a line.
read_arguments() {
  given=
  seen=' '
  while IFS= read -r word; do
    [ -n "$word" ] || continue
    key=${word%%=*}
    value=${word#*=}
    case $seen in
      *" $key "*) fail USAGE "$key is given twice" ;;
    esac
    seen="$seen$key "
    case " $takes " in
      *" $key:integer "*)
        case $value in
          '' | *[!0-9]*) fail USAGE "$key is a whole number, but \"$value\" was given" ;;
        esac
        given=$given$key=$value$newline
        ;;
      *" $key:file "*) watch_file "$value" ;;
      *) fail USAGE "$name takes ${takes:-no arguments}, but \"$key\" was given" 'sh run.sh --list' ;;
    esac
  done <<EOF
$words
EOF
  for word in $takes; do
    case $word in
      *:file)
        case $seen in
          *" ${word%%:*} "*) ;;
          *) fail USAGE "$name needs ${word%%:*}=FILE" 'sh run.sh --list' ;;
        esac
        ;;
    esac
  done
}

# watch_file PATH: what the kernel knows a file by, as values for the globals of a script that watches one.
watch_file() {
  case $1 in
    /*) ;;
    *) fail USAGE "the file to watch is given by an absolute path, but \"$1\" was given" ;;
  esac
  require_tools readlink stat
  real=$(readlink -f "$1")
  if [ -z "$real" ] || [ ! -f "$real" ]; then fail USAGE "there is no file $1 that could be watched"; fi
  folder=${real%/*}
  inode=$(stat -c %i "$real") || fail INSTALL_FAILED "$real cannot be looked at"
  directory=$(stat -c %i "${folder:-/}") || fail INSTALL_FAILED "${folder:-/} cannot be looked at"
  # The device of the mount, since stat(2) tells another one on btrfs and overlay; of several the last is on top.
  best=
  device=
  while read -r _ _ numbers _ point _; do
    unescape "$point"
    case $real/ in
      "${unescaped%/}"/*) [ "${#unescaped}" -lt "${#best}" ] || { best=$unescaped && device=$numbers; } ;;
    esac
  done </proc/self/mountinfo
  [ -n "$device" ] || fail INSTALL_FAILED "no mounted file system holds $real"
  given=${given}major=${device%:*}${newline}minor=${device#*:}${newline}inode=$inode${newline}
  given=${given}directory=$directory${newline}path=$real${newline}name=${real##*/}${newline}
}

# unescape FIELD: sets $unescaped. The kernel writes blank, tab, newline and backslash of a mount point in octal.
unescape() {
  unescaped=
  rest=$1
  while :; do
    unescaped=$unescaped${rest%%\\*}
    case $rest in
      *\\*) rest=${rest#*\\} ;;
      *) return 0 ;;
    esac
    case $rest in
      040*) unescaped="$unescaped " ;;
      011*) unescaped=$unescaped$tab ;;
      012*) unescaped=$unescaped$newline ;;
      *) unescaped=$unescaped\\ ;;
    esac
    rest=${rest#???}
  done
}

# check_build_known: a release alone does not tell one build of a kernel from another.
check_build_known() {
  if [ -n "$uname_v" ] || [ -n "$build_id" ]; then return 0; fi
  fail BAD_BUNDLE 'the bundle does not tell which build of the kernel it was proven in'
}

# by_bpf: whether what is here runs by stapbpf, and is no module.
by_bpf() {
  grep -q '^module [^ ]* [^ ]* [^ ]*\.bo\( \|$\)' bundle.txt
}

# check_loadable: modules may be loaded at all, and this one, or all of them where none is named. No policy on modules
# touches what is none.
check_loadable() {
  ! by_bpf || return 0
  [ -e /proc/modules ] || fail NOT_PROVEN 'the running kernel takes no modules: there is no /proc/modules' 'mount -t proc proc /proc, if that is all'
  if [ -r /proc/sys/kernel/modules_disabled ]; then
    read -r setting </proc/sys/kernel/modules_disabled || :
    [ "$setting" != 1 ] || fail NOT_PROVEN 'loading modules was switched off until the next boot: kernel.modules_disabled is 1'
  fi
  if [ -n "${module:-}" ]; then
    judge_signature "$module" "./$path"
  else
    while IFS= read -r row; do
      case $row in
        'module '*)
          split_module "${row#module }"
          judge_signature "$module" "./$path"
          ;;
      esac
    done <bundle.txt
    module=
  fi
  [ -n "${module:-}" ] || return 0
  ! is_loaded || fail INSTALL_FAILED "a module $module is in the kernel already" "rmmod $module, if nobody uses it"
}

is_loaded() {
  [ "${runner:-}" != stapbpf ] || return 1
  while read -r loaded _; do
    [ "$loaded" != "$module" ] || return 0
  done </proc/modules
  return 1
}

# prepare_runtime: sets $runner to what runs it, and $runtime to its directory: the bundle's own, or a copy where nothing in the bundle may
# be executed or the loader could not take its path.
copied=
prepare_runtime() {
  runner=staprun
  ! by_bpf || runner=stapbpf
  runtime=$PWD/runtime
  case $runtime in
    *[!A-Za-z0-9._/+@~^-]*) ;;
    *) "$runtime/bin/$runner" -V >/dev/null 2>&1 && return 0 ;;
  esac
  for base in "${TMPDIR:-/run}" /run /var/tmp /dev/shm /tmp "${HOME:-/root}" /; do
    case $base in
      /*) ;;
      *) continue ;;
    esac
    case $base in
      *[!A-Za-z0-9._/+@~^-]*) continue ;;
    esac
    place=${base%/}/tapprep-run-$$
    mkdir "$place" 2>/dev/null || continue
    copied=$place
    # So that "tapprep remove" knows it, should this be killed.
    printf '{"schema": "tapprep-directory/1"}\n' 2>/dev/null >"$place/.tapprep"
    if cp -R ./runtime "$place/" 2>/dev/null && "$place/runtime/bin/$runner" -V >/dev/null 2>&1; then
      runtime=$place/runtime
      return 0
    fi
    rm -rf "$place"
    copied=
  done
  fail INSTALL_FAILED "$runner of this bundle cannot be started from anywhere: every place that can be written is mounted noexec, or is full"
}

# run_module: sets $status. A signal to this script is one to staprun or stapbpf, which then takes out what it has put in.
run_module() {
  debugfs=
  [ -d /sys/kernel/debug ] && ! grep -q ' /sys/kernel/debug debugfs ' /proc/mounts && debugfs=new
  # staprun mounts it by itself.
  if [ "$runner" = stapbpf ] && [ -n "$debugfs" ]; then
    mount -t debugfs none /sys/kernel/debug || debugfs=
  fi
  set --
  [ -z "$output" ] || set -- -o "$output"
  set -- "$@" "./$path"
  while IFS= read -r word; do
    [ -z "$word" ] || set -- "$@" "$word"
  done <<EOF
$given
EOF
  stopped=
  child=
  trap 'stop_child INT' INT
  trap 'stop_child TERM' TERM
  trap 'stop_child HUP' HUP
  # Nobody may read what it says any more: the module goes all the same.
  trap : PIPE
  note_log
  show_names
  # In the background, so that a signal is seen at once.
  if [ -n "$shown" ]; then
    "$runtime/bin/$runner" "$@" </dev/null >"$private/shown" &
  else
    "$runtime/bin/$runner" "$@" </dev/null &
  fi
  child=$!
  timer=
  if [ -n "$seconds" ]; then
    (
      trap 'kill "$sleeper"; exit 0' TERM
      sleep "$seconds" &
      sleeper=$!
      wait "$sleeper"
      kill -TERM "$child"
    ) >/dev/null 2>&1 &
    timer=$!
  fi
  wait "$child"
  status=$?
  # A signal ends the waiting, not the child.
  while kill -0 "$child" 2>/dev/null; do
    wait "$child"
    status=$?
  done
  # What it printed last.
  [ -z "$shown" ] || wait "$shown"
  # Its time was up: the end that was asked for.
  if [ -n "$timer" ] && ! kill "$timer" 2>/dev/null && [ -z "$stopped" ]; then stopped='time'; fi
  trap '' INT TERM HUP
  take_out
  case $stopped in
    INT) stopped_status=130 ;;
    TERM) stopped_status=143 ;;
    HUP) stopped_status=129 ;;
    time) stopped_status=0 ;;
    *)
      if [ "$status" != 0 ] && [ "$status" != 130 ]; then
        say "$runner ended with status $status"
        explain_refusal "$module" "./$path"
        status=5
      fi
      return 0
      ;;
  esac
  # A module that did not go is the worse news.
  if is_loaded; then return 0; fi
  status=$stopped_status
  [ "$stopped" = 'time' ] || say "ended by SIG$stopped; the module $module is out of the kernel"
}

# show_names: a program calls itself what it likes, and stapbpf prints that as it is: no control character of it reaches a terminal. Sets
# $shown to the process that stands between them; empty where there is no terminal, and for a module, whose scripts do that themselves.
shown=
show_names() {
  [ "$runner" = stapbpf ] && [ -z "$output" ] && [ -t 1 ] || return 0
  require_tools mkfifo
  make_private
  mkfifo "$private/shown" || fail INSTALL_FAILED "no named pipe can be made in $private, so names of programs would reach this terminal as they are" 'add --output FILE'
  # It ends when there is nothing more to read, whoever is stopped.
  (
    trap '' INT TERM HUP
    exec tr '\001-\010\013-\037\177-\377' '?' <"$private/shown"
  ) &
  shown=$!
}

# shellcheck disable=SC2317 # called by traps
stop_child() {
  stopped=$1
  [ -z "$child" ] || kill -TERM "$child" 2>/dev/null
}

# take_out: the module is gone when staprun ended; where it was ended by force it is taken out here.
take_out() {
  tries=0
  while is_loaded && [ "$tries" -lt 5 ]; do
    "$runtime/bin/staprun" -d "$module" >/dev/null 2>&1 || rmmod "$module" >/dev/null 2>&1
    is_loaded && sleep 1
    tries=$((tries + 1))
  done
  if is_loaded; then
    say "the module $module is still in the kernel: rmmod $module"
    status=5
  fi
  # staprun mounts it where it is not mounted.
  [ -z "$debugfs" ] || umount /sys/kernel/debug 2>/dev/null
}

# shellcheck disable=SC2317 # called by a trap
clean_up() {
  trap '' INT TERM HUP
  [ -z "$private" ] || rm -rf "$private"
  [ -z "$copied" ] || rm -rf "$copied"
}
