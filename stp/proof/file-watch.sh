busybox-event sh -c 'echo event >/tmp/event/file'
busybox-event cat /tmp/event/file
# Control: a file beside it, and a file of the same name and inode number elsewhere.
busybox-control sh -c 'echo control >/tmp/event/other'
busybox-control cat /tmp/event/other /tmp/control/file
# Its name goes over to another inode.
echo second >/tmp/event/new
mv /tmp/event/new /tmp/event/file
busybox-event cat /tmp/event/file
true
