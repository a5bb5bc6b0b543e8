# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that reads this file
# Whether the running kernel takes a module of the bundle: by its policy, the module's signature and the keys it trusts.

# read_policy: sets $policy to what makes the kernel refuse unsigned modules; empty where nothing does.
read_policy() {
  policy=
  if [ -r /sys/module/module/parameters/sig_enforce ]; then
    read -r setting </sys/module/module/parameters/sig_enforce || :
    [ "$setting" != Y ] || policy='sig_enforce is Y'
  fi
  if [ -r /sys/kernel/security/lockdown ]; then
    read -r setting </sys/kernel/security/lockdown || :
    case $setting in
      *'[none]'* | '') ;;
      *'['*']'*)
        setting=${setting#*\[}
        policy="${policy:+$policy, }lockdown is at ${setting%%\]*}"
        ;;
    esac
  fi
}

# is_signed FILE: a signature stands behind it (Linux: include/linux/module_signature.h).
is_signed() {
  tail -c 28 "$1" | grep -q '^~Module signature appended~$'
}

# read_signer MODULE: sets $key_id and $signer by bundle.txt; $key_id is empty where nobody knows it.
read_signer() {
  key_id=
  signer=
  while IFS= read -r row; do
    case $row in
      "signed $1 "*)
        signer=${row#"signed $1 "}
        key_id=${signer%% *}
        signer=${signer#* }
        [ "$key_id" != - ] || key_id=
        ;;
    esac
  done <bundle.txt
}

# judge_signature MODULE FILE: fails where the kernel would refuse it. A trusted signature is enough under any policy.
judge_signature() {
  read_policy
  [ -n "$policy" ] || return 0
  is_signed "$2" || fail NOT_PROVEN "the running kernel takes signed modules only ($policy), and $1 is not signed" \
    'make the bundle anew, with: tapprep bundle --compiled --module-key FILE --module-cert FILE'
  read_signer "$1"
  # Where nobody can tell, the kernel itself does.
  if [ -z "$key_id" ] || [ ! -r /proc/keys ] || ! grep -q 'keyring  *\.builtin_trusted_keys' /proc/keys; then return 0; fi
  grep -q "asymmetri.*: $key_id: " /proc/keys || fail NOT_PROVEN \
    "the running kernel takes signed modules only ($policy), and it does not trust the key of \"$signer\" ($key_id), by which $1 is signed" \
    'enrol its certificate there: mokutil --import FILE.der, and reboot'
}

# note_log: remembers how long the kernel's log is, so that explain_refusal reads what is new.
note_log() {
  log_lines=$(dmesg 2>/dev/null | grep -c '')
}

# explain_refusal MODULE FILE: why a module was not taken, by what the kernel's log says since note_log.
explain_refusal() {
  added=$(dmesg 2>/dev/null | tail -n "+$((${log_lines:-0} + 1))")
  case $added in
    *'Loading of unsigned module is rejected'*) say "reason: $1 is not signed" ;;
    *'Loading of module with unavailable key is rejected'*)
      read_signer "$1"
      say "reason: the running kernel does not trust the key of \"$signer\" (${key_id:-unknown}) for modules"
      ;;
    *'use of bpf to read kernel RAM is restricted'*)
      say 'reason: under lockdown=confidentiality no bpf program may read memory of the kernel'
      ;;
    *'module loading is restricted'*) say 'reason: the running kernel is locked down, and trusts no signature of this module' ;;
    *'ersion magic'* | *'disagrees about version'*) say 'reason: the module was built for another kernel' ;;
    *)
      read_policy
      if [ -n "$policy" ] && is_signed "$2"; then
        say "reason: the kernel gives none, as of a module that was altered after it was signed ($policy)"
      fi
      ;;
  esac
}
