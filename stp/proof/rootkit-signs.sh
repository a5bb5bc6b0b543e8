# The decoy was there before and was not reported: now it hides, and leads the system call 180 to itself.
grep -E ' (sys_call_table|tcp4_seq_ops)$' /proc/kallsyms >/tmp/symbols
# address_of SYMBOL OFFSET
address_of() {
  while read -r address _ name; do
    [ "$name" != "$1" ] || printf '0x%x\n' $((0x$address + $2))
  done </tmp/symbols
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
