#!/bin/sh
# installroot.sh ROOT KERNEL PACKAGE...: an rpm system made by dnf from this machine's repositories, and SystemTap for
# KERNEL (as "uname -r" prints it) in it. The packages have to bring a shell, rpm, gcc and make.
set -eu
root=$1
kernel=$2
shift 2
dnf --installroot="$root" --assumeyes install "$@"
exec tapprep install --root "$root" --kernel "$kernel" --yes
