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
  cd -- "${here:-/}" || exit 2
  parts=sh/start.sh
  for part in "$@"; do
    if [ ! -f "./sh/$part.sh" ]; then
      echo "$program: sh/$part.sh is missing: the bundle is not complete" >&2
      exit 4
    fi
    # shellcheck source=/dev/null
    . "./sh/$part.sh"
    parts="$parts sh/$part.sh"
  done
}
