#!/bin/sh
# Unpacks the bundle that stands behind the last line of this file, runs its install.sh and leaves nothing of it.
# Needs a POSIX sh, mktemp and tar. Options go to install.sh, and the exit code is its own.
PATH=${PATH:-/usr/bin}:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
for tool in mktemp tar; do
  command -v "$tool" >/dev/null 2>&1 && continue
  echo "needed and not found in PATH: $tool" >&2
  exit 6
done
trap 'exit 130' INT TERM HUP
trap 'rm -rf "$place"' EXIT
place=
place=$(mktemp -d /var/tmp/tapprep-XXXXXX) || exit 5
{
  # POSIX has read take nothing beyond the line from a file.
  while IFS= read -r row; do [ "$row" != '# bundle' ] || break; done
  if ! tar -xf - -C "$place"; then
    echo 'the bundle cannot be unpacked in /var/tmp' >&2
    exit 5
  fi
} <"$0"
sh "$place"/*/install.sh "$@" </dev/null
exit "$?"
# bundle
