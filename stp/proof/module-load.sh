busybox-event rmmod tapprep_decoy
busybox-event insmod /lib/modules/tapprep_decoy.ko
# Control: a file that is no module.
echo >/tmp/no-module.ko
busybox-control insmod /tmp/no-module.ko
true
