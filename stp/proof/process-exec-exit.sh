busybox-event sh -c 'exit 7'
# shellcheck disable=SC2016 # for the shell that is started
busybox-event sh -c 'kill -9 $$'
# Control: what cannot be executed is not started.
rm -f /tmp/busybox-control
echo >/tmp/busybox-control
chmod 644 /tmp/busybox-control
/tmp/busybox-control
true
