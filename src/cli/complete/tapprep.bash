# Completion of tapprep for bash 4.4 or newer. Needs nothing but bash; the words come from "tapprep __complete".
_tapprep() {
  local before=${COMP_LINE:0:COMP_POINT} piece=${COMP_WORDS[COMP_CWORD]} full mode word i
  local -a words=() lines=()
  # bash parts words at ":" and "=", too; what no blank parts is one word for tapprep.
  local rest=$before trimmed part
  for ((i = 0; i <= COMP_CWORD; i++)); do
    trimmed=${rest#"${rest%%[![:space:]]*}"}
    part=${COMP_WORDS[i]}
    [[ $trimmed == "$part"* ]] || part=$trimmed
    if ((i > 0)) && [[ $trimmed == "$rest" && -n $part ]]; then
      words[${#words[@]} - 1]+=$part
    else
      words+=("$part")
    fi
    rest=${trimmed#"$part"}
  done
  full=${words[${#words[@]} - 1]}
  [[ $piece == [:=] ]] && piece=
  [[ $full == --*=* ]] && full=${full#*=}
  mapfile -t lines < <("${1/#\~/$HOME}" __complete "${words[@]:1}" 2>/dev/null)
  mode=${lines[0]-}
  COMPREPLY=()
  case $mode in
    files) compopt -o default ;;
    directories) compopt -o dirnames ;;
    words)
      for word in "${lines[@]:1}"; do
        word=${word%%$'\t'*}
        [[ $word == *= ]] && compopt -o nospace
        # bash puts the word in the place of the last piece only.
        COMPREPLY+=("${word:${#full}-${#piece}}")
      done
      ;;
  esac
}
complete -F _tapprep tapprep
