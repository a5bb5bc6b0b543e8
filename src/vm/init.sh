#!/bin/sh
# The guest's first process: loads the modules under /jobs one by one and reports on a serial port of its own.
#
# Every report is a line "@NONCE SEQUENCE VERB ...", with whatever a script printed in base64, so that nothing a script,
# a trigger or the kernel prints can be read as a report: the kernel's console is the first port, and the nonce is gone
# from the file system before anything foreign runs. busybox sh; no other program is needed but staprun.

PATH=/bin:/sbin:/usr/bin:/usr/sbin
export PATH
HOME=/root
export HOME
LC_ALL=C
export LC_ALL

/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /tmp /root /run
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2>/dev/null
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
mount -t securityfs securityfs /sys/kernel/security 2>/dev/null
read -r report major minor </report
[ -c "$report" ] || mknod "$report" c "$major" "$minor"
stty -F "$report" raw -echo 115200 2>/dev/null
exec 3<>"$report"
rm -f "$report" /report
IFS= read -r nonce </nonce
rm -f /nonce
sequence=0

OUTPUT_LIMIT=65536
ERROR_LIMIT=16384
TRIGGER_LIMIT=4096
LOG_LIMIT=8192
# A script that prints without end is stopped here, well before the memory is full.
FLOOD_LIMIT=16777216
# What a module is given to go away when it is told to, and what a trigger waits when nothing says that it may start;
# hundredths of a second.
GRACE=1000
SETTLE=100

frame() {
  printf '\n@%s %s %s\n' "$nonce" "$sequence" "$*" >&3
  sequence=$((sequence + 1))
}

# payload VERB JOB FILE LIMIT: the first LIMIT bytes of a file. By uuencode, which writes base64 in short lines between a
# first and a last one of its own: the busybox 1.30 of Debian and Ubuntu has no base64, and that of others no "-w".
payload() {
  [ -s "$3" ] || return 0
  head -c "$4" "$3" | uuencode -m - >/tmp/payload
  {
    read -r _
    joined=
    while IFS= read -r line && [ "$line" != ==== ]; do
      joined=$joined$line
      [ "${#joined}" -ge 2000 ] || continue
      frame "$1" "$2" "$joined"
      joined=
    done
    [ -z "$joined" ] || frame "$1" "$2" "$joined"
  } </tmp/payload
  rm -f /tmp/payload
}

# Hundredths of a second since the kernel started, into $now. A leading zero would make the shell read octal.
clock() {
  read -r now _ </proc/uptime
  now=${now%.*}${now#*.}
  while [ "${now#0}" != "$now" ]; do now=${now#0}; done
  now=${now:-0}
}

bytes() {
  stat -c %s "$1" 2>/dev/null || echo 0
}

# Whether the module is in the kernel, and in the state $2 when that is given.
loaded() {
  while read -r module _ _ _ state _; do
    [ "$module" = "$1" ] && { [ -z "$2" ] || [ "$state" = "$2" ]; } && return 0
  done </proc/modules
  return 1
}

# Writes the line numbers of the expected texts that were seen into $seen; fails while one is missing.
all_seen() {
  seen=
  number=0
  complete=0
  [ -f "$1/expect" ] || return 0
  while IFS= read -r text || [ -n "$text" ]; do
    # By a file: a script that prints what is executed would print the text itself if it were an argument.
    printf '%s\n' "$text" >"$work/text"
    if grep -qF -f "$work/text" "$work/out"; then seen="$seen,$number"; else complete=1; fi
    number=$((number + 1))
  done <"$1/expect"
  return "$complete"
}

# start WHAT SCRIPT OUT ERR: in the background and in a process group of its own, whose number goes to $work/WHAT.pid;
# its exit status goes to $work/WHAT.status when it ends, which counts once it is written: the file is there before.
start() {
  (
    cd "$job" || exit 127
    exec 3>&- </dev/null >>"$work/$3" 2>>"$work/$4"
    # shellcheck disable=SC2016 # expanded by the shell that is started
    setsid sh -c 'echo $$ >"$1"; exec sh "$2"' sh "$work/$1.pid" "$job/$2"
    echo $? >"$work/$1.status"
  ) &
}

# signal WHAT SIGNAL [-]: to its first process, or with "-" to the whole group.
signal() {
  [ -s "$work/$1.status" ] && return
  read -r pid <"$work/$1.pid" 2>/dev/null || return
  kill -"$2" -- "$3$pid" 2>/dev/null
}

# Tells the module to go, waits, then ends it by force and takes the module out.
stop_module() {
  signal module TERM
  clock
  until=$((now + GRACE))
  while [ ! -s "$work/module.status" ] && [ "$now" -lt "$until" ]; do
    usleep 50000
    clock
  done
  signal module KILL -
  usleep 200000
}

run_job() {
  job=/jobs/$1
  work=/work/$1
  mkdir -p "$work"
  read -r name <"$job/name"
  read -r limit <"$job/limit"
  frame start "$1"
  dmesg -c >/dev/null
  clock
  started=$now
  live=
  trigger_started=
  outcome=ended
  stopped=
  : >"$work/out"
  : >"$work/err"
  start module run out err
  tick=0
  while [ ! -s "$work/module.status" ]; do
    usleep 50000
    clock
    tick=$(((tick + 1) % 5))
    if [ $((now - started)) -ge "$limit" ]; then
      outcome=timed-out
      stop_module
      break
    fi
    # Looking takes processes, and every process is an event that a script may print: not at every turn.
    if [ "$tick" = 0 ] && [ $(($(bytes "$work/out") + $(bytes "$work/err"))) -gt "$FLOOD_LIMIT" ]; then
      outcome=flooded
      stop_module
      break
    fi
    # Without a module nothing tells but that it runs.
    [ -n "$live" ] || { { [ -f "$job/bpf" ] || loaded "$name" Live; } && live=$now; }
    [ -n "$live" ] || continue
    if [ -f "$job/trigger" ] && [ -z "$trigger_started" ]; then
      if [ -f "$job/ready" ]; then
        grep -qF -f "$job/ready" "$work/out" && trigger_started=$now
      elif [ $((now - live)) -ge "$SETTLE" ]; then
        trigger_started=$now
      fi
      [ -z "$trigger_started" ] || start trigger trigger trigger trigger
      continue
    fi
    if [ "$tick" = 0 ] && [ -f "$job/stop" ] && [ -z "$stopped" ]; then
      [ -z "$trigger_started" ] || [ -s "$work/trigger.status" ] || continue
      [ -f "$job/expect" ] || [ $((now - ${trigger_started:-$live})) -ge "$SETTLE" ] || continue
      all_seen "$job" || continue
      signal module TERM
      stopped=$now
    fi
  done
  clock
  ended=$now
  # A trigger that still runs would disturb the next job.
  [ -z "$trigger_started" ] || signal trigger KILL -
  removed=1
  tries=0
  while loaded "$name" '' && [ "$tries" -lt 20 ]; do
    usleep 100000
    tries=$((tries + 1))
  done
  if loaded "$name" ''; then
    removed=0
    rmmod "$name" 2>/dev/null
  fi
  status=-
  [ ! -s "$work/module.status" ] || read -r status <"$work/module.status"
  all_seen "$job"
  missing=$?
  payload out "$1" "$work/out" "$OUTPUT_LIMIT"
  payload err "$1" "$work/err" "$ERROR_LIMIT"
  [ ! -f "$work/trigger" ] || payload trigger "$1" "$work/trigger" "$TRIGGER_LIMIT"
  if [ "$status" != 0 ] || [ "$removed" = 0 ] || [ "$missing" != 0 ]; then
    dmesg | tail -c "$LOG_LIMIT" >"$work/log"
    payload log "$1" "$work/log" "$LOG_LIMIT"
  fi
  frame end "$1" "$outcome" "$status" "$removed" "$((ended - started))" "$(bytes "$work/out")" "$(bytes "$work/err")" "seen$seen"
  rm -rf "$work"
}

uname -r >/tmp/release
payload release - /tmp/release 256
uname -v >/tmp/version
payload version - /tmp/version 512
payload notes - /sys/kernel/notes 4096
# What decides about modules, in the kernel's own words.
{
  [ ! -d /sys/firmware/efi ] || echo "efi yes"
  dmesg | sed -n 's/.*[Ss]ecure boot \(enabled\|disabled\).*/secure-boot \1/p' | tail -n 1
  for file in /sys/kernel/security/lockdown /sys/module/module/parameters/sig_enforce; do
    [ ! -r "$file" ] || echo "${file##*/} $(cat "$file")"
  done
} >/tmp/policy
payload policy - /tmp/policy 512
grep -E ' (keyring +\.|asymmetri)' /proc/keys >/tmp/keys 2>/dev/null
payload keys - /tmp/keys 16384
frame boot

ip link set lo up 2>/dev/null
[ ! -f /modules ] || while read -r module; do
  insmod "$module" || echo "insmod $module failed"
done </modules >/tmp/insmod 2>&1
[ ! -f /tmp/insmod ] || payload insmod - /tmp/insmod 4096
[ ! -f /setup ] || sh /setup >/dev/null 2>&1 3>&-

index=0
while [ -d "/jobs/$index" ]; do
  run_job "$index"
  index=$((index + 1))
done
frame "done"
# The machine is ended from outside once that has arrived; what is still on its way would be lost with its power.
exec 3>&-
sleep 30
poweroff -f
