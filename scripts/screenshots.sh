#!/bin/sh
# Makes docs/images/ anew: what a terminal of 110 columns shows of help, a plan and a rehearsal, and the HTML report by day, by night
# and on paper. Needs a built checkout, root, the Debian archive, and Debian's aha, chromium, fonts-dejavu-core and poppler-utils.
#
#   sh scripts/screenshots.sh [DISTRIBUTION]      default debian:12
set -eu
cd "$(dirname "$0")/.."
distribution=${1:-debian:12}
for tool in aha chromium pdftoppm; do
  command -v "$tool" >/dev/null || { echo "screenshots: $tool is missing: apt-get install aha chromium fonts-dejavu-core poppler-utils" >&2; exit 6; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p docs/images

# browser HEIGHT FILE WORD...: the page FILE by Chromium without a window.
browser() {
  height=$1
  file=$2
  shift 2
  chromium --headless=new --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/profile" \
    --window-size="1100,$height" "$@" "file://$file" >/dev/null 2>&1
}

# terminal NAME COMMAND: what the command prints, below the line that a user types.
terminal() {
  {
    printf '$ tapprep %s\n' "$2" | sed "s,$work/,,"
    # shellcheck disable=SC2086 # words on purpose
    COLUMNS=110 node bin/tapprep.js $2 2>&1 | cut -c 1-118
  } >"$work/$1.txt"
  aha --black --title tapprep <"$work/$1.txt" |
    sed 's/<pre>/<pre style="font:15px\/21px DejaVu Sans Mono,monospace;margin:20px">/' >"$work/$1.html"
  browser $((60 + $(wc -l <"$work/$1.txt") * 21)) "$work/$1.html" --screenshot="$PWD/docs/images/$1.png"
}

terminal help help
terminal rehearse "rehearse --distro $distribution --yes --report $work/report.html"
release=$(sed -n 's/^proven: .* inside kernel \([^,]*\),.*/\1/p' "$work/rehearse.txt")
terminal plan "plan --distro $distribution --kernel $release"
browser 1300 "$work/report.html" --screenshot="$PWD/docs/images/report-light.png"
browser 1300 "$work/report.html" --force-dark-mode --blink-settings=preferredColorScheme=0 --screenshot="$PWD/docs/images/report-dark.png"
browser 1300 "$work/report.html" --no-pdf-header-footer --print-to-pdf="$work/report.pdf"
pdftoppm -png -r 90 -f 1 -l 1 -singlefile "$work/report.pdf" docs/images/report-print
