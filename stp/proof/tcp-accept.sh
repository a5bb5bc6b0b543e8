busybox-event nc -l -p 7001 >/dev/null &
wait_for_listener 7001
# Control: nobody listens at the second port, and who connects is not who accepts.
busybox-control nc -w 1 127.0.0.1 7001 </dev/null
busybox-control nc -w 1 127.0.0.1 7002 </dev/null
if [ -e /proc/net/if_inet6 ]; then
  busybox-event nc -l -p 7001 >/dev/null &
  wait_for_listener 7001
  busybox-control nc -w 1 ::1 7001 </dev/null
fi
true
