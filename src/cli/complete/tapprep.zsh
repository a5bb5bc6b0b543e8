#compdef tapprep
# Completion of tapprep for zsh; the words come from "tapprep __complete".
_tapprep() {
  local -a lines described
  local line value
  lines=("${(@f)$("${(Q)words[1]/#\~/$HOME}" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  compset -P '--[a-z-]##='
  case $lines[1] in
    files) _files ;;
    directories) _files -/ ;;
    words)
      for line in "${(@)lines[2,-1]}"; do
        value=${line%%$'\t'*}
        described+=("${value//:/\\:}:${line#*$'\t'}")
      done
      _describe -V tapprep described
      ;;
  esac
}
if [[ $funcstack[1] == _tapprep ]]; then
  _tapprep "$@"
else
  compdef _tapprep tapprep
fi
