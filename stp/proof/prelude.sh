# Before every event: names by which the processes of events and of controls can be told apart.
PATH=/tmp:$PATH
[ -e /tmp/busybox-event ] || ln /bin/busybox /tmp/busybox-event
rm -f /tmp/busybox-control
ln /bin/busybox /tmp/busybox-control

# Two interfaces that are one wire, event0 and event1: a pair of veth, or the two network cards of the virtual machine.
make_wire() {
  if ip link add event0 type veth; then
    ip link set veth0 name event1
  else
    ip link set eth0 name event0
    ip link set eth1 name event1
  fi
  ip link set event0 address 02:00:00:00:00:01
  ip addr add 192.0.2.1/24 dev event0
  ip link set event0 up
  ip link set event1 up
}

# Leaves it as it was found.
drop_wire() {
  ip link set event0 down
  ip link set event1 down
  ip link del event0 2>/dev/null && return
  ip addr del 192.0.2.1/24 dev event0
  ip link set event0 name eth0
  ip link set event1 name eth1
}

# wait_for_listener PORT: until a socket listens there, at most two seconds.
wait_for_listener() {
  tries=0
  while [ "$tries" -lt 20 ] && ! grep -q "$(printf ':%04X [0-9A-F:]* 0A' "$1")" /proc/net/tcp*; do
    usleep 100000
    tries=$((tries + 1))
  done
}
