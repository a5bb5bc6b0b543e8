#!/bin/sh
# loop-image.sh IMAGE KERNEL [OPTION...]: SystemTap for KERNEL in the system of a disk image, which is one file system or
# has it in its first partition. Options go to tapprep install.
set -eu
image=$1
kernel=$2
shift 2
root=$(mktemp -d)
device=$(losetup --find --show --partscan "$image")
trap 'umount "$root" 2>/dev/null; losetup --detach "$device"; rmdir "$root"' EXIT
part=$device
[ ! -b "${device}p1" ] || part=${device}p1
mount "$part" "$root"
tapprep install --root "$root" --kernel "$kernel" --yes "$@"
