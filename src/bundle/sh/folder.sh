# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that reads this file
# Portable SystemTaps: each a folder of its own below /opt/tapprep, and the record of the one that is used.

# read_folder NAME: sets what bundle.txt says of a folder. Returns 1 where it has none of that name.
read_folder() {
  while IFS= read -r row; do
    case $row in
      "folder $1 "*)
        # shellcheck disable=SC2086 # words on purpose; the manifest's form has no blanks or patterns in them, and -f is set
        set -- $row
        folder=$2
        folder_version=$3
        folder_kibibytes=$4
        folder_archive=$5
        folder_list=$6
        folder_suite=$7
        place=$prefix/$folder
        is_listed "$folder_archive"
        is_listed "$folder_list"
        return 0
        ;;
    esac
  done <bundle.txt
  return 1
}

# is_whole DIRECTORY: every file of $folder_list is there with its digest, and stap may be executed.
is_whole() {
  [ -d "$1" ] && [ ! -L "$1" ] && [ -x "$1/bin/stap" ] || return 1
  while IFS= read -r row; do
    file=${row#*  }
    sum=
    if [ ! -f "$1/$file" ] || [ -L "$1/$file" ]; then return 1; fi
    case $hasher:${row%% *} in
      # One process for all of them, below: a thousand cost minutes on a busy machine.
      sha256sum:*[!0-9a-f]*) return 1 ;;
      sha256sum:*) continue ;;
    esac
    hash_by "$hasher" <"$1/$file"
    [ "$sum" = "${row%% *}" ] || return 1
  done <"./$folder_list"
  [ "$hasher" != sha256sum ] || (cd "$1" && sha256sum -c -) <"./$folder_list" >/dev/null 2>&1
}

# is_ours DIRECTORY: it has the marker that tapprep puts into each of its folders.
is_ours() {
  [ -d "$1" ] && [ ! -L "$1" ] && [ -f "$1/manifest.json" ] || return 1
  grep -q '^ *"schema": "tapprep-[a-z]*/[0-9]*"' "$1/manifest.json"
}

# can_place: whether $folder can be put into $place. Where not, $code, $why and $remedy say so.
can_place() {
  if { [ -e "$place" ] || [ -L "$place" ]; } && ! is_ours "$place"; then
    code=INSTALL_FAILED
    why="$place is there already and was not made by tapprep"
    remedy="ls -la $place"
    return 1
  fi
  for tool in gzip tar; do
    have "$tool" && continue
    code=TOOL_MISSING
    why="SystemTap $folder_version is unpacked by $tool, which is not in PATH ($PATH)"
    remedy="command -v $tool"
    return 1
  done
  has_room /opt "$folder_kibibytes" && return 0
  code=NO_SPACE
  why="SystemTap $folder_version needs $folder_kibibytes KiB in /opt, where $free KiB are free"
  remedy='df -h /opt'
  return 1
}

# check_folders: whatever may have to be put in place can be, before anything is changed.
check_folders() {
  while IFS= read -r try; do
    case $try in
      'try distro') continue ;;
      'try '*) read_folder "${try#try }" || continue ;;
      *) continue ;;
    esac
    if is_whole "$place" || can_place; then continue; fi
    fail "$code" "$why: nothing was changed" "$remedy"
  done <bundle.txt
}

# place_folder NAME: puts it in place, unless it is there as a whole; $placed is set where it was put there now.
place_folder() {
  placed=
  read_folder "$1" || return 1
  if is_whole "$place"; then return 0; fi
  if ! can_place; then
    say "$why"
    return 1
  fi
  making=$place.tapprep-making
  case $newline$made in
    *"$newline$place$newline"*) ;;
    *) made=$made$making$newline$place$newline ;;
  esac
  changing=yes
  if ! put_journal started; then
    say "$journal cannot be written"
    return 1
  fi
  rm -rf "$making"
  mkdir -p "$making" || return 1
  # Its files are root's and in their modes whatever the umask is, as root unpacks them.
  if ! gzip -dc <"./$folder_archive" | (cd "$making" && tar -xf -) >>"$work/log" 2>&1 || ! is_whole "$making"; then
    rm -rf "$making"
    say "SystemTap $folder_version could not be unpacked into $prefix"
    return 1
  fi
  rm -rf "$place"
  mv -f "$making" "$place" || return 1
  placed=yes
  say "SystemTap $folder_version was put into $place"
}

# take_folder PLACE: takes a folder away, where it is tapprep's, and what a killed run left beside it.
take_folder() {
  rm -rf "$1.tapprep-making"
  if is_ours "$1"; then rm -rf "$1"; fi
  # The record goes with what it names.
  ! grep -qF "\"place\": \"$1\"" "$chosen" 2>/dev/null || rm -f "$chosen"
  rmdir "$prefix" 2>/dev/null
  return 0
}

# forget_made PATH: strikes it out of $made.
forget_made() {
  kept=
  while IFS= read -r row; do
    case $row in
      '' | "$1" | "$1.tapprep-making") ;;
      *) kept=$kept$row$newline ;;
    esac
  done <<EOF
$made
EOF
  made=$kept
}

# use_distribution, use_place PLACE: which SystemTap is called.
use_distribution() {
  stap=stap
  staprun=staprun
}
use_place() {
  stap=$1/bin/stap
  staprun=$1/bin/staprun
}

# use_chosen: the one that the record names, where it is still a folder of tapprep's that root alone can change.
use_chosen() {
  use_distribution
  [ -f "$chosen" ] && [ ! -L "$chosen" ] || return 0
  there=
  while IFS= read -r row; do
    case $row in
      ' "place": "/opt/tapprep/systemtap-'*)
        there=${row#*: \"}
        there=${there%%\"*}
        break
        ;;
    esac
  done <"$chosen"
  case ${there#"$prefix/systemtap-"} in
    '' | *[!0-9.]* | *..*) return 0 ;;
  esac
  for path in "$chosen" "$prefix" "$there" "$there/bin" "$there/bin/stap"; do is_of_root "$path" || return 0; done
  ! is_ours "$there" || use_place "$there"
  return 0
}

# is_of_root PATH: root's, and nobody else may write it.
is_of_root() {
  # shellcheck disable=SC2012,SC2046 # the mode and the owner's number, which no name can disturb
  set -- $(ls -ldn "$1" 2>/dev/null)
  case ${3:-}:${1:-} in
    0:?????w* | 0:????????w* | 0:l*) return 1 ;;
    0:*) return 0 ;;
    *) return 1 ;;
  esac
}

# record_chosen STATUS: what was tried and did it; in the form in which tapprep reads it. It goes with the folder.
record_chosen() {
  printf '{\n "schema": "tapprep-chosen/1",\n "release": "%s",\n "name": "portable %s (%s)",\n "version": "%s",\n "place": "%s",\n "hello": "%s",\n "at": "%s"\n}\n' \
    "$release" "$folder_version" "$(printf '%s' "$folder_suite" | tr / ' ')" "$folder_version" "$place" "$1" \
    "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" >"$chosen.new" && mv -f "$chosen.new" "$chosen"
}

# prove_any: the first SystemTap of the bundle's list that does it; of the others nothing stays. Without a list the distribution's.
prove_any() {
  tried=
  while IFS= read -r try; do
    [ -z "$stopped" ] || return 1
    case $try in
      'try distro')
        tried=yes
        use_distribution
        prove && forget_chosen && return 0
        ;;
      'try '*)
        tried=yes
        place_folder "${try#try }" || continue
        use_place "$place"
        if prove; then
          if [ "$ready" = true ]; then record_chosen pass; else record_chosen skip; fi
          write_journal "done"
          installed=yes
          return 0
        fi
        if [ -n "$placed" ] && [ -z "$keep" ]; then
          take_folder "$place"
          forget_made "$place"
          write_journal "done"
        fi
        ;;
    esac
  done <bundle.txt
  [ -z "$tried" ] || return 1
  use_distribution
  prove
}

# forget_chosen: the distribution's is used from now on.
forget_chosen() {
  rm -f "$chosen"
  return 0
}
