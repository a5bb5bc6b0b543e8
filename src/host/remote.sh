# Runs one program on a machine that was reached by ssh; the text before this one has set the arguments:
#
#   MARK MODE CWD PROGRAM [NAME=VALUE]... PROGRAM [ARGUMENT]...
#
# Whatever a login shell prints comes before MARK, on both streams, and is no word of the program. MODE "last" lets the
# program come to its end also when the connection is lost: nothing that it prints can stop it, and its process is known
# by /var/lib/tapprep/running for as long. POSIX sh.
# shellcheck shell=sh
mark=$1
mode=$2
cwd=$3
program=$4
shift 4

tell() {
  printf '%s %s\n' "$mark" "$1"
  printf '%s\n' "$mark" >&2
}

PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
for name in TMPDIR LOGNAME USER HOME no_proxy ftp_proxy https_proxy http_proxy; do
  eval "value=\${$name-}"
  [ -z "$value" ] || set -- "$name=$value" "$@"
done
set -- "PATH=$PATH" LC_ALL=C "$@"

case $program in
  */*) [ -f "$program" ] && [ -x "$program" ] ;;
  *) command -v "$program" >/dev/null 2>&1 ;;
esac || {
  tell missing
  exit 127
}
if [ -n "$cwd" ]; then
  cd "$cwd" || {
    tell no-directory
    exit 126
  }
fi

# The process group, to be ended as a whole; sudo stands above this process in it.
group=$$
[ ! -r "/proc/$$/stat" ] || read -r _ _ _ _ group _ <"/proc/$$/stat"
tell "runs $group"
[ "$mode" = last ] || exec env -i "$@"

# cat(1) dies when nobody is there to write to, and the second one swallows the rest.
relay() {
  cat || :
  cat >/dev/null
}
running=/var/lib/tapprep/running
[ ! -d "${running%/*}" ] || echo "$$" >"$running"
exec 6>&1
status=$(
  exec 3>&1
  {
    {
      env -i "$@" </dev/null 3>&- 4>&- 6>&-
      echo "$?" >&3
    } 2>&1 >&4 | relay >&2 3>&- 4>&- 6>&-
  } 4>&1 | relay >&6 3>&-
)
rm -f "$running"
exit "$status"
