# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that reads this file
# The proof that SystemTap runs, and the report of it.

# step NAME STATUS REASON [FILE WITH OUTPUT]: adds one step to the report and says how it went.
step() {
  step_ended=$(date +%s)
  seconds=$((step_ended - step_started))
  step_started=$step_ended
  reason=null
  [ -z "$3" ] || reason=\"$(printf '%s' "$3" | json_text)\"
  printed=
  [ -z "${4:-}" ] || [ ! -f "$4" ] || printed=$(tail -c 4000 "$4" | json_text)
  # In memory, as the disk may be full.
  steps="$steps${steps:+,$newline}      {\"step\": \"$1\", \"status\": \"$2\", \"reason\": $reason, \"output\": \"$printed\", \"seconds\": $seconds}"
  case $2 in
    pass) say "$1: pass" ;;
    *) say "$1: $2: $3" ;;
  esac
}

# json_text: standard input as the inside of a JSON string. What is not ASCII becomes "?".
json_text() {
  tr -d '\000-\010\013\014\015\016-\037\177' | tr '\200-\377' '?' |
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e "s/$tab/\\\\t/g" -e '$!s/$/\\n/' | tr -d '\n'
}

hello='probe begin { printf("Hello, World\n"); exit(); }'

# prove: sets $ready and $ran_in, and writes the steps. Returns 1 where a step failed.
prove() {
  steps=
  ready=false
  ran_in=null
  step_started=$(date +%s)
  lacking=
  for tool in "$stap" "$staprun" make gcc; do have "$tool" || lacking="$lacking $tool"; done
  if [ -n "$lacking" ]; then
    step tools fail "not installed or not in PATH:$lacking"
    return 1
  fi
  SYSTEMTAP_DIR=$work/stap "$stap" -V >"$work/out" 2>&1 </dev/null
  step tools pass '' "$work/out"
  tree=/lib/modules/$release/build
  for file in Makefile .config Module.symvers; do
    if [ ! -e "$tree/$file" ]; then
      step build-tree fail "$tree/$file is missing"
      return 1
    fi
  done
  step build-tree pass ''
  # stap refuses a TMPDIR with any other character; $work has none of them.
  (cd "$work" && TMPDIR=$work && SYSTEMTAP_DIR=$work/stap && export TMPDIR SYSTEMTAP_DIR &&
    limit 600 "$stap" -p4 -r "$release" -m tapprep_hello -e "$hello") >"$work/out" 2>&1 </dev/null &
  run_worker "$!"
  compiled=$?
  [ -z "$stopped" ] || return 1
  case $compiled in
    0) ;;
    # timeout of coreutils, and of older busybox
    124 | 143)
      step hello fail 'stap -p4 did not end within 600 s: this machine is too busy or too slow' "$work/out"
      return 1
      ;;
    *)
      step hello fail "stap -p4 failed: $(first_error "$work/out")" "$work/out"
      return 1
      ;;
  esac
  # A wrapper that swallows the exit status, or another program of that name, ends with 0 as well.
  if [ ! -f "$work/tapprep_hello.ko" ]; then
    step hello fail 'stap -p4 exited with status 0 and made no module, tapprep_hello.ko' "$work/out"
    return 1
  fi
  if [ -n "$not_running" ]; then
    step hello skip "compiled but not loaded: $release does not run here" "$work/out"
    return 0
  fi
  (limit 60 "$staprun" "$work/tapprep_hello.ko") >"$work/out" 2>"$work/err" </dev/null &
  run_worker "$!"
  loaded=$?
  [ -z "$stopped" ] || return 1
  if [ "$loaded" != 0 ]; then
    cat "$work/err" >>"$work/out"
    step hello fail "staprun failed: $(first_error "$work/out")" "$work/out"
    return 1
  fi
  if ! grep -q 'Hello, World' "$work/out"; then
    step hello fail 'the module ran, but "Hello, World" was not printed' "$work/out"
    return 1
  fi
  while read -r module _; do
    if [ "$module" = tapprep_hello ]; then
      step hello fail 'the module was still in the kernel when staprun had ended' "$work/out"
      return 1
    fi
  done </proc/modules
  ran_in='"local"'
  ready=true
  step hello pass '' "$work/out"
}

# limit SECONDS COMMAND...: with a time limit where there is a program for it; those of old busybox take it otherwise. It takes
# the place of the subshell that it is called in, so that a signal reaches it.
limit() {
  seconds_allowed=$1
  shift
  if timeout 5 true 2>/dev/null; then exec timeout "$seconds_allowed" "$@"; else exec "$@"; fi
}

# run_worker PROCESS: waits for what a signal to this script ends, too (on_signal).
run_worker() {
  worker=$1
  [ -z "$stopped" ] || kill -TERM "$worker" 2>/dev/null
  wait_for "$worker"
  worker_status=$?
  worker=
  return "$worker_status"
}

# first_error FILE: with the line below where it ends in a colon, as "error: Failed dependencies:" of rpm does.
first_error() {
  line=$(sed -n '/[Ee][Rr][Rr][Oo][Rr]:/{/:$/N;s/\n[[:space:]]*/ /;p;q;}' "$1")
  [ -n "$line" ] || line=$(tail -n 1 "$1")
  printf '%s' "$line"
}

# print_report: what "tapprep install --json" prints, as far as this script has it.
print_report() {
  printf '{\n  "target": %s,\n  "bundle": "%s",\n' "$(cat target.json)" "$bundle_id"
  if [ -n "$installed" ]; then
    printf '  "install": {\n    "installed": '
    print_objects name version arch '        ' <<EOF
$added
EOF
    printf ',\n    "replaced": '
    print_objects name from to '        ' <<EOF
$replaced
EOF
    printf ',\n    "unchanged": %s,\n    "journal": "%s"\n  },\n' "$present_count" "$journal"
  else
    printf '  "install": null,\n'
  fi
  printf '  "undone": %s,\n' "$undone"
  printf '  "verify": {\n    "target": %s,\n    "ranIn": %s,\n    "steps": [\n' "$(cat target.json)" "$ran_in"
  printf '%s\n    ],\n    "ready": %s,\n    "diagnoses": []\n  }\n}\n' "$steps" "$ready"
}

# write_report: into its file, and with --json to standard output, whether the file could be written or not.
write_report() {
  text=$(print_report)
  if ! put_file "$report" "$text"; then
    has_room "$state" 0
    say "$report cannot be written: ${free:-?} KiB are free in $state"
  fi
  [ -z "$json" ] || printf '%s\n' "$text"
  reported=yes
}
