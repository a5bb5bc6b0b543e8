# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that reads this file
# Whether the machine and its running kernel are those that the bundle was made for.

# wrong_target SENTENCE [HINT]
wrong_target() {
  [ -n "${other_target:-}" ] || fail WRONG_TARGET "this bundle is for another target: $1" "${2:-}"
  say "going on by --force-other-target-unsafe, though $1"
}

# check_machine: the architecture, which nothing overrides.
check_machine() {
  machine=$(uname -m)
  [ "$machine" = "$arch" ] && return 0
  case $machine:$arch in
    i[3456]86:i[3456]86) return 0 ;;
  esac
  fail WRONG_TARGET "this bundle is for another target: it was made for $arch, and this machine is $machine"
}

# check_kernel: the running kernel is the one it was made for, of the same build where that is known.
check_kernel() {
  running=$(uname -r)
  [ "$running" = "$release" ] || wrong_target "it was made for kernel $release, and $running runs here" "${if_image:-}"
  build=$(uname -v)
  if [ -n "$uname_v" ] && [ "$build" != "$uname_v" ]; then
    wrong_target "it was made for the build \"$uname_v\", and the running kernel is \"$build\""
  fi
  if [ -z "$uname_v" ] && [ -n "$kernel_version" ]; then
    case " $build " in
      *" $kernel_version "* | *" $kernel_version+"*) ;;
      *) wrong_target "it was made for version $kernel_version of this kernel, and \"$build\" runs here" ;;
    esac
  fi
  [ -n "$build_id" ] || return 0
  read_build_id
  if [ -n "$found_id" ] && [ "$found_id" != "$build_id" ]; then
    wrong_target "it was made for the build-id $build_id, and the running kernel has $found_id"
  fi
}

# read_build_id: sets $found_id to the running kernel's build-id in hex, by od or what else can print bytes; empty where
# it cannot be read. Notes: sizes of name and content, type 3, "GNU", content, each padded to four bytes.
read_build_id() {
  found_id=
  hex=
  [ -r /sys/kernel/notes ] || return 0
  for tool in od hexdump xxd busybox; do
    have "$tool" || continue
    hex=$(hex_by "$tool" </sys/kernel/notes 2>/dev/null | tr -d ' \n')
    case $hex in
      '' | *[!0-9a-f]*) hex= ;;
      *) break ;;
    esac
  done
  while [ "${#hex}" -ge 32 ]; do
    cut_bytes 4 && little "$piece" && name_size=$number
    cut_bytes 4 && little "$piece" && id_size=$number
    cut_bytes 4 && type=$piece
    cut_bytes $(((name_size + 3) / 4 * 4)) && name=$piece
    cut_bytes $(((id_size + 3) / 4 * 4))
    # Where the machine is big-endian the numbers make no sense, and what is left is empty.
    if [ "$type$name" = 03000000474e5500 ]; then
      keep=$((id_size * 2))
      while [ "${#piece}" -gt "$keep" ]; do piece=${piece%?}; done
      found_id=$piece
      return 0
    fi
  done
}

hex_by() {
  case $1 in
    od) od -An -v -tx1 ;;
    hexdump) hexdump -v -e '1/1 "%02x"' ;;
    xxd) xxd -p ;;
    busybox) busybox hexdump -v -e '1/1 "%02x"' ;;
  esac
}

# cut_bytes N: moves the first N bytes of $hex to $piece.
cut_bytes() {
  piece=
  n=$1
  while [ "$n" -gt 0 ] && [ -n "$hex" ]; do
    rest=${hex#??}
    piece=$piece${hex%"$rest"}
    hex=$rest
    n=$((n - 1))
  done
}

# little HEX: sets $number to a little-endian number of four bytes, of which the upper two have to be zero.
little() {
  number=999999
  case $1 in
    ????0000) ;;
    *) return 0 ;;
  esac
  tail=${1#??}
  high=${tail%????}
  number=$((0x$high * 256 + 0x${1%??????}))
}
