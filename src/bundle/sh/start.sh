# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that reads this file
# How install.sh and run.sh begin; read by them with ".", never run.

tab='	'
newline='
'
# Every message that is compared is in English, and sorting is by bytes.
LC_ALL=C
export LC_ALL
PATH=${PATH:-/usr/bin}:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
export PATH
set -f

# usage SCRIPT: the comment that it begins with.
usage() {
  while IFS= read -r row; do
    case $row in
      '#!'*) ;;
      '#'*) printf '%s\n' "${row#?}" ;;
      *) return 0 ;;
    esac
  done <"$1"
}

say() { printf '%s: %s\n' "$program" "$1" >&2; }

# fail CODE SENTENCE [HINT]: ends by an error of tapprep's own table.
fail() {
  say "$2"
  [ -z "${3:-}" ] || printf '  try: %s\n' "$3" >&2
  status_of "$1"
  tell_error "$1" "$2" "${3:-}" "$status"
  exit "$status"
}

# status_of CODE: sets $status, as src/errors.ts has it.
status_of() {
  case $1 in
    NOT_PROVEN | UNSATISFIED_DEPENDENCY | WRONG_TARGET) status=1 ;;
    USAGE) status=2 ;;
    BAD_BUNDLE | BAD_SIGNATURE | DIGEST_MISMATCH | UNKNOWN_KEY | UNSIGNED) status=4 ;;
    INSTALL_FAILED | JOURNAL_BROKEN | LOCKED | NO_SPACE | READ_ONLY_SYSTEM) status=5 ;;
    NOT_ROOT | TOOL_MISSING) status=6 ;;
  esac
}

# tell_error CODE SENTENCE HINT STATUS: with --json, on standard output, as tapprep does; not beside a report.
tell_error() {
  [ -n "${json:-}" ] && [ -z "${reported:-}" ] || return 0
  quote_json "$2"
  sentence=$quoted
  quoted=null
  [ -z "$3" ] || quote_json "$3"
  printf '{"error":{"code":"%s","message":%s,"hint":%s,"facts":{},"diagnoses":[],"exit":%s}}\n' "$1" "$sentence" "$quoted" "$4"
}

# quote_json TEXT: sets $quoted to it as a JSON string, by the shell alone, as any program may be missing. What is not ASCII
# becomes "?".
quote_json() {
  quoted=\"
  rest=$1
  while [ -n "$rest" ]; do
    after=${rest#?}
    character=${rest%"$after"}
    rest=$after
    case $character in
      \" | \\) character=\\$character ;;
      "$newline") character='\n' ;;
      "$tab") character='\t' ;;
      [!\ -~]) character='?' ;;
    esac
    quoted=$quoted$character
  done
  quoted=$quoted\"
}

# absolute PATH: sets $absolute.
absolute() {
  case $1 in
    /*) absolute=$1 ;;
    *) absolute=$PWD/$1 ;;
  esac
}

# enter_bundle NAME...: changes into the bundle's directory, so that every path from here on is relative and plain,
# whatever the directory itself is called, and reads the parts of the script. Sets $parts.
enter_bundle() {
  CDPATH=
  cd -- "${here:-/}" || fail USAGE "the directory $here cannot be entered"
  parts=sh/start.sh
  for part in "$@"; do
    [ -f "./sh/$part.sh" ] || fail BAD_BUNDLE "sh/$part.sh is missing: the bundle is not complete"
    # shellcheck source=/dev/null
    . "./sh/$part.sh"
    parts="$parts sh/$part.sh"
  done
}
