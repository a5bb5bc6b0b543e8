#!/bin/sh
# bundle.sh DIRECTORY FACTS COMMAND [OPTION...]: on the controller. Makes, of the plan on standard input, DIRECTORY/install.sh
# with the packages in it and DIRECTORY/verify.sh without them. Prints what "COMMAND bundle --json" prints.
set -eu
directory=$1
facts=$2
shift 2
mkdir -p -- "$directory"
cd -- "$directory"
cat >kernel.lock
"$@" --yes --json --facts "$facts" --lock kernel.lock --out bundle.tar
unpack=${0%/*}/unpack.sh
mkdir -p light
trap 'rm -rf light light.tar' EXIT
tar -xf bundle.tar -C light --exclude='*/packages' --exclude='*/evidence'
tar -cf light.tar -C light .
cat "$unpack" light.tar >verify.part
mv -f verify.part verify.sh
# Last: that it is there says that all is.
cat "$unpack" bundle.tar >install.part
rm -f bundle.tar
mv -f install.part install.sh
