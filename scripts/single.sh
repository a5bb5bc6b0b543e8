#!/bin/sh
# tapprep @VERSION@ in one file, with the Node that it needs. The first run unpacks both into the cache directory
# (TAPPREP_CACHE_DIR, else tapprep in XDG_CACHE_HOME, else HOME/.cache/tapprep); later runs start from there.
# Needs Linux on x86_64, glibc 2.28 or newer, libstdc++, gzip, and 150 MB in that directory. Nothing else is installed. What is
# started lies where only this user and root can have put it: owner and mode of every directory from "/" down to it, and of
# the two files that are started, are looked at each time, before anything there is executed.
# A shell script and not a bare executable, because on an older host the loader would end that before its first line.

ELSEWHERE='export TAPPREP_CACHE_DIR=DIRECTORY    # a new one of your own, below directories that only root or you can write to'

asked=" $* "
newline='
'
mark="Signature: 8a477f597d28d172789f06886806bc55${newline}# a cache of tapprep"

# fail STATUS CODE SENTENCE [HINT]: with --json also as tapprep itself tells it, on standard output.
fail() {
  printf 'tapprep: %s: %s\n' "$2" "$3" >&2
  [ -z "${4:-}" ] || printf '  %s\n' "$4" >&2
  case $asked in
    *' --json '*)
      quote_json "$3"
      sentence=$quoted
      quoted=null
      [ -z "${4:-}" ] || quote_json "$4"
      printf '{"error":{"code":"%s","message":%s,"hint":%s,"facts":{},"diagnoses":[],"exit":%s}}\n' "$2" "$sentence" "$quoted" "$1"
      ;;
  esac
  [ -z "${new:-}" ] || rm -rf "$new"
  exit "$1"
}

# quote_json TEXT: sets $quoted to it as a JSON string. What is not ASCII becomes "?".
quote_json() {
  LC_ALL=C
  quoted=\"
  rest=$1
  while [ -n "$rest" ]; do
    after=${rest#?}
    character=${rest%"$after"}
    rest=$after
    case $character in
      \" | \\) character=\\$character ;;
      [!\ -~]) character='?' ;;
    esac
    quoted=$quoted$character
  done
  quoted=$quoted\"
}

elsewhere() {
  fail 6 HOST_TOO_OLD "this file needs $1, but this host has $2: from another machine, use \"tapprep bundle\", which makes one tar with an install.sh, or \"tapprep install --host\" with this host's name" "$3"
}

check_host() {
  machine=$(uname -sm)
  [ "$machine" = 'Linux x86_64' ] || elsewhere 'Linux on x86_64' "$machine"
  # "glibc 2.31", or the last word of "ldd (GNU libc) 2.31"; where neither is told, starting Node tells.
  libc=$(getconf GNU_LIBC_VERSION 2>/dev/null) || libc=$(ldd --version 2>/dev/null) || return 0
  libc=${libc%%"
"*}
  libc=${libc##* }
  case $libc in
    *[!0-9.]* | '') return 0 ;;
    2.*) minor=${libc#2.} && minor=${minor%%.*} ;;
    *) return 0 ;;
  esac
  [ "$minor" -ge 28 ] || elsewhere 'glibc 2.28 or newer' "glibc $libc"
}

packed_node() { tail -c +@NODE_AT@ "$0" | head -c @NODE_BYTES@; }

# cannot_unpack: because of the file or because of the disk.
cannot_unpack() {
  if [ $(($(wc -c <"$0"))) = @BYTES@ ] && packed_node | gzip -t 2>/dev/null && tail -c @FILES_BYTES@ "$0" | gzip -t 2>/dev/null; then
    fail 5 NO_SPACE "$cache has no space left: 150 MB are needed" "$ELSEWHERE"
  fi
  fail 4 DIGEST_MISMATCH "$0 is damaged: it is not what was built" 'copy it again'
}

# look PATH: mode as ls prints it, links, owner and group of what is there, of a link itself.
look() {
  words=$(LC_ALL=C ls -ldn -- "$1" 2>/dev/null) || return 1
  set -f
  # shellcheck disable=SC2086 # "drwxr-xr-x. 2 0 0 40 ...": word by word
  set -- $words
  set +f
  mode=$1 links=$2 owner=$3 group=$4
}

# Whether others may write to it. A group with the number of its user is that user's own.
is_open() {
  case $mode in
    ????????w*) return 0 ;;
    ?????w*) [ "$group" != 0 ] && [ "$group" != "$owner" ] ;;
    *) return 1 ;;
  esac
}

unsafe() {
  fail 6 CACHE_UNUSABLE "$1, so that another user could put a program there for this one (user $me)" "$2"
}

# find_cache: the cache by its path without links, which nobody but root and this user can turn elsewhere.
find_cache() {
  real=$(cd -P -- "$cache" 2>/dev/null && pwd -P) || return 1
  cache=$real
  home=$cache/program/@ID@
  look / && top=$owner
  at=$cache/
  while [ -n "$at" ]; do
    at=${at%/*}
    look "${at:-/}" || return 1
    [ "$owner" = "$me" ] || [ "$owner" = 0 ] || [ "$owner" = "$top" ] || unsafe "${at:-/} belongs to user $owner" "$ELSEWHERE"
    case $mode in
      ?????????[tT]*) ;;
      *) ! is_open || unsafe "${at:-/} may be written by others ($mode)" "$ELSEWHERE" ;;
    esac
  done
}

# find_usual: sets $usual to where a cache lies when nobody says otherwise, to nothing where that is not known.
find_usual() {
  case ${XDG_CACHE_HOME:-}@${HOME:-} in
    /*) usual=$XDG_CACHE_HOME/tapprep ;;
    *@/*) usual=$HOME/.cache/tapprep ;;
    *)
      usual=
      [ "$me" != 0 ] || usual=/root/.cache/tapprep
      ;;
  esac
}

# list_names: what is in the cache and in its directories, one a line, with "/" at the end of a directory; "?" for a line break.
list_names() {
  cd -P -- "$cache" 2>/dev/null || return 0
  for name in * .[!.]* ..?* */* */.[!.]* */..?*; do
    [ ! -L "${name%%/*}" ] || [ "$name" = "${name%%/*}" ] || continue
    if [ -L "$name" ]; then :; elif [ -d "$name" ]; then name=$name/; elif [ ! -e "$name" ]; then continue; fi
    case $name in
      *"$newline"*) name='?' ;;
    esac
    printf '%s\n' "$name"
  done
}

# Whether the directory is a cache of tapprep's, by its usual place, its mark, or what it holds: as src/files/cache-mark.ts has it.
is_cache() {
  [ -n "${TAPPREP_CACHE_DIR:-}" ] && [ -e "$cache" ] || return 0
  find_usual
  [ -z "$usual" ] || [ "$(cd -P -- "$cache" && pwd -P)" != "$(cd -P -- "$usual" 2>/dev/null && pwd -P)" ] || return 0
  [ -n "$(ls -A -- "$cache" 2>/dev/null)" ] || return 0
  begun=1
  if look "$cache/CACHEDIR.TAG"; then
    begun=
    case $mode@$owner in
      -*@"$me" | -*@0) text=$(head -c 99 "$cache/CACHEDIR.TAG" && echo .) || text=none ;;
      *) text=none ;;
    esac
    [ "$text" != "$mark$newline." ] || return 0
    # Whoever wrote it may have been ended at it.
    text=${text%.}
    case $mark$newline in
      "$text"*) begun=1 ;;
    esac
  fi
  command -v grep >/dev/null 2>&1 || fail 6 TOOL_MISSING "grep is needed to tell whether $cache is a cache, and is not in PATH" "$ELSEWHERE"
  ! list_names 2>/dev/null | LC_ALL=C grep -Eq '@PROOF_FORM@' || return 0
  [ -n "$begun" ] && ! list_names 2>/dev/null | LC_ALL=C grep -Evq '@CACHE_FORM@'
}

# quote TEXT: sets $quoted to it as a word of the shell.
quote() {
  quoted=
  rest=$1
  while :; do
    case $rest in
      *\'*) ;;
      *) break ;;
    esac
    quoted=$quoted${rest%%\'*}"'\\''"
    rest=${rest#*\'}
  done
  quoted="'$quoted$rest'"
}

not_a_cache() {
  quote "${cache%/}/tapprep"
  another=$quoted
  quote "${cache%/}/CACHEDIR.TAG"
  fail 2 USAGE "$cache has files in it and no CACHEDIR.TAG of tapprep's, so it is not taken for a cache" \
    "export TAPPREP_CACHE_DIR=$another    # or, where an older tapprep made it: printf '%s\n' '${mark%%"$newline"*}' '${mark#*"$newline"}' >$quoted"
}

# is_own PATH: whether a directory or a file is there, this user's, one, and nobody else's to write.
is_own() {
  look "$1" || return 1
  quote "$1"
  [ "$owner" = "$me" ] || unsafe "$1 belongs to user $owner" "rm -rf $quoted"
  ! is_open || return 1
  case $mode in
    d*) ;;
    -*) [ "$links" = 1 ] ;;
    *) unsafe "$1 is a link or worse" "rm -rf $quoted" ;;
  esac
}

is_unpacked() {
  find_cache && is_own "$cache/program" && is_own "$home" && is_own "$home/node" && is_own "$home/bin" && is_own "$home/bin/tapprep.js"
}

# unpack: everything under a name of this run alone, and its own name when it is whole and Node was seen to start.
unpack() {
  check_host
  for tool in chmod gzip head mkdir mv rm tail wc; do
    command -v "$tool" >/dev/null 2>&1 || fail 6 TOOL_MISSING "$tool is needed and is not in PATH"
  done
  mask=$(umask)
  umask 077
  is_cache || not_a_cache
  mkdir -p "$cache" 2>/dev/null
  find_cache || fail 6 CACHE_UNUSABLE "$cache cannot be made" "$ELSEWHERE"
  # Never over what is there.
  (set -C && printf '%s\n' "$mark" >"$cache/CACHEDIR.TAG") 2>/dev/null
  # What others could write to may hold what they wrote.
  is_own "$cache/program" || rm -rf "$cache/program"
  new=$home.$$
  mkdir -p "$cache/program" 2>/dev/null
  is_own "$cache/program" || fail 6 CACHE_UNUSABLE "$cache/program cannot be made" "$ELSEWHERE"
  is_unpacked || rm -rf "$home"
  # What a run that was killed left behind.
  for old in "$home".*; do
    kill -0 "${old##*.}" 2>/dev/null || rm -rf "$old"
  done
  rm -rf "$new"
  mkdir "$new" 2>/dev/null || fail 6 CACHE_UNUSABLE "$new cannot be made" "$ELSEWHERE"
  trap 'rm -rf "$new"' EXIT
  trap 'exit 130' INT TERM HUP
  packed_node | gzip -dc >"$new/node" 2>/dev/null || cannot_unpack
  chmod 700 "$new/node"
  words=$(LC_ALL=C && "$new/node" --version 2>&1) || case $words in
    v*) ;;
    *ermission\ denied*) fail 6 CACHE_UNUSABLE "nothing may be executed in $new" "$ELSEWHERE" ;;
    *'loading shared libraries: lib'*': cannot open'*)
      library=${words##*loading shared libraries: }
      fail 6 TOOL_MISSING "this file needs ${library%%:*}, but this host has no such library" \
        'install libstdc++ and libgcc; Debian calls them libstdc++6 and libgcc-s1'
      ;;
    *) elsewhere 'glibc 2.28 or newer' 'none that starts its Node' "$words" ;;
  esac
  "$new/node" -e '
    const fs = require("fs"), path = require("path"), zlib = require("zlib");
    const [file, bytes, home] = process.argv.slice(1);
    const files = JSON.parse(zlib.gunzipSync(fs.readFileSync(file).subarray(-bytes)));
    for (const [name, text] of Object.entries(files)) {
      const to = path.join(home, name);
      fs.mkdirSync(path.dirname(to), { recursive: true });
      fs.writeFileSync(to, Buffer.from(text, "base64"));
    }' "$0" @FILES_BYTES@ "$new" 2>/dev/null || cannot_unpack
  # Another run may have been faster; in the moment between, mv would put this one inside of it.
  is_unpacked || mv "$new" "$home" 2>/dev/null || fail 6 CACHE_UNUSABLE "$home cannot be made"
  rm -rf "$new" "${home:?}/${new##*/}"
  trap - EXIT INT TERM HUP
  umask "$mask"
}

me=$(id -u) || fail 6 TOOL_MISSING 'id is needed and is not in PATH'
# Never below the current directory: what is no absolute path is passed by, as the XDG specification says.
case ${TAPPREP_CACHE_DIR:-} in
  /*) cache=$TAPPREP_CACHE_DIR ;;
  ?*) fail 2 USAGE "TAPPREP_CACHE_DIR is \"$TAPPREP_CACHE_DIR\", but an absolute path is needed" "export TAPPREP_CACHE_DIR=\"\$PWD/$TAPPREP_CACHE_DIR\"" ;;
  *)
    find_usual
    [ -n "$usual" ] || fail 2 USAGE 'HOME is no absolute path' "$ELSEWHERE"
    cache=$usual
    ;;
esac
home=$cache/program/@ID@
is_unpacked || unpack
NODE_COMPILE_CACHE=${NODE_COMPILE_CACHE:-$home/compiled}
export NODE_COMPILE_CACHE
exec "$home/node" "$home/bin/tapprep.js" "$@"
