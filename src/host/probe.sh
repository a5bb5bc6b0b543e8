#!/bin/sh
# Prints facts about a machine for tapprep, one "KEY<TAB>VALUE..." a line; changes nothing.
#
#   probe.sh                        this host and its running kernel
#   probe.sh '' RELEASE             another kernel of this host
#   probe.sh ROOTDIR [RELEASE]      a system installed in ROOTDIR that does not run; ROOTDIR is "/" inside a chroot
#
# A third and a fourth argument name a build tree and a vmlinux on the target, instead of those of packages. With a fifth, of
# whoever knows rpm databases, rpm is not asked, and where a package should stand there stands the path that it would own,
# after "path:". A sixth is the kernel of a system that does not run, where none or several are installed.
#
# Written for the userland of EL5 (bash 3.2), dash and busybox: no arrays, no "local", no option that only GNU has
# without a way round it. The body is functions, called by the last line: the script may come through a pipe that the
# commands in it must not read from, and half a script does nothing.
#
# First line "tapprep-probe<TAB>1", last line "end<TAB>1": a reader can tell a banner before it and a cut behind it.
# Passwords and tokens in source files are replaced here, before they leave the machine.
# shellcheck disable=SC2317 # functions are called from main

tab='	'

emit() { printf '%s\t%s\n' "$1" "$2"; }

# Names that come from the file system are used only when they cannot break a line or a word.
plain() {
  case $1 in
    '' | *[!A-Za-z0-9._+~:@%,=/^-]*) return 1 ;;
  esac
}

# at PATH: sets F to where PATH of the target lies for this process. Below a root directory every link is read as the
# root means it, so that neither an absolute link nor "../.." leads to the files of the machine that looks.
at() {
  if [ -z "$prefix" ]; then
    F=$1
    return 0
  fi
  rest=$1
  walked=
  links=0
  while [ -n "$rest" ]; do
    case $rest in
      */*)
        part=${rest%%/*}
        rest=${rest#*/}
        ;;
      *)
        part=$rest
        rest=
        ;;
    esac
    case $part in
      '' | .) continue ;;
      ..)
        walked=${walked%/*}
        continue
        ;;
    esac
    if [ ! -L "$prefix$walked/$part" ]; then
      walked=$walked/$part
      continue
    fi
    links=$((links + 1))
    if [ "$links" -gt 40 ]; then
      F=/dev/null/loop
      return 1
    fi
    link=$(readlink "$prefix$walked/$part")
    case $link in
      /*) walked= ;;
    esac
    rest=$link/$rest
  done
  F=$prefix$walked
}

is_file() { at "$1" && [ -f "$F" ] && [ -r "$F" ]; }
is_dir() { at "$1" && [ -d "$F" ]; }

CONTROL='\000-\010\013-\037\177'

# bounded PATH: a file's beginning without control characters; no text that is read here is longer.
bounded() { head -c "${2:-1000000}" <"$1" | tr -d "$CONTROL"; }

# first_line PATH: sets L to the first line of a file; fails when there is none.
first_line() {
  L=
  is_file "$1" || return 1
  case $1 in
    /proc/* | /sys/*) IFS= read -r L <"$F" || [ -n "$L" ] ;;
    *)
      L=$(bounded "$F" 500 | head -n 1)
      [ -n "$L" ]
      ;;
  esac
}

# emit_file KEY PATH: "KEY PATH LINE" for each line, bounded, without control characters, passwords and tokens.
emit_file() {
  is_file "$2" || return 0
  # As bounded does it, but for the process that a function in a pipe would cost each file.
  head -c 1000000 <"$F" | tr -d "$CONTROL" | awk -v key="$1" -v path="$2" '
    function query(text,   at, out, part, n, i, parts) {
      at = index(text, "?")
      if (at == 0) return text
      out = substr(text, 1, at)
      n = split(substr(text, at + 1), parts, "&")
      for (i = 1; i <= n; i++) {
        part = parts[i]
        if (tolower(part) ~ /^[a-z_.-]*(token|auth|key|pass|passwd|password|secret|signature)[a-z_]*=/) part = substr(part, 1, index(part, "=")) "***"
        else if (length(part) > 19 && part ~ /^[A-Za-z0-9_.~%-]+$/) part = "***"
        out = out (i > 1 ? "&" : "") part
      }
      return out
    }
    NR > 4000 { exit }
    {
      line = substr($0, 1, 4000)
      if (tolower(line) ~ /^[ \t]*[a-z_]*(username|password)[ \t]*[=:]/) sub(/[=:].*/, "= ***", line)
      gsub(/:\/\/[^\/@ \t]*@/, "://***@", line)
      if (line ~ /:\/\/[^ \t]*[?]/) {
        n = split(line, words, " ")
        lead = line
        sub(/[^ \t].*/, "", lead)
        line = ""
        for (w = 1; w <= n; w++) line = line (w > 1 ? " " : lead) query(words[w])
      }
      printf "%s\t%s\t%s\n", key, path, line
    }'
}

# tool NAME: sets T to the absolute path of a program of the target; fails when it has none.
tool() {
  for folder in $own_path /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
    at "$folder/$1" || continue
    if [ -f "$F" ] && [ -x "$F" ]; then
      T=$folder/$1
      return 0
    fi
  done
  return 1
}

# placed NAME: the same for a program that this user may not start: staprun is for those of a group.
placed() {
  for folder in $own_path /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
    at "$folder/$1" || continue
    if [ -f "$F" ]; then
      T=$folder/$1
      return 0
    fi
  done
  return 1
}

# starts PATH: whether a script's interpreter is there; the usual breakage of yum is a python that was replaced.
starts() {
  first_line "$1" || return 1
  case $L in
    '#!'*)
      L=${L#'#!'}
      L=${L# }
      L=${L%% *}
      at "$L" && [ -x "$F" ]
      ;;
    *) return 0 ;;
  esac
}

identity() {
  [ "$booted" = no ] || {
    emit uname-r "$running"
    emit uname-v "$(uname -v)"
  }
  emit uname-m "$(uname -m)"
  for path in /etc/os-release /usr/lib/os-release /etc/redhat-release /etc/centos-release /etc/oracle-release \
    /etc/enterprise-release /etc/rocky-release /etc/almalinux-release /etc/fedora-release /etc/system-release \
    /etc/SuSE-release /etc/openEuler-release /etc/debian_version /etc/lsb-release; do
    emit_file file "$path"
  done
}

# Which kernel: the argument, else the running one, else the only one that has a directory.
kernel_release() {
  count=0
  only=
  seen=' '
  for modules in /lib/modules /usr/lib/modules; do
    is_dir "$modules" || continue
    for entry in "$F"/*; do
      name=${entry##*/}
      plain "$name" || continue
      is_dir "$modules/$name" || continue
      case $seen in
        *" $name "*) continue ;;
      esac
      seen="$seen$name "
      count=$((count + 1))
      only=$name
      [ "$count" -gt 200 ] || emit module-dir "$name"
    done
  done
  if [ -z "$release" ]; then
    if [ "$booted" = yes ]; then
      release=$running
    elif [ -n "$tree" ]; then
      release=$(tree_release "$tree")
    elif [ "$count" = 1 ]; then
      release=$only
    else
      release=$otherwise
    fi
  fi
  plain "$release" || release=
  case $release in
    */* | .*) release= ;;
  esac
  [ -z "$release" ] || emit release "$release"
}

running_kernel() {
  [ "$booted" = yes ] || return 0
  first_line /proc/version && emit proc-version "$L"
  first_line /proc/version_signature && emit version-signature "$L"
  # Only what bears on modules and probes: boot parameters may hold passwords and addresses.
  line=$(bounded /proc/cmdline | tr ' ' '\n' | grep -E \
    '^(nomodule|(module|kprobes?|ftrace|trace|ima|selinux|systemd)[._][A-Za-z_.]+|lockdown|lsm|security|selinux|enforcing|apparmor|fips|nokaslr|kaslr|mitigations|debugfs|crashkernel|isolcpus|preempt)(=[A-Za-z0-9_.,:@-]*)?$' | tr '\n' ' ')
  emit cmdline "$line"
  [ "$release" = "$running" ] || return 0
  [ -r /sys/kernel/notes ] && emit notes "$(od -An -v -tx1 </sys/kernel/notes | tr -d ' \n')"
  return 0
}

unpack() {
  case $1 in
    *.gz) gzip -dc <"$1" ;;
    *.xz) xz -dc <"$1" ;;
    *.zst) zstd -dc <"$1" ;;
    *.bz2) bzip2 -dc <"$1" ;;
    *) cat <"$1" ;;
  esac
}

vermagic() {
  [ -n "$release" ] || return 0
  for modules in "/lib/modules/$release/kernel" "/usr/lib/modules/$release/kernel" "/lib/modules/$release"; do
    is_dir "$modules" || continue
    # No link is followed below it, so that what is found lies in the tree.
    module=$(find "$F" -type f -name '*.ko*' | head -n 1)
    # A name of two lines may end, in its first, in that of a link.
    if [ ! -f "$module" ] || [ -L "$module" ]; then continue; fi
    line=$(unpack "$module" | head -c 50000000 | tr '\000' '\n' | sed -n '/^vermagic=/{s///;p;q;}' | tr -d '\001-\037\177')
    [ -n "$line" ] && emit vermagic "$line"
    return 0
  done
}

CONFIG_NAMES='MODULES MODULE_UNLOAD MODVERSIONS MODULE_SIG MODULE_SIG_FORCE MODULE_SIG_HASH
 KPROBES KRETPROBES UPROBES ARCH_SUPPORTS_UPROBES UTRACE
 TRACEPOINTS FTRACE RELAY DEBUG_FS PROC_FS KALLSYMS KALLSYMS_ALL
 PERF_EVENTS HAVE_HW_BREAKPOINT BPF_SYSCALL
 DEBUG_KERNEL DEBUG_INFO DEBUG_INFO_REDUCED DEBUG_INFO_SPLIT DEBUG_INFO_BTF DEBUG_INFO_DWARF4 DEBUG_INFO_DWARF5
 RETPOLINE MITIGATION_RETPOLINE TRIM_UNUSED_KSYMS UNWINDER_ORC X86_KERNEL_IBT CFI_CLANG RANDSTRUCT GCC_PLUGIN_RANDSTRUCT
 SECURITY_LOCKDOWN_LSM LOCK_DOWN_KERNEL LOCK_DOWN_IN_EFI_SECURE_BOOT
 INTEGRITY_PLATFORM_KEYRING INTEGRITY_MACHINE_KEYRING INTEGRITY_CA_MACHINE_KEYRING PREEMPT_RT PREEMPT_RT_FULL SMP
 CC_VERSION_TEXT'

config_from() {
  emit config-from "$1"
  unpack "$2" | head -c 4000000 | awk -v names="$CONFIG_NAMES" '
    BEGIN { n = split(names, list, /[ \n]+/); for (i = 1; i <= n; i++) wanted["CONFIG_" list[i]] = 1 }
    /^CONFIG_/ {
      at = index($0, "=")
      name = substr($0, 1, at - 1)
      if (!(name in wanted)) next
      value = substr($0, at + 1, 200)
      gsub(/[\001-\037\177]/, "", value)
      printf "config\t%s\t%s\n", name, value
      delete wanted[name]
    }'
}

config() {
  if [ "$booted" = yes ] && [ "$release" = "$running" ] && [ -r /proc/config.gz ]; then
    config_from /proc/config.gz /proc/config.gz
    return 0
  fi
  [ -n "$release" ] || return 0
  for path in ${tree:+"$tree/.config"} "/boot/config-$release" "/lib/modules/$release/config" "/usr/lib/modules/$release/config" \
    "/lib/modules/$release/build/.config" "/usr/src/linux-headers-$release/.config" "/usr/src/kernels/$release/.config"; do
    is_file "$path" || continue
    config_from "$path" "$F"
    return 0
  done
}

manager() {
  manager=
  database=
  if is_file /var/lib/dpkg/status && grep -q -E '^Package: (base-files|dpkg)$' "$F"; then
    manager=dpkg
    database=$F
  else
    for path in /usr/lib/sysimage/rpm/rpmdb.sqlite /usr/lib/sysimage/rpm/Packages.db /var/lib/rpm/rpmdb.sqlite \
      /var/lib/rpm/Packages.db /var/lib/rpm/Packages; do
      is_file "$path" || continue
      # Below a root directory the database must lie where its name says: rpm opens files by itself.
      database=${F%/*}
      manager=rpm
      break
    done
  fi
  [ -n "$manager" ] || return 0
  emit manager "$manager"
  case $manager in
    dpkg) frontends='apt-get' ;;
    *) frontends='dnf5 dnf yum microdnf tdnf zypper urpmi' ;;
  esac
  for frontend in $frontends; do
    tool "$frontend" && starts "$T" && emit frontend "$frontend"
  done
  layers
}

# What lays packages over a system that is an image: its own /usr is read-only.
layers() {
  [ "$booted" = yes ] || return 0
  [ ! -e /run/ostree-booted ] || ! tool rpm-ostree || emit frontend rpm-ostree
  case $(awk '$2 == "/" { options = $4 } END { print options }' /proc/mounts), in
    ro,*) ! tool transactional-update || emit frontend transactional-update ;;
  esac
  return 0
}

# A Berkeley database with a stale lock makes rpm wait for ever.
limit() {
  limit=
  [ "$manager" = rpm ] || return 0
  timeout 5 true && limit='timeout 60'
}

# rpm writes beside a database that it only reads: regions of Berkeley DB, SQLite's log, a new database where it does not know
# the old one's format. Where it could, it gets a copy. A user who may not write there changes nothing either.
copy=
private_copy() {
  [ "$manager" = rpm ] && [ -z "$unasked" ] && [ -w "$database" ] || return 0
  for folder in "${TMPDIR:-/tmp}" /var/tmp /dev/shm; do
    [ -d "$folder" ] || continue
    copy=$(mktemp -d "$folder/tapprep-rpmdb-XXXXXX") || copy=
    [ -n "$copy" ] || continue
    trap 'rm -rf "$copy"' EXIT
    trap 'exit 1' INT TERM HUP
    whole=yes
    for entry in "$database"/*; do
      case ${entry##*/} in
        __db.* | *-shm) continue ;;
      esac
      [ ! -f "$entry" ] || cp "$entry" "$copy/" || whole=
    done
    [ -z "$whole" ] || return 0
    rm -rf "$copy"
    copy=
  done
}

# The rpm of the target for its own database; rpm of this machine for one below a directory.
rpm_query() {
  if [ -n "$copy" ]; then
    $limit rpm --dbpath "$copy" -q "$@"
  elif [ -z "$prefix" ]; then
    $limit rpm -q "$@"
  elif [ ! -w "$database" ]; then
    $limit rpm --dbpath "$database" -q "$@"
  fi
}

packages() {
  case $manager in
    dpkg)
      bounded "$database" 200000000 | awk '
        function flush() {
          if (state ~ / (installed|half-configured|triggers-awaited|triggers-pending)$/ && name != "") printf "pkg\t%s\t%s\t%s\n", name, version, arch
          name = version = arch = state = ""
        }
        /^Package: / { name = $2 }
        /^Version: / { version = $2 }
        /^Architecture: / { arch = $2 }
        /^Status: / { state = $0 }
        /^$/ { flush() }
        END { flush() }'
      ;;
    rpm)
      [ -z "$unasked" ] || return 0
      rpm_query -a --qf 'pkg\t%{NAME}\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\t%{ARCH}\t%{VENDOR}\t%{BUILDTIME}\t%{BUILDHOST}\n' |
        tr -d "$CONTROL" | grep "^pkg${tab}" | grep -v "^pkg${tab}gpg-pubkey${tab}"
      ;;
  esac
}

# owner PATH: sets O to the package that a file of the target belongs to, or "-".
owner() {
  O=
  case $manager in
    dpkg)
      at /var/lib/dpkg/info
      # The database keeps the name that the package used: with or without /usr. No link is followed, no pipe is waited for.
      O=$(find "$F" -name '*.list' -type f -exec grep -l -x -F -e "$1" -e "/usr$1" -e "${1#/usr}" {} + | head -n 1)
      O=${O##*/}
      O=${O%.list}
      O=${O%%:*}
      ;;
    rpm)
      if [ -n "$unasked" ]; then
        O=path:$1
      else
        O=$(rpm_query --whatprovides --qf '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n' "$1" | grep -v ' ' | head -n 1)
      fi
      ;;
  esac
  plain "$O" || O=-
}

# header_define NAME FILE...: the string of "#define NAME" in the first file that has one.
header_define() {
  name=$1
  shift
  for header; do
    is_file "$header" || continue
    value=$(bounded "$F" | sed -n "/^#define[ $tab]*${name}[ $tab]*\"/{s/^[^\"]*\"//;s/\".*//;p;q;}")
    if [ -n "$value" ]; then
      printf '%s' "$value"
      return 0
    fi
  done
}

# tree_release DIR: which kernel a build tree is of. Debian's include/config/kernel.release holds the upstream version only.
tree_release() {
  value=$(header_define UTS_RELEASE "$1/include/generated/utsrelease.h" "$1/include/linux/utsrelease.h")
  if [ -n "$value" ]; then
    printf '%s' "$value"
  else
    first_line "$1/include/config/kernel.release" && printf '%s' "$L"
  fi
}

build_tree() {
  [ -n "$release" ] || return 0
  build=${tree:-/lib/modules/$release/build}
  at "${build%/*}"
  if [ -L "$F/${build##*/}" ]; then
    linksto=$(readlink "$F/${build##*/}")
  elif [ -e "$F/${build##*/}" ]; then
    linksto=
  else
    return 0
  fi
  emit build-link "$build"
  plain "$linksto" && emit build-linksto "$linksto"
  is_dir "$build" || return 0
  emit build-exists yes
  is_file "$build/.config" && emit build-config yes
  is_file "$build/Module.symvers" && emit build-symvers yes
  if is_file "$build/Makefile"; then
    first_line "$build/Makefile"
    case $L in
      # Debian's holds this one line, and its common half is a package of its own.
      'include /'*) is_file "${L#include }" && emit build-makefile yes ;;
      *) emit build-makefile yes ;;
    esac
  fi
  generated=$build/include/generated
  value=$(tree_release "$build")
  [ -z "$value" ] || emit build-release "$value"
  value=$(header_define UTS_VERSION "$generated/compile.h" "$generated/utsversion.h" "$build/include/linux/compile.h")
  [ -z "$value" ] || emit build-uts "$value"
  value=$(header_define LINUX_COMPILE_HOST "$generated/compile.h" "$build/include/linux/compile.h")
  [ -z "$value" ] || emit build-host "$value"
  for path in "$build/Makefile" "$build/.config" "$build/Module.symvers"; do
    is_file "$path" || continue
    if [ -z "$prefix" ]; then
      real=$(cd "${path%/*}" && pwd -P)/${path##*/}
    else
      real=${F#"$prefix"}
    fi
    owner "$real"
    [ "$O" = - ] && continue
    emit build-owner "$O"
    break
  done
  return 0
}

# size PATH: sets S to the bytes of the file that at() found.
size() {
  # shellcheck disable=SC2012 # one known file, and stat(1) has no common form
  S=$(ls -lnL "$F" | awk '{ print $5 }')
  case $S in
    '' | *[!0-9]*) S=0 ;;
  esac
}

# elf_facts: build-id and DWARF of the file that at() found, as B and D; "-" where no tool here can tell.
elf_facts() {
  B=-
  D=-
  reader=
  for reader in readelf eu-readelf ''; do
    [ -z "$reader" ] || [ -n "$(command -v "$reader")" ] && break
  done
  [ -n "$reader" ] || return 0
  B=$("$reader" -n "$F" | sed -n 's/^ *Build ID: *\([0-9a-f][0-9a-f]*\).*/\1/p' | head -n 1)
  [ -n "$B" ] || B=-
  if "$reader" -S "$F" | grep -q '\.z\{0,1\}debug_info'; then D=yes; else D=no; fi
}

debuginfo() {
  seen=' '
  if [ -n "$release" ]; then
    set -- ${vmlinux:+"$vmlinux"} ${tree:+"$tree/vmlinux"} "/boot/vmlinux-$release" "/lib/modules/$release/vmlinux" "/lib/modules/$release/vmlinux.debug" \
      "/lib/modules/$release/build/vmlinux" "/lib/modules/$release/.debug/vmlinux.debug" \
      "/usr/lib/debug/lib/modules/$release/vmlinux" "/usr/lib/debug/lib/modules/$release/vmlinux.debug" \
      "/usr/lib/debug/boot/vmlinux-$release" "/usr/lib/debug/boot/vmlinux-$release.debug" \
      "/usr/lib/debug/usr/lib/modules/$release/vmlinux" "/usr/lib/debug/usr/lib/modules/$release/vmlinux.debug" \
      "/var/cache/abrt-di/usr/lib/debug/lib/modules/$release/vmlinux"
  else
    set --
  fi
  # Those of other kernels too: the usual mistake is to have the newest kernel's.
  for folder in /usr/lib/debug/lib/modules /usr/lib/debug/usr/lib/modules; do
    at "$folder"
    for entry in "$F"/*/vmlinux "$F"/*/vmlinux.debug; do
      [ -e "$entry" ] || continue
      [ "$#" -lt 40 ] && set -- "$@" "$folder/${entry#"$F"/}"
    done
  done
  for path; do
    plain "$path" || continue
    is_file "$path" || continue
    if [ -z "$prefix" ]; then
      real=$(readlink -f "$F")
      [ -n "$real" ] || real=$path
    else
      real=${F#"$prefix"}
    fi
    # One file under several names counts once.
    case $seen in
      *" $real "*) continue ;;
    esac
    seen="$seen$real "
    found=$F
    owner "$real"
    F=$found
    size
    elf_facts
    printf 'debuginfo\t%s\t%s\t%s\t%s\t%s\n' "$path" "$S" "$B" "$D" "$O"
  done
}

system_map() {
  [ -n "$release" ] || return 0
  for path in ${tree:+"$tree/System.map"} "/lib/modules/$release/build/System.map" "/boot/System.map-$release" \
    "/usr/lib/debug/boot/System.map-$release"; do
    is_file "$path" || continue
    size
    printf 'system-map\t%s\t%s\n' "$path" "$S"
  done
}

# version_lines KEY COMMAND...: the first lines of what a program says of itself; nothing of a foreign root is run.
version_lines() {
  key=$1
  shift
  [ -z "$prefix" ] || return 0
  "$@" 2>&1 | tr -d "$CONTROL" | awk -v key="$key" 'NR < 8 { printf "%s\t%s\n", key, substr($0, 1, 500) }'
}

toolchain() {
  for name in gcc cc clang; do
    tool "$name" || continue
    emit cc "$T"
    version_lines cc-v "$T" --version
    break
  done
  for name in make gmake; do
    tool "$name" || continue
    emit make "$T"
    version_lines make-v "$T" --version
    break
  done
}

systemtap() {
  home=${HOME:-/root}
  [ "$booted" = yes ] || home=/root
  is_dir "$home/.systemtap/cache" && plain "$home" && emit stap-cache "$home/.systemtap/cache"
  for folder in /tmp ${TMPDIR:+"$TMPDIR"}; do
    [ "$folder" = /tmp ] || [ "$booted" = yes ] || continue
    is_dir "$folder" || continue
    count=0
    for entry in "$F"/stap??????; do
      plain "$folder/${entry##*/}" || continue
      [ -d "$entry" ] || continue
      [ -L "$entry" ] && continue
      count=$((count + 1))
      [ "$count" -gt 20 ] || emit stap-tmp "$folder/${entry##*/}"
    done
    [ "${TMPDIR:-/tmp}" != /tmp ] || break
  done
  [ -n "$release" ] && is_dir "/lib/modules/$release/systemtap" && emit stap-module-dir yes
  tool stap || return 0
  stap=$T
  emit stap "$stap"
  # Whatever it is asked, stap makes ~/.systemtap/cache when it starts, unless its data directory cannot be made.
  (
    SYSTEMTAP_DIR=/dev/null
    export SYSTEMTAP_DIR
    version_lines stap-v "$stap" -V
  )
  owner "$stap"
  emit stap-owner "$O"
  if tool staprun || placed staprun; then
    emit staprun "$T"
    [ ! -x "$F" ] || version_lines staprun-v "$T" -V
    at "$T"
    mode=$(stat -L -c %a "$F")
    case $mode in
      '' | *[!0-7]*) ;;
      *) emit staprun-mode "$mode" ;;
    esac
  fi
  share=${stap%/bin/stap}/share
  if is_dir "$share/systemtap/tapset"; then
    emit tapset-count "$(find "$F" -name '*.stp' | wc -l | tr -d ' ')"
  elif [ "$stap" = /usr/bin/stap ]; then
    # The one of a package looks nowhere else.
    emit tapset-count 0
  fi
  for folder in "$share/systemtap/examples" "$share/doc/systemtap/examples" "$share/doc/packages/systemtap/examples" \
    "$share"/doc/systemtap-*/examples "$share/doc/systemtap-doc/examples" "$share/doc/systemtap-client/examples" \
    "$share"/doc/systemtap-client-*/examples; do
    is_dir "$folder" && plain "$folder" && emit examples "$folder" && break
  done
  return 0
}

# Disk images of virtual machines are made from container images and keep their marker file. The first namespaces have
# fixed inode numbers (include/linux/proc_ns.h of the kernel); a container has at least one of its own.
in_first_namespaces() {
  [ "$(readlink /proc/self/ns/pid)" = 'pid:[4026531836]' ] && [ "$(readlink /proc/self/ns/uts)" = 'uts:[4026531838]' ] &&
    [ "$(readlink /proc/self/ns/ipc)" = 'ipc:[4026531839]' ]
}

in_container() {
  if [ -d /proc/vz ] && [ ! -d /proc/bc ]; then
    echo openvz
    return 0
  fi
  if [ -r /proc/1/environ ]; then
    value=$(tr '\000' '\n' </proc/1/environ | sed -n 's/^container=//p' | head -n 1)
    if plain "$value"; then
      echo "$value"
      return 0
    fi
  fi
  if first_line /run/systemd/container && plain "$L"; then
    echo "$L"
  elif [ -e /run/.containerenv ]; then
    echo podman
  elif [ -e /.dockerenv ] && ! in_first_namespaces; then
    echo docker
  elif [ -n "${KUBERNETES_SERVICE_HOST:-}" ] || [ -d /var/run/secrets/kubernetes.io ]; then
    echo kubernetes
  elif [ -r /proc/1/cgroup ]; then
    awk 'match($0, /[\/:](docker|lxc|kubepods|libpod|containerd|garden)([-.\/]|$)/) {
      word = substr($0, RSTART + 1, RLENGTH - 1)
      sub(/[-.\/]$/, "", word)
      print word
      exit
    }' /proc/1/cgroup
  fi
}

# What the kernel checks signatures by: the keyrings with how much is in each, the keys, and which lies where, as far as
# root and keyctl can tell. /proc/keys: SERIAL FLAGS USES TIME PERM UID GID TYPE DESCRIPTION.
trusted_keys() {
  [ -r /proc/keys ] || return 0
  bounded /proc/keys | awk '
    $8 == "keyring" && $9 ~ /^\.[a-z_]+:$/ { printf "keyring\t%s\t%s\n", substr($9, 1, length($9) - 1), $10 }
    $8 ~ /^asymmetri/ && n++ < 200 {
      text = $0
      sub(/^.* asymmetri[a-z]* +/, "", text)
      printf "trusted-key\t%s\t%s\n", $1, text
    }'
  tool keyctl || return 0
  for name in .builtin_trusted_keys .secondary_trusted_keys .machine .platform; do
    line=$("$F" rlist "%:$name" 2>/dev/null | tr '\n' ' ' | tr -cd '0-9 -')
    [ -z "$line" ] || emit keyring-keys "$name$tab$line"
  done
  return 0
}

security() {
  [ "$booted" = yes ] || return 0
  first_line /sys/kernel/security/lockdown && emit lockdown "$L"
  if [ -d /sys/firmware/efi ]; then
    emit efi yes
    # efivarfs that is mounted and has no such variable: a firmware without Secure Boot.
    for variable in /sys/firmware/efi/efivars/*; do
      [ -e "$variable" ] && emit efivars yes
      break
    done
    for variable in /sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c \
      /sys/firmware/efi/vars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c/data; do
      [ -r "$variable" ] || continue
      # efivarfs puts four bytes of attributes before the value.
      # shellcheck disable=SC2046 # split into words on purpose
      set -- $(od -An -v -tu1 <"$variable")
      while [ "$#" -gt 1 ]; do shift; done
      [ "$#" = 1 ] && emit secure-boot "$1" && break
    done
  else
    emit efi no
    emit secure-boot 0
  fi
  trusted_keys
  first_line /sys/module/module/parameters/sig_enforce && emit sig-enforce "$L"
  first_line /proc/sys/kernel/modules_disabled && emit modules-disabled "$L"
  first_line /proc/sys/kernel/kptr_restrict && emit kptr-restrict "$L"
  if first_line /proc/sys/crypto/fips_enabled; then
    emit fips "$L"
  elif [ -d /proc/sys/kernel ]; then
    # Kernels without CRYPTO_FIPS have no such file.
    emit fips 0
  fi
  value=$(in_container)
  [ -z "$value" ] || emit container "$value"
  case $running in
    *[Mm]icrosoft*) emit wsl yes ;;
    *) [ -e /proc/sys/fs/binfmt_misc/WSLInterop ] && emit wsl yes ;;
  esac
  for path in /sys/fs/selinux/enforce /selinux/enforce; do
    first_line "$path" && emit selinux "$L" && break
  done
  return 0
}

user() {
  emit uid "$(id -u)"
  # Below a root the names of this machine say nothing.
  [ "$booted" = yes ] || return 0
  value=$(id -un) && plain "$value" && emit user "$value"
  for group in $(id -Gn); do
    plain "$group" && emit group "$group"
  done
  return 0
}

# Names of file systems and mount points may hold blanks; the number wanted stands before the percentage.
# shellcheck disable=SC2016 # awk's own variables
BEFORE_PERCENT='NR == 2 { for (i = 2; i <= NF; i++) if ($i ~ /^[0-9]+%$/) { print $(i - 1); exit } }'

# is_writable PATH: for this user, and the mount that it lies on: to root busybox's test calls everything writable.
is_writable() {
  [ -w "$1" ] || return 1
  [ -r /proc/self/mounts ] || return 0
  ! real=$(cd -P "$1" && pwd -P) || ! REAL=$real awk '
    $2 == "/" || ENVIRON["REAL"] == $2 || index(ENVIRON["REAL"], $2 "/") == 1 {
      if (length($2) >= longest) { longest = length($2); ro = $4 ~ /(^|,)ro(,|$)/ }
    }
    END { exit !ro }' /proc/self/mounts
}

# space PATH...: free space where each path is or would be made.
space() {
  for wanted; do
    plain "$wanted" || continue
    place=$wanted
    while [ -n "$place" ] && ! is_dir "$place"; do place=${place%/*}; done
    at "${place:-/}"
    [ -n "$F" ] || F=/
    free=
    inodes=
    # shellcheck disable=SC2046 # split into words on purpose
    set -- $(stat -f -c '%a %S %d %c' "$F")
    case $*: in
      *[!0-9\ ]*: | :) ;;
      *)
        free=$(($1 * $2 / 1024))
        inodes=$3
        # btrfs and vfat count none.
        [ "$4" != 0 ] || inodes=-
        ;;
    esac
    # df finds nothing in a chroot without /proc, stat -f is not everywhere.
    [ -n "$free" ] || free=$(df -Pk "$F" | awk "$BEFORE_PERCENT")
    case $free in
      '' | *[!0-9]*) continue ;;
    esac
    [ -n "$inodes" ] || inodes=$(df -Pi "$F" | awk "$BEFORE_PERCENT")
    case $inodes in
      '' | *[!0-9]*) inodes=- ;;
    esac
    if is_writable "$F"; then writable=yes; else writable=no; fi
    printf 'space\t%s\t%s\t%s\t%s\n' "$wanted" "$free" "$inodes" "$writable"
  done
}

places() {
  case $manager in
    dpkg) cache=/var/cache/apt/archives ;;
    *) cache=/var/cache ;;
  esac
  if [ "$booted" = no ]; then
    space "$cache" /usr /usr/lib/debug /lib/modules /boot /tmp
    return 0
  fi
  space "$cache" /usr /usr/lib/debug /lib/modules /boot /tmp /var/tmp "${HOME:-/root}/.systemtap" "${HOME:-/root}/.cache"
  case ${TMPDIR:-/tmp} in
    /tmp | /tmp/) ;;
    *)
      if [ -d "$TMPDIR" ]; then
        space "$TMPDIR"
      elif plain "$TMPDIR"; then
        # Not where it would be made: stap does not make it.
        printf 'space\t%s\t0\t-\tno\n' "$TMPDIR"
      fi
      ;;
  esac
}

repositories() {
  count=0
  for folder in /etc/apt /etc/apt/sources.list.d /etc/apt/mirrors /etc/yum.repos.d /etc/zypp/repos.d /etc/yum/vars /etc/dnf/vars /etc/zypp/vars.d \
    /etc/dnf/modules.d; do
    is_dir "$folder" || continue
    for entry in "$F"/*; do
      name=${entry##*/}
      plain "$name" || continue
      case $folder/$name in
        /etc/apt/sources.list | /etc/apt/sources.list.d/*.list | /etc/apt/sources.list.d/*.sources | /etc/apt/mirrors/*) ;;
        /etc/apt/*) continue ;;
        *.repo | */vars/* | */vars.d/* | *.module) ;;
        *) continue ;;
      esac
      count=$((count + 1))
      [ "$count" -gt 200 ] || emit_file repo "$folder/$name"
    done
  done
  # Which packages are left out everywhere.
  for entry in /etc/yum.conf /etc/dnf/dnf.conf; do
    is_file "$entry" && emit_file repo "$entry"
  done
}

main() {
  LC_ALL=C
  PATH=${PATH:-/usr/bin:/bin}
  # As the user would find them, but for directories whose names would not survive the splitting.
  own_path=
  blanks=$IFS
  set -f
  IFS=:
  for folder in $PATH; do
    case $folder in
      /*) plain "$folder" && own_path="$own_path$folder " ;;
    esac
  done
  IFS=$blanks
  set +f
  PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  export LC_ALL PATH
  # In a root without devices a redirection to that name would make a file.
  if [ -c /dev/null ]; then exec </dev/null 2>/dev/null; fi
  booted=yes
  running=
  prefix=
  release=${2:-}
  tree=
  vmlinux=
  plain "${3:-}" && tree=${3%/}
  plain "${4:-}" && vmlinux=$4
  unasked=${5:-}
  otherwise=${6:-}
  case ${1:-} in
    '') ;;
    */)
      booted=no
      prefix=${1%"${1##*[!/]}"}
      ;;
    *)
      booted=no
      prefix=$1
      ;;
  esac
  if [ "$booted" = yes ]; then running=$(uname -r); else own_path=; fi
  case $prefix in
    -*) prefix=./$prefix ;;
  esac
  printf 'tapprep-probe\t1\n'
  if [ "$booted" = yes ]; then
    emit source host
  else
    emit source root
    plain "${prefix:-/}" && emit root "${prefix:-/}"
  fi
  identity
  kernel_release
  running_kernel
  vermagic
  config
  manager
  limit
  private_copy
  packages
  build_tree
  debuginfo
  system_map
  toolchain
  systemtap
  security
  user
  places
  repositories
  printf 'end\t1\n'
}

main "$@"
