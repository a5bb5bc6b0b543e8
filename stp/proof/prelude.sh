# Before every event: names by which the processes of events and of controls can be told apart.
PATH=/tmp:$PATH
[ -e /tmp/busybox-event ] || ln /bin/busybox /tmp/busybox-event
rm -f /tmp/busybox-control
ln /bin/busybox /tmp/busybox-control

# wait_for_listener PORT: until a socket listens there, at most two seconds.
wait_for_listener() {
  tries=0
  while [ "$tries" -lt 20 ] && ! grep -q "$(printf ':%04X [0-9A-F:]* 0A' "$1")" /proc/net/tcp*; do
    usleep 100000
    tries=$((tries + 1))
  done
}
