# The decoy was there before and was not reported: now it hides, and leads the system call 180 to itself.
# address_of SYMBOL OFFSET. Not every kernel has its data in /proc/kallsyms; /symbols has it as it was built, and the whole
# kernel is moved by one distance.
address_of() {
  grep -E " (_stext|$1)\$" /proc/kallsyms >/tmp/loaded
  grep -E " (_stext|$1)\$" /symbols >/tmp/built
  if address=$(address_in /tmp/loaded "$1"); then
    printf '0x%x\n' $((address + $2))
  else
    printf '0x%x\n' $(($(address_in /tmp/built "$1") - $(address_in /tmp/built _stext) + $(address_in /tmp/loaded _stext) + $2))
  fi
}
# address_in FILE SYMBOL
address_in() {
  while read -r address _ name; do
    [ "$name" != "$2" ] || { echo "0x$address"; return 0; }
  done <"$1"
  return 1
}
decoy=/sys/module/tapprep_decoy/parameters
address_of sys_call_table $((180 * 8)) >$decoy/slot
echo 1 >$decoy/hidden
sleep 2
# The same with what prints /proc/net/tcp: the fourth pointer of its struct seq_operations.
address_of tcp4_seq_ops 24 >$decoy/slot
sleep 2
echo 0 >$decoy/hidden
echo 0 >$decoy/slot
