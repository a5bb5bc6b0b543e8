# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that reads this file
# The record of what was added, in the form that tapprep reads and writes: JSON with two blanks an indent, one key a line.

# read_journal: keeps in $work/before the text of the entries that stay, each with a comma behind it, and in $resumed and
# $resumed_replaced what an entry that was never closed says it adds and replaces, and in $resumed_configured of which of them the
# configuration was there before: that run was cut off, and this one goes on
# from it.
read_journal() {
  : >"$work/before"
  resumed=
  resumed_replaced=
  resumed_configured=
  [ -e "$journal" ] || return 0
  entry=
  inside=
  state_of=
  bundle_of=
  stage='head'
  packages=
  changes=
  while IFS= read -r row || [ -n "$row" ]; do
    case $stage:$row in
      head:'{' | head:'  "schema": "tapprep-journal/1",') ;;
      head:'  "entries": [') stage=list ;;
      head:'  "entries": []') stage='tail' ;;
      list:'    {')
        stage='entry'
        entry=$row$newline
        packages=
        changes=
        kept=
        files=
        state_of=
        bundle_of=
        begun=yes
        inside=
        ;;
      list:'  ]') stage='tail' ;;
      entry:'    }' | entry:'    },')
        stage=list
        keep_entry
        ;;
      entry:*)
        entry=$entry$row$newline
        case $row in
          '      "state": "'*) state_of=${row#*: \"} && state_of=${state_of%%\"*} ;;
          '      "begun": false'*) begun= ;;
          '      "bundle": "'*) bundle_of=${row#*: \"} && bundle_of=${bundle_of%%\"*} ;;
          '      "packages": ['*) inside='packages' ;;
          '      "replaced": ['*) inside='replaced' ;;
          '      "files": ['*) inside='files' ;;
          '      "configured": ['*) inside='configured' ;;
          '      "'*'": ['*) inside= ;;
          '      ]'*) inside= ;;
          '        "/'*)
            if [ "$inside" = files ]; then
              a=${row#*\"}
              files="$files${a%\"*}$newline"
            fi
            ;;
          '          "name": "'*) a=${row#*: \"} && a=${a%%\"*} ;;
          '          "version": "'*) b=${row#*: \"} && b=${b%%\"*} ;;
          '          "arch": "'*)
            c=${row#*: \"} && c=${c%%\"*}
            case $inside in
              packages) packages="$packages$a $b $c$newline" ;;
              configured) kept="$kept$a $b $c$newline" ;;
            esac
            ;;
          '          "from": "'*) [ "$inside" != replaced ] || { b=${row#*: \"} && b=${b%%\"*}; } ;;
          '          "to": "'*) [ "$inside" != replaced ] || { c=${row#*: \"} && changes="$changes$a $b ${c%%\"*}$newline"; } ;;
        esac
        ;;
      tail:'}' | tail:'') ;;
      *) fail JOURNAL_BROKEN "$journal is not written as tapprep writes it, so nothing can be added to it" "mv $journal $journal.broken" ;;
    esac
  done <"$journal"
  [ "$stage" = tail ] || fail JOURNAL_BROKEN "$journal is cut off, so nothing can be added to it" "mv $journal $journal.broken"
}

# keep_entry: what becomes of one entry of the journal. In mode "undo" those of this bundle are marked as removed, but for what
# of their packages stays by $needed.
keep_entry() {
  # Killed before its package manager was started: what is there was brought by others.
  [ -n "$begun" ] || { packages= && changes=; }
  if [ "$mode" = install ] && [ "$state_of" = started ]; then
    resumed=$resumed$packages
    resumed_replaced=$resumed_replaced$changes
    resumed_configured=$resumed_configured$kept
    made=$made$files
    return 0
  fi
  if [ "$mode" = undo ] && [ "$bundle_of" = "$bundle_id" ] && [ "$state_of" != removed ]; then
    added=$added$packages
    replacing=$replacing$changes
    configured=$configured$kept
    made=$made$files
    [ "$state_of" != started ] || cut_off=yes
    list_needed "$packages"
    closed=removed
    if [ -n "$stay" ]; then
      closed=failed
      before='"packages": '
      rest=${entry#*"$before"}
      list=$(
        print_objects name version arch '          ' <<EOF
$stay
EOF
      )
      entry=${entry%%"$before"*}$before$list${rest#*"$newline      ]"}
    fi
    before='"state": "'
    rest=${entry#*"$before"}
    entry=${entry%%"$before"*}$before$closed\"${rest#*\"}
  fi
  printf '%s    },\n' "$entry" >>"$work/before" || fail NO_SPACE "$work/before cannot be written" "df -h $state"
}

# list_needed PACKAGES: sets $stay to those of them that $needed names.
list_needed() {
  stay=
  while read -r a b c; do
    [ -n "$a" ] || continue
    case $newline$needed in
      *"$newline$a $b $c "*) stay="$stay$a $b $c$newline" ;;
    esac
  done <<EOF
$1
EOF
}

write_journal() {
  put_journal "$1" || fail INSTALL_FAILED "$journal cannot be written" "df -h $state"
}

# put_journal STATE: all of it; where a part cannot be read, what was written before stays.
put_journal() {
  text=$(print_journal "$1") || return 1
  put_file "$journal" "$text"
}

# put_file PATH TEXT: whole under its name, or what was there before stays.
put_file() {
  printf '%s\n' "$2" 2>/dev/null >"$1.new" && { sync "$1.new" 2>/dev/null || sync; } && mv -f "$1.new" "$1" && return 0
  rm -f "$1.new"
  return 1
}

# print_journal STATE: the entries from before and, with a state, this run's with $added and $replaced.
print_journal() {
  printf '{\n  "schema": "tapprep-journal/1",\n  "entries": ['
  if [ -n "$1" ] || [ -s "$work/before" ]; then
    printf '\n'
    if [ -n "$1" ]; then
      cat "$work/before" && print_entry "$1" || return 1
    else
      # The last comma goes.
      sed '$s/},$/}/' "$work/before" || return 1
    fi
    printf '  ]\n}\n'
  else
    printf ']\n}\n'
  fi
}

print_entry() {
  printf '    {\n      "at": "%s",\n      "tapprep": "%s",\n      "release": "%s",\n      "state": "%s",\n' \
    "$started_at" "$made_by" "$release" "$1"
  if [ "$family" = deb ]; then manager=dpkg; else manager=rpm; fi
  printf '      "manager": "%s",\n      "bundle": "%s",\n' "$manager" "$bundle_id"
  # Where a run that is killed can be completed from; a name that JSON would have to escape is not worth it.
  case $PWD in
    *[!A-Za-z0-9/._\ -]*) ;;
    *) printf '      "folder": "%s",\n' "$PWD" ;;
  esac
  printf '      "packages": '
  print_objects name version arch '          ' <<EOF
$added
EOF
  printf ',\n      "replaced": '
  print_objects name from to '          ' <<EOF
$replaced
EOF
  printf ',\n      "files": ['
  comma=
  while IFS= read -r row; do
    [ -n "$row" ] || continue
    printf '%s\n        "%s"' "$comma" "$row"
    comma=,
  done <<EOF
$made
EOF
  [ -z "$comma" ] || printf '\n      '
  printf ']'
  if [ -n "$configured" ]; then
    printf ',\n      "configured": '
    print_objects name version arch '          ' <<EOF
$configured
EOF
  fi
  printf '\n    }\n'
}

# print_objects KEY KEY KEY INDENT: an array of objects out of lines of three words, laid out as tapprep lays it out.
print_objects() {
  comma=
  while read -r a b c; do
    [ -n "$a" ] || continue
    if [ -z "$comma" ]; then printf '[\n'; else printf ',\n'; fi
    comma=yes
    printf '%s{\n%s"%s": "%s",\n' "${4%??}" "$4" "$1" "$a"
    printf '%s"%s": "%s",\n%s"%s": "%s"\n%s}' "$4" "$2" "$b" "$4" "$3" "$c" "${4%??}"
  done
  if [ -z "$comma" ]; then printf '[]'; else printf '\n%s]' "${4%????}"; fi
}
