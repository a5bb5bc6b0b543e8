# Files with the same inode number on two file systems.
mkdir -p /tmp/event /tmp/control
mount -t tmpfs none /tmp/event
mount -t tmpfs none /tmp/control
echo first >/tmp/event/file
echo first >/tmp/control/file
device=$(stat -c %d /tmp/event/file)
# As stat(2) packs it: 8 low bits of the minor number, 12 of the major, the rest of the minor.
echo "major=$((device >> 8 & 0xfff)) minor=$((device & 0xff | device >> 12 & 0xfff00))"
echo "inode=$(stat -c %i /tmp/event/file) directory=$(stat -c %i /tmp/event)"
