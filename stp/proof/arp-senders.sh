# Two interfaces that are one wire: a pair of veth, or the two network cards of the virtual machine.
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
busybox-event arping -q -c 1 -w 1 -I event0 192.0.2.77
# The same address at another machine, as when answers are forged.
ip link set event0 down
ip link set event0 address 02:00:00:00:00:02
ip link set event0 up
busybox-event arping -q -c 1 -w 1 -I event0 192.0.2.77
# Control: a packet of another protocol.
timeout 1 busybox-control nc -w 1 127.0.0.1 9
ip link del event0
true
