# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that reads this file
# What is to be installed, and how it comes and goes: dpkg and rpm.

# Words of one package: wave role name version arch kibibytes path.
split_package() {
  # shellcheck disable=SC2086 # words on purpose; the manifest's form has no blanks or patterns in them, and -f is set
  set -- $1
  wave=$1
  role=$2
  name=$3
  wanted=$4
  package_arch_of=$5
  kibibytes=$6
  path=$7
}

# installed_version: sets $there to the version of $name in $package_arch_of, empty where it is not (wholly) installed.
# For rpm several versions may be installed side by side: $there is the wanted one where that is among them. For dpkg $instances
# is the number of architectures in which it knows the package, and $only_configuration is not empty where no more than its
# configuration is there.
installed_version() {
  there=
  only_configuration=
  instances=0
  if [ "$family" = deb ]; then
    # Of every architecture: dpkg before 1.16.2 takes no NAME:ARCH.
    # shellcheck disable=SC2016 # dpkg's own format
    answers=$(dpkg-query -W -f '${Architecture}|${Status}|${Version}\n' "$name" 2>/dev/null) || return 0
    while IFS='|' read -r found_arch found_status found; do
      instances=$((instances + 1))
      case $package_arch_of:$found_arch in
        all:* | *:all | "$found_arch:$package_arch_of") ;;
        *) continue ;;
      esac
      case $found_status in
        'install ok installed' | 'hold ok installed') there=$found ;;
        *' config-files') only_configuration=yes && broken_version=$found ;;
        # Not there, but what a killed install or removal left of it: unpacked, half configured, its configuration alone.
        *) [ -z "$found" ] || broken_version=$found ;;
      esac
    done <<EOF
$answers
EOF
    return 0
  fi
  answers=$(rpm -q --qf '%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE} %{ARCH}\n' "$name" 2>/dev/null) || return 0
  while read -r found found_arch; do
    [ "$found_arch" = "$package_arch_of" ] || continue
    found=${found#0:}
    there=$found
    [ "$found" != "${wanted#0:}" ] || break
  done <<EOF
$answers
EOF
}

# Which versions of a package may stand side by side: the kernel's own, on rpm.
is_parallel() {
  case $family:$role in
    rpm:devel | rpm:debuginfo | rpm:debuginfo-common | rpm:debugsource | rpm:headers | rpm:image) return 0 ;;
    *) return 1 ;;
  esac
}

# stays: whether the installed version of something that is only needed is left as it is: a newer one for dpkg, which compares
# versions for a script. rpm does not, but refuses the whole transaction where that version does not do: any one stays.
stays() {
  if [ "$family" = deb ]; then
    dpkg --compare-versions "$there" gt "$wanted" && why=", newer than $wanted"
  else
    why=" and not $wanted"
  fi
}

# is_signed PATH: the rpm carries a signature. Whose it is, rpm and the keys of this system say; that there is none can be
# told without any key. A tag that an old rpm does not know is answered with an error.
is_signed() {
  for tag in RSAHEADER DSAHEADER SIGPGP SIGGPG OPENPGP; do
    [ "$(rpm -qp --nosignature --qf "%|$tag?{yes}:{no}|" "./$1" 2>/dev/null)" != yes ] || return 0
  done
  return 1
}

# version_before NAME ROWS: sets $was to the version that stands for it in rows of "name from to"; empty where none does.
version_before() {
  was=
  while read -r a b _; do
    [ "$a" != "$1" ] || was=$b
  done <<EOF
$2
EOF
}

# decide: fills $todo with the packages to install, $configured with those of them whose configuration was there before, left by
# an earlier removal, $replacing with those that would replace another version, $unsigned
# with the rpms that nothing vouches for, and sums up what they need on disk.
decide() {
  todo=
  configured=$resumed_configured
  unsigned=$newline
  todo_count=0
  replacing=
  need=0
  present_count=0
  while IFS= read -r row; do
    case $row in
      'package '*) ;;
      *) continue ;;
    esac
    split_package "${row#package }"
    is_listed "$path"
    installed_version
    if [ "$there" = "$wanted" ]; then
      present_count=$((present_count + 1))
      continue
    fi
    if [ -n "$there" ] && ! is_parallel; then
      case $role in
        dependency | toolchain)
          if stays; then
            say "$name $there is there already$why: left as it is"
            present_count=$((present_count + 1))
            continue
          fi
          ;;
      esac
      replacing="$replacing$name $there $wanted$newline"
    elif [ -z "$there" ]; then
      # A run that was cut off in the middle of it left neither version whole.
      version_before "$name" "$resumed_replaced"
      [ -z "$was" ] || replacing="$replacing$name $was $wanted$newline"
    fi
    # With a keyring SHA256SUMS is signed, and with it every file.
    if [ "$family" = rpm ] && [ -z "$keyring" ] && ! is_signed "$path"; then
      [ -n "$allow_unsigned" ] || fail UNSIGNED "$path carries no signature, and what nobody signed is not installed" \
        '--keyring FILE, for a bundle signed by somebody you know, or --allow-unsigned-packages, which runs none of its scripts'
      unsigned=$unsigned$path$newline
    fi
    # What a run that was cut off had brought left its configuration itself, if it says nothing else of it.
    case $newline$resumed in
      *"$newline$name $wanted $package_arch_of$newline"*) ;;
      *) [ -z "$only_configuration" ] || configured="$configured$name $wanted $package_arch_of$newline" ;;
    esac
    todo="$todo${row#package }$newline"
    todo_count=$((todo_count + 1))
    need=$((need + kibibytes))
  done <bundle.txt
  if [ -n "$replacing" ] && [ -z "$allow_upgrade" ]; then
    list=
    while read -r a b c; do [ -z "$a" ] || list="$list $a $b -> $c;"; done <<EOF
$replacing
EOF
    fail INSTALL_FAILED "installed packages would be replaced:$list only additions are allowed" \
      'add --allow-upgrade if that is acceptable; the old versions cannot be brought back'
  fi
}

# count_of NUMBER ONE MANY: sets $counted to the number and what it counts.
count_of() {
  if [ "$1" = 1 ]; then counted="1 $2"; else counted="$1 $3"; fi
}

# test_packages: whether the package manager would take $todo, asked without any change. Fails with what it says in $refused.
test_packages() {
  refused=
  set --
  names=
  while IFS= read -r row; do
    [ -n "$row" ] || continue
    split_package "$row"
    set -- "$@" "./$path"
    names="$names $name"
  done <<EOF
$todo
EOF
  [ $# -gt 0 ] || return 0
  if [ "$family" = deb ]; then
    test_debs "$@"
    return
  fi
  if [ -n "$replacing" ]; then set -- -U --oldpackage --test "$@"; else set -- -i --oldpackage --test "$@"; fi
  # In a root it writes beside a database that it only reads; a user who may not do that is refused by its lock.
  [ "$(id -u)" = 0 ] || return 0
  refused=$(rpm "$@" 2>&1) && refused=
  [ -z "$refused" ]
}

# test_debs FILE...: dpkg checks what packages depend on when it configures them. It is told, in a copy of its records, that
# these are unpacked, and asked whether it would configure them.
test_debs() {
  records=$(mktemp -d 2>/dev/null) || return 0
  mkdir "$records/info" "$records/updates" "$records/triggers"
  cat /var/lib/dpkg/status >"$records/status"
  for name in $names; do
    # Paragraph by paragraph; the one of another version goes.
    sed -e '/./{H;$!d;}' -e x -e "/\\nPackage: $name\\n/d" "$records/status" >"$records/rest"
    mv "$records/rest" "$records/status"
  done
  for file; do
    echo
    dpkg-deb --field "$file" | sed 's/^Package: .*/&\
Status: install ok unpacked/'
  done >>"$records/status"
  # shellcheck disable=SC2086 # names have no blanks and no patterns
  # Its log tells what was done, and nothing is.
  refused=$(dpkg --admindir="$records" --log="$records/log" --force-not-root --no-act --configure $names 2>&1) && refused=
  rm -rf "$records"
  [ -z "$refused" ]
}

# first_reasons: the lines of $refused that name a package, as one sentence.
first_reasons() {
  reasons=
  while IFS= read -r row; do
    case $row in
      *' is needed by '* | *' depends on '* | *conflicts* | *'pre-depends on'*)
        row=${row#"${row%%[! 	]*}"}
        reasons="${reasons:+$reasons; }${row%; however:}"
        ;;
    esac
  done <<EOF
$refused
EOF
  [ -n "$reasons" ] || reasons=${refused%%"$newline"*}
}

# check_writable: nothing can be installed where /usr is read-only. What an ordinary user may write says nothing of root.
check_writable() {
  [ "$todo_count" -gt 0 ] && [ "$(id -u)" = 0 ] || return 0
  mounted=
  # busybox takes everything for writable by root.
  [ ! -r /proc/mounts ] || while read -r _ place _ options _; do
    case $place in / | /usr) mounted=$options ;; esac
  done </proc/mounts
  case $mounted, in
    ro,*) ;;
    *) [ ! -w /usr ] || return 0 ;;
  esac
  quoted=$(pwd | sed "s/'/'\\\\''/g")
  if [ -e /run/ostree-booted ]; then
    lay="rpm-ostree install '$quoted'/packages/*.rpm"
  elif command -v transactional-update >/dev/null 2>&1; then
    lay="transactional-update --non-interactive pkg install '$quoted'/packages/*.rpm"
  else
    lay='findmnt -T /usr'
  fi
  count_of "$todo_count" 'package is' 'packages are'
  fail READ_ONLY_SYSTEM "/usr is read-only, and $counted to be installed there: nothing was changed" "$lay"
}

# check_space: room for what is unpacked, a twentieth more for the file system's own needs, and 32 MiB for the database.
check_space() {
  fits /usr $((need + need / 20)) 'the packages'
  fits /var 32768 'the package database'
}

# fits DIRECTORY KIBIBYTES WHAT
fits() {
  has_room "$1" "$2" || fail NO_SPACE "$3 need $2 KiB in $1, where $free KiB are free: nothing was changed" "df -h $1"
}

# has_room DIRECTORY KIBIBYTES: sets $free to what there is; where that cannot be told it is taken for enough.
has_room() {
  # The file system's name may hold blanks; what counts is the number before the one with the percent sign.
  free=
  last=
  for word in $(df -Pk "$1" 2>/dev/null | tail -n 1); do
    case $word in
      *%)
        free=$last
        break
        ;;
    esac
    last=$word
  done
  case $free in
    '' | *[!0-9]*) say "free space of $1 could not be told" && return 0 ;;
  esac
  [ "$free" -ge "$2" ]
}

# run_manager PROGRAM ARGUMENT...: the package manager comes to its end, whatever signals come to this script or its terminal:
# in a session of its own where there is a program for that, else deaf to them. What it says goes to $log.
run_manager() {
  DEBIAN_FRONTEND=noninteractive
  DEBCONF_NONINTERACTIVE_SEEN=true
  export DEBIAN_FRONTEND DEBCONF_NONINTERACTIVE_SEEN
  if have setsid; then
    setsid "$@" >>"$log" 2>&1 </dev/null &
  else
    (trap '' INT TERM HUP && exec "$@") >>"$log" 2>&1 </dev/null &
  fi
  wait_for "$!"
}

# wait_for PROCESS: its exit status. A signal ends the waiting, not the process.
wait_for() {
  wait "$1"
  wait_status=$?
  while kill -0 "$1" 2>/dev/null; do
    wait "$1"
    wait_status=$?
  done
  return "$wait_status"
}

# run_packages: installs $todo, what the package manager says goes to $work/log.
run_packages() {
  log=$work/log
  : >"$log"
  if [ "$family" = deb ]; then
    waves=
    while IFS= read -r row; do
      [ -n "$row" ] || continue
      split_package "$row"
      case " $waves " in
        *" $wave "*) ;;
        *) waves="$waves $wave" ;;
      esac
    done <<EOF
$todo
EOF
    # They come sorted by wave.
    for this in $waves; do
      set --
      while IFS= read -r row; do
        [ -n "$row" ] || continue
        split_package "$row"
        [ "$wave" != "$this" ] || set -- "$@" "./$path"
      done <<EOF
$todo
EOF
      case $# in
        1) say 'dpkg installs 1 package' ;;
        *) say "dpkg installs $# packages" ;;
      esac
      if [ -n "$not_running" ]; then set -- --force-unsafe-io --install "$@"; else set -- --install "$@"; fi
      run_manager dpkg "$@" || return 1
      [ -z "$stopped" ] || return 1
    done
    return 0
  fi
  # What may stand side by side is only ever added; the rest replaces older versions where that was allowed. Without
  # replacements everything goes in one transaction, so that packages may need each other, but what nobody signed: of that
  # nothing is run.
  for group in plain plain-beside unsigned unsigned-beside; do
    set --
    while IFS= read -r row; do
      [ -n "$row" ] || continue
      split_package "$row"
      this=plain
      case $unsigned in
        *"$newline$path$newline"*) this=unsigned ;;
      esac
      if [ -n "$replacing" ] && is_parallel; then this=$this-beside; fi
      [ "$this" = "$group" ] || continue
      set -- "$@" "./$path"
    done <<EOF
$todo
EOF
    [ $# -gt 0 ] || continue
    say "rpm installs $# packages"
    # An older kernel's packages come beside a newer one's only where rpm is told that this is meant.
    case $replacing:$group in
      :* | *-beside) set -- -ivh --oldpackage "$@" ;;
      *) set -- -Uvh --oldpackage "$@" ;;
    esac
    case $group in
      unsigned*) set -- --noscripts --notriggers "$@" ;;
    esac
    run_manager rpm "$@" || return 1
    [ -z "$stopped" ] || return 1
  done
}

# take_away: removes the packages of $added ("name version arch" a line) that are still there in that version, but for what other
# packages need by now.
take_away() {
  log=$work/log
  unpack_again
  going=
  while read -r name wanted package_arch_of; do
    [ -n "$name" ] || continue
    role=devel
    broken_version=
    installed_version
    if [ "$there" != "$wanted" ] && [ "$broken_version" != "$wanted" ]; then continue; fi
    if [ "$family" = deb ]; then
      case $instances:$package_arch_of in
        1:* | *:all) exact=$name ;;
        *) exact=$name:$package_arch_of ;;
      esac
    else
      exact=$name-${wanted#*:}.$package_arch_of
    fi
    going="$going$name $wanted $package_arch_of $exact$newline"
  done <<EOF
$added
EOF
  find_needed
  [ -n "$going" ] || return 0
  list_going
  # shellcheck disable=SC2086 # words on purpose: exact names have no blanks, and -f is set
  set -- $exact_names
  say "taking away $# packages"
  if [ "$family" = deb ]; then
    # A package that was cut off in the middle of its unpacking can only go by force. All go in one command, for they need each
    # other; where the configuration of one stays, no other goes with it.
    list_unconfigured
    [ "$unconfigured" != "$exact_names" ] || set -- --purge "$@"
    [ "$1" = --purge ] || set -- --remove "$@"
    run_manager dpkg --force-remove-reinstreq "$@" || return 1
    if [ "$1" = --purge ] || [ -z "$unconfigured" ]; then return 0; fi
    # shellcheck disable=SC2086 # as above
    run_manager dpkg --purge $unconfigured
  else
    # Without hash marks: rpm 4.4 to 4.9 refuse them while erasing.
    run_manager rpm -ev "$@"
  fi
}

# list_going: sets $exact_names to those of $going ("name version arch exact-name" a line), one a line.
list_going() {
  exact_names=
  while read -r _ _ _ exact; do
    exact_names="$exact_names$exact$newline"
  done <<EOF
$going
EOF
}

# list_unconfigured: sets $unconfigured to the exact names of $going, one a line, of which no configuration was there before.
list_unconfigured() {
  unconfigured=
  while read -r name wanted package_arch_of exact; do
    case $newline$configured in
      *"$newline$name $wanted $package_arch_of$newline"*) ;;
      *) unconfigured="$unconfigured$exact$newline" ;;
    esac
  done <<EOF
$going
EOF
}

# find_needed: takes out of $going what other packages need, until the package manager would take the rest away. $needed says
# what stays and for what, "name version arch package" a line. What it refuses for another reason it refuses again.
find_needed() {
  needed=
  while [ -n "$going" ]; do
    list_going
    if [ "$family" = deb ]; then
      # shellcheck disable=SC2086 # as above
      refused=$(dpkg --no-act --log= --force-remove-reinstreq --purge $exact_names 2>&1) && return 0
    else
      # shellcheck disable=SC2086 # as above
      refused=$(rpm -e --test $exact_names 2>&1) && return 0
    fi
    round=$going
    thing=
    while IFS= read -r row; do
      case $row in
        *' prevent removal of '*:)
          thing=${row##* prevent removal of }
          thing=${thing%:}
          ;;
        ' '*depends' on '*)
          row=${row# }
          [ -z "$thing" ] || hold_back "$thing" "${row%% *}"
          ;;
        *' is needed by '*)
          row=${row#"${row%%[! 	]*}"}
          hold_back "${row%% is needed by *}" "${row##* }"
          ;;
      esac
    done <<EOF
$refused
EOF
    [ "$going" != "$round" ] || return 0
  done
}

# hold_back THING PACKAGE: what of $round is or provides a thing stays for that package.
hold_back() {
  holders=$1
  if [ "$family" = rpm ]; then
    case $1 in
      '('*) names=$(printf '%s\n' "$1" | tr '()' '  ') ;;
      *) names=${1%% *} ;;
    esac
    # shellcheck disable=SC2086 # words on purpose, and -f is set
    holders=$(rpm -q --whatprovides --qf '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\n' $names 2>/dev/null </dev/null)
  fi
  while read -r name wanted package_arch_of exact; do
    case $newline$holders$newline in
      *"$newline$exact$newline"* | *"$newline$name$newline"* | *"$newline$name:$package_arch_of$newline"*) ;;
      *) continue ;;
    esac
    case $newline$needed in
      *"$newline$name $wanted $package_arch_of $2$newline"*) continue ;;
    esac
    needed="$needed$name $wanted $package_arch_of $2$newline"
    gone="$name $wanted $package_arch_of $exact$newline"
    case $newline$going in
      *"$newline$gone"*) going=${going%%"$gone"*}${going#*"$gone"} ;;
    esac
  done <<EOF
$round
EOF
}

# resume_manager: dpkg goes on with what a run that was cut off left. It holds its lock for that, so what lay before in the place
# where it unpacks, and takes away what lies there before the next package, is nobody's.
unpacking=/var/lib/dpkg/tmp.ci
resume_manager() {
  [ "$family" = deb ] || return 0
  log=$work/out
  before=
  if [ -d "$unpacking" ] && [ ! -L "$unpacking" ]; then before=$(ls -di "$unpacking" 2>/dev/null); fi
  run_manager dpkg --configure --pending || return 0
  if [ -n "$before" ] && [ -d "$unpacking" ] && [ "$(ls -di "$unpacking")" = "$before" ]; then rm -rf "$unpacking"; fi
}

# unpack_again: of a package of $added or $replacing that dpkg was killed in the middle of, it does not know which files came; it
# is told by unpacking the package as a whole, where the bundle still has it. One that takes another's place may still go by
# the version of that.
unpack_again() {
  [ "$family" = deb ] || return 0
  while IFS= read -r row; do
    case $row in
      'package '*) ;;
      *) continue ;;
    esac
    split_package "${row#package }"
    was=$wanted
    case $newline$added in
      *"$newline$name $wanted $package_arch_of$newline"*) ;;
      *)
        version_before "$name" "$replacing"
        [ -n "$was" ] || continue
        ;;
    esac
    # shellcheck disable=SC2016 # dpkg's own format
    case $(dpkg-query -W -f '${Status}|${Version}' "$name" 2>/dev/null) in
      *' reinstreq half-installed|'"$wanted" | *' reinstreq half-installed|'"$was") [ ! -f "./$path" ] || run_manager dpkg --force-depends --unpack "./$path" ;;
    esac
  done <bundle.txt
}

# link_tree: on rpm distributions /lib/modules/R/build belongs to the kernel's own package; where that is not installed
# (an image), stap needs the link to the build tree of kernel-devel. What is made goes to $made.
link_tree() {
  link=/lib/modules/$release/build
  tree=/usr/src/kernels/$release
  if [ "$family" != rpm ] || [ -e "$link/Makefile" ] || [ ! -e "$tree/Makefile" ]; then return 0; fi
  folder=
  [ -d "${link%/*}" ] || folder=${link%/*}$newline
  mkdir -p "${link%/*}" && ln -s "$tree" "$link" && made=$made$link$newline$folder
}

# unlink_made: takes away what link_tree and place_folder made.
unlink_made() {
  while IFS= read -r row; do
    case $row in
      *..*) ;;
      "$prefix"/systemtap-*.tapprep-making) take_folder "${row%.tapprep-making}" ;;
      "$prefix"/systemtap-*/*) ;;
      "$prefix"/systemtap-*) take_folder "$row" ;;
      # Empty, once the link is gone that it was made for.
      /lib/modules/*/*) [ ! -L "$row" ] || rm -f "$row" ;;
      /lib/modules/*) [ -L "$row" ] || rmdir "$row" 2>/dev/null ;;
      *) [ ! -L "$row" ] || rm -f "$row" ;;
    esac
  done <<EOF
$made
EOF
  made=
}

# list_wanted: sets $added and $replaced to what this run answers for once all of $todo is there.
list_wanted() {
  added=$carried
  replaced=$carried_replaced$replacing
  while IFS= read -r row; do
    [ -n "$row" ] || continue
    split_package "$row"
    version_before "$name" "$replacing"
    [ -n "$was" ] || added="$added$name $wanted $package_arch_of$newline"
  done <<EOF
$todo
EOF
}

# find_added: sets $added and $replaced to what of $todo is there now and was not, or not in that version, before; and to what
# was carried over.
find_added() {
  added=$carried
  replaced=$carried_replaced
  while IFS= read -r row; do
    [ -n "$row" ] || continue
    split_package "$row"
    broken_version=
    installed_version
    if [ "$there" != "$wanted" ] && [ "$broken_version" != "$wanted" ]; then continue; fi
    version_before "$name" "$replacing"
    if [ -n "$was" ]; then
      replaced="$replaced$name $was $wanted$newline"
    else
      added="$added$name $wanted $package_arch_of$newline"
    fi
  done <<EOF
$todo
EOF
}

# carry_over: sets $carried to what of $resumed is there: a run that was cut off added it, and this one answers for it. Of what
# that run was to replace, $carried_replaced is what this one does not replace itself.
carry_over() {
  carried=
  while read -r name wanted package_arch_of; do
    [ -n "$name" ] || continue
    role=devel
    installed_version
    [ "$there" != "$wanted" ] || carried="$carried$name $wanted $package_arch_of$newline"
  done <<EOF
$resumed
EOF
  carried_replaced=
  while read -r name wanted to; do
    [ -n "$name" ] || continue
    version_before "$name" "$replacing"
    [ -n "$was" ] || carried_replaced="$carried_replaced$name $wanted $to$newline"
  done <<EOF
$resumed_replaced
EOF
}
