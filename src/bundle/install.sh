#!/bin/sh
# Installs the packages of this bundle on the system that it was made for, without any network, and proves that
# SystemTap runs. Needs a POSIX sh, one of several programs that compute SHA-256, and dpkg or rpm.
#
#   sh install.sh [options]       check everything, install, run hello world
#   sh install.sh --check         check the files and the target, and whether rpm or dpkg would take the packages
#   sh install.sh --verify        prove again what is installed; packages/ and evidence/ may be gone by then
#   sh install.sh --undo          take away what this bundle added; likewise. What other packages need by now stays (exit 5)
#
#   --not-running                 this system's kernel does not run now (a chroot, an image): install and compile only
#   --allow-upgrade               let installed packages be replaced by other versions; that cannot be undone. Of rpms neither
#                                 dependencies nor compilers are
#   --allow-unsigned-packages     install rpms that carry no signature; none of their scripts and triggers is run
#   --keep                        keep what was installed even where hello world fails
#   --keyring FILE                SHA256SUMS must be signed by a key of this file; needs gpgv
#   --json                        print the report on standard output, or the error where there is none, as tapprep does
#   --force-other-target-unsafe   go on where the bundle was made for another kernel or distribution
#
# Exit codes: 0 done and proven; 1 not ready or another target; 2 usage; 4 a file is not what it was; 5 install failed,
# and what it had done was undone; 6 needs root or a missing program; 130, 143 and 129: stopped by SIGINT, SIGTERM or
# SIGHUP, and undone: the package manager comes to its end first. A second SIGINT or SIGTERM within 3 s ends it at once.
# The report is /var/lib/tapprep/report.json; the record of what was added is /var/lib/tapprep/journal.json, the same
# that tapprep keeps, so that "tapprep remove" knows of it.

# shellcheck disable=SC2034,SC2154 # variables are shared with the parts that enter_bundle reads

program=install.sh
# Whatever is wrong with the other words.
json=
case " $* " in
  *' --json '*) json=yes ;;
esac
here=.
case $0 in
  */*) here=${0%/*} ;;
esac
case $here in
  -*) here=./$here ;;
esac
if [ ! -f "${here:-/}/sh/start.sh" ]; then
  missing='sh/start.sh is missing: the bundle is not complete'
  echo "$program: $missing" >&2
  [ -z "$json" ] || echo '{"error":{"code":"BAD_BUNDLE","message":"'"$missing"'","hint":null,"facts":{},"diagnoses":[],"exit":4}}'
  exit 4
fi
# shellcheck source=/dev/null
. "${here:-/}/sh/start.sh"
umask 022

state=/var/lib/tapprep
journal=$state/journal.json
report=$state/report.json
mode=install
not_running=
allow_upgrade=
allow_unsigned=
keep=
keyring=
other_target=
# For who works in a chroot or an image: the same line, where a shell reads it back as it was.
if_image="sh $0 --not-running${1:+ $*}"
for word in "$0" "$@"; do
  case $word in
    '' | *[!A-Za-z0-9/._-]*) if_image='sh install.sh --not-running' ;;
  esac
done
if_image="$if_image    # in a chroot or an image, whose own kernel does not run"

while [ $# -gt 0 ]; do
  case $1 in
    --check) mode=check ;;
    --verify) mode=verify ;;
    --undo) mode=undo ;;
    --not-running) not_running=yes ;;
    --allow-upgrade) allow_upgrade=yes ;;
    --allow-unsigned-packages) allow_unsigned=yes ;;
    --keep) keep=yes ;;
    --json) ;;
    --force-other-target-unsafe) other_target=yes ;;
    --keyring)
      shift
      [ -n "${1:-}" ] || fail USAGE '--keyring needs a file'
      absolute "$1"
      keyring=$absolute
      ;;
    -h | --help)
      usage "$0"
      exit 0
      ;;
    *)
      fail USAGE "$1 is no option of it; --help lists them"
      ;;
  esac
  shift
done

enter_bundle common kernel system packages journal proof folder lock

# ---------------------------------------------------------------- doing and undoing

work=
# "yes": this run's own changes; "undo": those or earlier ones are being taken away.
changing=
stopped=
stopped_at=0
worker=
# shellcheck disable=SC2317 # called by traps
clean_up() {
  trap '' INT TERM HUP
  [ -z "$work" ] || rm -rf "$work"
  [ -z "$private" ] || rm -rf "$private"
  [ -z "$locked" ] || free_lock "$state/install.lock" "$locked"
  # Where nothing was recorded, nothing is left.
  rmdir "$state" 2>/dev/null
}

# on_signal NAME STATUS: where nothing is being changed it ends; else it ends what can be ended, and the rest sees $stopped.
# SIGHUP twice is a session that is closing, and nobody in a hurry.
# shellcheck disable=SC2317 # called by traps
on_signal() {
  now=$(date +%s)
  if [ -n "$stopped" ]; then
    if [ "$1" != HUP ] && [ $((now - stopped_at)) -le 3 ]; then
      ended="ended at once by a second SIG$1; run this script again, or with --undo, for what is left"
      say "$ended"
      tell_error INTERRUPTED "$ended" '' "$2"
      exit "$2"
    fi
    stopped_at=$now
    return 0
  fi
  stopped=$1
  stopped_status=$2
  stopped_at=$now
  [ -n "$changing" ] || end_stopped
  say "SIG$1: the package manager comes to its end first; a second signal within 3 s ends this at once"
  [ -z "$worker" ] || kill -TERM "$worker" 2>/dev/null
}

# end_stopped: what this run added goes again, and the exit status is the signal's.
end_stopped() {
  if [ "$changing" = yes ]; then undo_changes; fi
  say "stopped by SIG$stopped"
  tell_error INTERRUPTED "stopped by SIG$stopped" '' "$stopped_status"
  exit "$stopped_status"
}

# undo_changes: takes away what this run added and says so in the journal.
undo_changes() {
  changing=undo
  find_added
  # A package manager that was cut off leaves packages half configured; they are taken away like the others.
  if take_away && [ -z "$needed" ]; then
    # dpkg itself was killed.
    [ ! -d "$unpacking" ] || resume_manager
    unlink_made
    added=
    undone=true
    write_journal removed
    say 'what this run had installed was taken away again'
  else
    find_added
    write_journal failed
    tell_needed
    [ -n "$needed" ] || say "what this run installed could not all be taken away: $(tail -n 1 "$work/log")"
  fi
  changing=
}

# tell_needed: what could not be taken away for other packages.
tell_needed() {
  while read -r name wanted _ by; do
    [ -z "$name" ] || say "left in place: $name $wanted, needed by $by"
  done <<EOF
$needed
EOF
}

# lock: one at a time, and not beside a tapprep that works here.
lock() {
  owner_of "$$"
  try_lock "$state/install.lock" "$owner"
  case $? in
    0) locked=$owner ;;
    1)
      if [ "$where" = elsewhere ]; then
        fail LOCKED "another install works here, process ${held%%:*} of a container, or of the system around this one: wait for it" \
          "rm $link    # once nothing works there any more"
      fi
      look=
      # A chroot need have none.
      [ ! -r "/proc/${held%%:*}/cmdline" ] || look="tr '\\0' ' ' </proc/${held%%:*}/cmdline"
      fail LOCKED "another install works here, process ${held%%:*}: wait for it" "$look"
      ;;
    *) fail INSTALL_FAILED "$state/install.lock cannot be made: $said" "ls -ld $state/install.lock    # and take it away if nothing works here" ;;
  esac
}

open_state() {
  [ "$(id -u)" = 0 ] || fail NOT_ROOT 'installing needs root rights, and this is an ordinary user' "sudo sh install.sh"
  mkdir -p "$state" || fail INSTALL_FAILED "$state cannot be made"
  trap clean_up EXIT
  trap 'on_signal INT 130' INT
  trap 'on_signal TERM 143' TERM
  trap 'on_signal HUP 129' HUP
  # Nobody may read what it says any more: it goes on all the same. What it starts has the signal as ever.
  trap : PIPE
  lock
  work=$state/work
  rm -rf "$work"
  (umask 077 && mkdir "$work") || fail INSTALL_FAILED "$work cannot be made"
}

locked=
installed=
undone=false
steps=
added=
replaced=
replacing=
configured=
needed=
made=
carried=
carried_replaced=
cut_off=
present_count=0
ready=false
ran_in=null
require_tools cat date df grep id ln mkdir mv readlink rm sed sync tail tr uname
read_target
prefix=/opt/tapprep
chosen=$state/systemtap-$release.json
use_distribution
[ "$kind" = packages ] || fail USAGE 'this bundle holds modules, not packages' 'sh run.sh --list'
without_packages=
case $mode in
  verify | undo) without_packages=yes ;;
esac
check_sums
[ -z "$keyring" ] || check_signature "$keyring"
sum=
hash_by "$hasher" <SHA256SUMS
bundle_id=$sum
say "$count files of the bundle are what they were"

if [ "$mode" != undo ]; then
  check_target
  while IFS= read -r row; do
    case $row in
      'warning '*) say "note: ${row#warning }" ;;
    esac
  done <bundle.txt
fi

case $mode in
  check)
    decide
    check_writable
    check_space
    check_folders
    if ! test_packages; then
      first_reasons
      fail UNSATISFIED_DEPENDENCY "this is the target that the bundle was made for, but its packages cannot be installed here: $reasons" \
        'tapprep detect --script >probe.sh    # where tapprep is; here: sh probe.sh >facts; there again: tapprep bundle --facts facts --out new.tar'
    fi
    count_of "$todo_count" package packages
    would=$counted
    count_of "$present_count" is are
    say "this is the target that the bundle was made for; $would would be installed, $counted there"
    if [ "$family" = rpm ] && [ "$(id -u)" != 0 ]; then
      say 'whether rpm would take them is only told to root: sudo sh install.sh --check'
    fi
    exit 0
    ;;
  verify)
    open_state
    changing=verify
    use_chosen
    prove
    status=$?
    [ -z "$stopped" ] || end_stopped
    write_report
    exit "$status"
    ;;
  undo)
    open_state
    read_journal
    if [ -z "$added$made$cut_off" ]; then
      say 'nothing that this bundle installed is recorded here'
      exit 0
    fi
    : >"$work/log"
    changing=undo
    if ! take_away; then
      fail INSTALL_FAILED "the packages could not be taken away: $(tail -n 1 "$work/log"); the journal stays as it was"
    fi
    [ -z "$cut_off" ] || resume_manager
    unlink_made
    # Once more, now that it is known what stays.
    [ -z "$needed" ] || read_journal
    write_journal ''
    rm -f "$report"
    tell_needed
    [ -n "$needed" ] || say 'what this bundle installed was taken away'
    [ -z "$stopped" ] || end_stopped
    [ -z "$needed" ] || fail INSTALL_FAILED 'what no other package needs was taken away; the journal keeps the rest' \
      'sh install.sh --undo    # once those packages are gone'
    exit 0
    ;;
esac

open_state
read_journal
if [ -n "$resumed$resumed_replaced" ]; then
  say 'an earlier install was cut off; going on from what it left'
  changing=resume
  resume_manager
  [ -z "$stopped" ] || end_stopped
  changing=
fi
decide
check_writable
check_space
check_folders
started_at=$(date -u +%Y-%m-%dT%H:%M:%S.000Z)
carry_over

if [ "$todo_count" -gt 0 ] || [ -n "$carried$carried_replaced" ]; then
  changing=yes
  list_wanted
  write_journal started
  if [ "$todo_count" -gt 0 ] && ! run_packages; then
    [ -z "$stopped" ] || end_stopped
    say "$(tail -n 5 "$work/log")"
    undo_changes
    write_report
    [ -z "$stopped" ] || end_stopped
    fail INSTALL_FAILED "the packages were not installed: $(first_error "$work/log")"
  fi
  find_added
  link_tree || say "/lib/modules/$release/build could not be linked to the build tree"
  write_journal "done"
  installed=yes
  [ -z "$stopped" ] || end_stopped
fi
count_of "$todo_count" package packages
did=$counted
count_of "$present_count" was were
say "$did installed, $counted there"

[ -n "$changing" ] || changing=verify
if prove_any; then
  [ -z "$stopped" ] || end_stopped
  changing=
  write_report
  if [ -n "$not_running" ]; then
    say "installed and compiled; a proof needs $release itself: tapprep verify --root DIR --kernel $release --in vm, on the machine that holds this system"
  else
    say 'ready: Hello, World was printed by a module in the running kernel'
  fi
  exit 0
fi
[ -z "$stopped" ] || end_stopped
if [ -n "$keep" ] || [ "$changing" != yes ]; then
  changing=
  write_report
  say 'not ready; what was installed stays, and "sh install.sh --undo" takes it away'
  exit 1
fi
undo_changes
write_report
[ -z "$stopped" ] || end_stopped
fail NOT_PROVEN "not ready: hello world did not work, see $report" 'sh install.sh --keep    # to look into it'
