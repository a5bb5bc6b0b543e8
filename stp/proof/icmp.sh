busybox-event ping -c 1 -W 2 127.0.0.1
[ ! -e /proc/net/if_inet6 ] || busybox-event ping6 -c 1 -W 2 ::1
# Control: a packet of another protocol over the same interface.
timeout 1 busybox-control nc -w 1 127.0.0.1 9
true
