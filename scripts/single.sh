#!/bin/sh
# tapprep @VERSION@ in one file, with the Node that it needs. The first run unpacks both into the cache directory
# (TAPPREP_CACHE_DIR, else tapprep in XDG_CACHE_HOME, else HOME/.cache/tapprep); later runs start from there.
# Needs Linux on x86_64, glibc 2.28 or newer, gzip, and 150 MB in that directory. Nothing else is installed.
# A shell script and not a bare executable, because on an older host the loader would end that before its first line.

# fail CODE SENTENCE [HINT]
fail() {
  printf 'tapprep: %s\n' "$2" >&2
  [ -z "${3:-}" ] || printf '  %s\n' "$3" >&2
  [ -z "${new:-}" ] || rm -rf "$new"
  exit "$1"
}

elsewhere() {
  fail 6 "HOST_TOO_OLD: this file needs $1, but this host has $2: from another machine, use \"tapprep bundle\", which makes one tar with an install.sh, or \"tapprep install --host\" with this host's name" "$3"
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
    fail 5 "NO_SPACE: $cache has no space left: 150 MB are needed" 'TAPPREP_CACHE_DIR=DIRECTORY, for another place'
  fi
  fail 4 "DIGEST_MISMATCH: $0 is damaged: it is not what was built" 'copy it again'
}

# unpack: everything under a name of this run alone, and its own name when it is whole and Node was seen to start.
unpack() {
  check_host
  for tool in chmod gzip head mkdir mv rm tail wc; do
    command -v "$tool" >/dev/null 2>&1 || fail 6 "TOOL_MISSING: $tool is needed and is not in PATH"
  done
  new=$home.$$
  # What a run that was killed left behind.
  for old in "$home".*; do
    kill -0 "${old##*.}" 2>/dev/null || rm -rf "$old"
  done
  rm -rf "$new"
  (umask 077 && mkdir -p "$new" 2>/dev/null) ||
    fail 6 "CACHE_UNUSABLE: $new cannot be made" 'TAPPREP_CACHE_DIR=DIRECTORY, for another place'
  trap 'rm -rf "$new"' EXIT
  trap 'exit 130' INT TERM HUP
  packed_node | gzip -dc >"$new/node" 2>/dev/null || cannot_unpack
  chmod 700 "$new/node"
  words=$(LC_ALL=C && "$new/node" --version 2>&1) || case $words in
    v*) ;;
    *ermission\ denied*) fail 6 "CACHE_UNUSABLE: nothing may be executed in $new" 'TAPPREP_CACHE_DIR=DIRECTORY, for another place' ;;
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
  [ -f "$home/bin/tapprep.js" ] || mv "$new" "$home" 2>/dev/null || fail 6 "CACHE_UNUSABLE: $home cannot be made"
  rm -rf "$new" "${home:?}/${new##*/}"
  trap - EXIT INT TERM HUP
}

cache=${TAPPREP_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/tapprep}
home=$cache/program/@ID@
[ -f "$home/bin/tapprep.js" ] || unpack
NODE_COMPILE_CACHE=${NODE_COMPILE_CACHE:-$home/compiled}
export NODE_COMPILE_CACHE
exec "$home/node" "$home/bin/tapprep.js" "$@"
