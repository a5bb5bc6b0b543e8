# The form for the bpf runtime has its numbers from when it was compiled, so there have to be files that bear them: inode 60
# on device 0:70, and the same inode on another device. Mounts and files take the next number that is free.
make_inode_60() {
  for number in 1 2 3 4 5 6; do
    for digit in 0 1 2 3 4 5 6 7 8 9; do
      echo first >"$1/$number$digit"
    done
  done
  for found in $(stat -c '%i:%n' "$1"/* | grep '^60:'); do
    mv "${found#60:}" "$1/file"
  done
}

mkdir -p /tmp/event /tmp/control
mount -t tmpfs none /tmp/control
mount -t tmpfs none /tmp/event
device=$(stat -c %d /tmp/event)
while [ "$device" -lt 70 ]; do
  mount -t tmpfs none /tmp/event
  device=$((device + 1))
done
make_inode_60 /tmp/event
make_inode_60 /tmp/control
