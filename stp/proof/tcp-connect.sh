# Nobody listens at 7006, somebody at 7007.
busybox-event nc -w 1 127.0.0.1 7006 </dev/null
nc -l -p 7007 >/dev/null &
wait_for_listener 7007
busybox-event nc -w 1 127.0.0.1 7007 </dev/null
[ ! -e /proc/net/if_inet6 ] || busybox-event nc -w 1 ::1 7006 </dev/null
# Nothing leads there.
busybox-event nc -w 1 203.0.113.1 7009 </dev/null
# Control: another protocol.
timeout 1 busybox-control nslookup tapprep-control.test 127.0.0.1:7008
true
