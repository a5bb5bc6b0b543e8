# Nobody answers at port 53: the question is the event, not the answer.
timeout 1 busybox-event nslookup -type=a tapprep-event.test 127.0.0.1
timeout 1 busybox-event nc -w 1 127.0.0.1 53
[ ! -e /proc/net/if_inet6 ] || timeout 1 busybox-event nslookup -type=aaaa tapprep-event6.test ::1
# A question that has to wait until somebody else makes the address of its next hop known.
make_wire
timeout 2 busybox-event nslookup -type=a tapprep-waits.test 192.0.2.77 &
usleep 500000
busybox-control arp -i event0 -s 192.0.2.77 02:00:00:00:00:77
wait
drop_wire
# Control: the same question at another port.
timeout 1 busybox-control nslookup -type=a tapprep-control.test 127.0.0.1:54
true
