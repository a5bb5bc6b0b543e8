# Nobody listens at 7003, somebody at 7004.
nc -w 1 127.0.0.1 7003 </dev/null
nc -l -p 7004 >/dev/null &
wait_for_listener 7004
nc -w 1 127.0.0.1 7004 </dev/null
[ ! -e /proc/net/if_inet6 ] || nc -w 1 ::1 7003 </dev/null
# Control: another protocol.
timeout 1 nslookup tapprep-control.test 127.0.0.1:7005
true
