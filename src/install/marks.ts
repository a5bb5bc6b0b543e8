/** How a directory on a target is known to be tapprep's: its name is of a kind that tapprep gives, its owner is who runs, and a marker lies in it. */

/** The marker of a directory that tapprep made for a while, and what begins it. */
export const MARKER_NAME = '.tapprep';
export const MARKER_TEXT = '{"schema": "tapprep-directory/1"}';

/** Beside a directory while it is made, and while it is taken away: this end of a name stands for the marker. */
export const MAKING = '.tapprep-making';
export const REMOVING = '.tapprep-removing';

/** What a look at a path found. `absent`, or why it is not tapprep's to take away (now). */
export type Ownership = 'ours' | 'absent' | 'link' | 'file' | 'other-owner' | 'closed' | 'no-marker' | 'at-work';

/**
 * Functions of sh. judge PATH sets $verdict, an Ownership, for the directory PATH: a directory of root (or of whoever runs this), no
 * link, that is empty, or has a marker in it or at the end of its name. take PATH removes one, its marker last, so that
 * a kill in the middle leaves it known. Everything that `remove` deletes as a whole goes through these two.
 */
export const OURS = `
me=$(id -u)
# Whether a process has this directory in its words or variables, or works there. The shell itself compares: a program that was given
# the name would be such a process, and many of these files are gone, or closed, once they are opened.
is_used() {
  case $(cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'; ls -l /proc/[0-9]*/cwd 2>/dev/null) in
    *"$1"*) return 0 ;;
  esac
  return 1
}
judge() {
  if [ -h "$1" ]; then verdict=link; return; fi
  if [ ! -e "$1" ]; then verdict=absent; return; fi
  if [ ! -d "$1" ]; then verdict=file; return; fi
  set -- "$1" $(ls -ldn -- "$1")
  # Root's; who is not root may only look, and has what is his own.
  if [ "$4" != 0 ] && { [ "$me" = 0 ] || [ "$4" != "$me" ]; }; then verdict=other-owner; return; fi
  verdict=ours
  case $1 in
    # Named after its process, which still takes its module out by the programs in it.
    */tapprep-run-*) [ ! -d "/proc/\${1##*-}" ] || { verdict=at-work; return; } ;;
    *${MAKING} | *${REMOVING}) return ;;
    # Of a run that needs no lock.
    /var/tmp/tapprep-verify.* | /var/tmp/tapprep-scripts.* | /var/cache/tapprep/stap.*) ! is_used "$1" || { verdict=at-work; return; } ;;
  esac
  if [ ! -r "$1" ] || [ ! -x "$1" ]; then verdict=closed; return; fi
  for marker in ${MARKER_NAME} manifest.json; do
    [ -f "$1/$marker" ] && [ ! -h "$1/$marker" ] || continue
    line=
    more=
    { IFS= read -r line && IFS= read -r more; } <"$1/$marker" || :
    case $line$more in
      '{'*'"schema":'*'"tapprep-directory/'* | '{'*'"schema":'*'"tapprep-systemtap/'* | '{'*'"schema":'*'"tapprep-build/'*) return ;;
    esac
  done
  for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    case \${entry##*/} in
      # The marker, as it is being written.
      .${MARKER_NAME}.tapprep-*) continue ;;
    esac
    if [ -e "$entry" ] || [ -h "$entry" ]; then verdict=no-marker; return; fi
  done
}
take() {
  for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    case \${entry##*/} in
      ${MARKER_NAME} | manifest.json) continue ;;
    esac
    rm -rf -- "$entry" || return 1
  done
  rm -f -- "$1/${MARKER_NAME}" "$1/manifest.json" && rmdir -- "$1"
}
`;
