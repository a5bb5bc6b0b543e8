#!/bin/sh
# Changes a copy of a built kernel tree: vary-kernel.sh TREE OUTPUT_DIR COMMAND
# COMMAND runs in the tree at the tree's own path, because a moved tree would be built again from the start; what it
# writes lies in OUTPUT_DIR/upper, and the tree itself stays as it was.
set -eu

mkdir -p "$2/upper" "$2/work"
# shellcheck disable=SC2016 # expanded by the shell that is started
exec unshare --mount sh -ec '
  mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$1"
  cd "$1"
  eval "$3"
' sh "$1" "$2" "$3"
