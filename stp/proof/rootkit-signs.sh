# The decoy was there before and was not reported: now it hides, and leads the system call 180 to itself.
table=$(grep ' sys_call_table$' /proc/kallsyms)
printf '0x%x\n' $((0x${table%% *} + 180 * 8)) >/sys/module/tapprep_decoy/parameters/slot
echo 1 >/sys/module/tapprep_decoy/parameters/hidden
sleep 4
echo 0 >/sys/module/tapprep_decoy/parameters/hidden
echo 0 >/sys/module/tapprep_decoy/parameters/slot
