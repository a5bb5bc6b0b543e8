#!/bin/sh
# Starts the program of its own name in ../libexec by the loader and the libraries of this folder. Only that program
# sees them: the loader takes them from its command line, so that make, gcc and whatever else it starts are the
# system's own with the system's own libraries. POSIX sh; the folder may lie anywhere.
self=$0
case $self in
*/*) ;;
*) self=$(command -v -- "$self") ;;
esac
# A link in some directory of PATH is as good a name.
hops=0
while [ -h "$self" ] && [ "$hops" -lt 40 ]; do
  to=$(readlink "$self") || exit 127
  case $to in
  /*) self=$to ;;
  *) self=${self%/*}/$to ;;
  esac
  hops=$((hops + 1))
done
name=${self##*/}
home=$(CDPATH='' cd -- "${self%/*}/.." && pwd -P) || exit 127
case $home in
*[:\;\$]*)
  # What separates directories for the loader, and what it expands.
  echo "$name: the folder $home has a ':', ';' or '\$' in its path, which the loader cannot take" >&2
  exit 127
  ;;
esac
loader=
# ld64.so.1 and ld64.so.2 are those of s390x and ppc64le.
for loader in "$home"/lib/ld-* "$home"/lib/ld64.so.*; do [ ! -x "$loader" ] || break; done
if [ ! -x "$loader" ] || [ ! -x "$home/libexec/$name" ]; then
  echo "$name: the folder $home is not complete" >&2
  exit 127
fi
short=$home
case $name:$home in
stap:*[!A-Za-z0-9._/+-]*)
  # kbuild splits the paths of headers at blanks, so the compiler gets them by a link that has none.
  link=${TMPDIR:-/tmp}/tapprep-stap-$$
  mkdir -m 700 "$link" || exit 127
  trap 'rm -f "$link/home"; rmdir "$link"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  ln -s "$home" "$link/home" || exit 127
  short=$link/home
  ;;
esac
# A mended SystemTap has a runtime of its own and everything else from here.
SYSTEMTAP_RUNTIME=${TAPPREP_RUNTIME:-$short/share/systemtap/runtime}
SYSTEMTAP_TAPSET=$short/share/systemtap/tapset
SYSTEMTAP_STAPRUN=$home/bin/staprun
case $home in
*[!A-Za-z0-9._/+-]*)
  # staprun hands this to a shell, unquoted, when the module is to be removed: by its name it is found whatever the path.
  SYSTEMTAP_STAPRUN=staprun
  PATH=$home/bin:$PATH
  export PATH
  ;;
esac
SYSTEMTAP_STAPIO=$home/bin/stapio
SYSTEMTAP_STAPBPF=$home/bin/stapbpf
export SYSTEMTAP_RUNTIME SYSTEMTAP_TAPSET SYSTEMTAP_STAPRUN SYSTEMTAP_STAPIO SYSTEMTAP_STAPBPF
set -- --inhibit-cache --library-path "$home/lib" "$home/libexec/$name" "$@"
[ "$short" != "$home" ] || exec "$loader" "$@"
"$loader" "$@"
