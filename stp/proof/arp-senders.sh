make_wire
busybox-event arping -q -c 1 -w 1 -I event0 192.0.2.77
# The same address at another machine, as when answers are forged.
ip link set event0 down
ip link set event0 address 02:00:00:00:00:02
ip link set event0 up
busybox-event arping -q -c 1 -w 1 -I event0 192.0.2.77
# Control: a packet of another protocol.
timeout 1 busybox-control nc -w 1 127.0.0.1 9
drop_wire
true
