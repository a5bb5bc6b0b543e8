#!/bin/sh
# Runs a module of this bundle in the kernel that it was compiled for and proven in, and takes it out again; or a program
# for SystemTap's bpf runtime, which is no module. Needs a POSIX sh, root, and one of several programs that compute
# SHA-256: no compiler, no debug information, no SystemTap.
#
#   sh run.sh --list                   what is here, and the arguments of each
#   sh run.sh [options] NAME [KEY=VALUE...]   run it until it ends or is interrupted
#
#   --seconds N       end it after so many seconds
#   --output FILE     write what it prints to a file
#   --check           check the files and the kernel, run nothing
#   --keyring FILE    SHA256SUMS must be signed by a key of this file; needs gpgv
#
# Exit codes: 0 done; 1 another kernel, or one that takes no modules; 2 usage; 4 a file is not what it was; 5 the module
# did not load or did not go; 6 needs root or a missing program; 130, 143 and 129: ended by SIGINT, SIGTERM or SIGHUP.
# Nothing is installed and nothing is left behind.

# shellcheck disable=SC2034,SC2154 # variables are shared with the parts that enter_bundle reads

program=run.sh
here=.
case $0 in
  */*) here=${0%/*} ;;
esac
case $here in
  -*) here=./$here ;;
esac
if [ ! -f "${here:-/}/sh/start.sh" ]; then
  echo "$program: sh/start.sh is missing: the bundle is not complete" >&2
  exit 4
fi
# shellcheck source=/dev/null
. "${here:-/}/sh/start.sh"
umask 077

mode=run
wanted_name=
words=
seconds=
output=
keyring=

while [ $# -gt 0 ]; do
  case $1 in
    --list) mode=list ;;
    --check) mode=check ;;
    --seconds | --output | --keyring)
      if [ $# -lt 2 ] || [ -z "$2" ]; then
        fail USAGE "$1 needs a value"
      fi
      case $1 in
        --seconds) seconds=$2 ;;
        --output) absolute "$2" && output=$absolute ;;
        --keyring) absolute "$2" && keyring=$absolute ;;
      esac
      shift
      ;;
    -h | --help)
      usage "$0"
      exit 0
      ;;
    -*)
      fail USAGE "$1 is no option of it; --help lists them"
      ;;
    *=*)
      case $1 in
        *"$newline"*)
          fail USAGE 'a value may not hold a newline'
          ;;
      esac
      words=$words$1$newline
      ;;
    *)
      if [ -n "$wanted_name" ]; then
        fail USAGE "$1 is neither KEY=VALUE nor an option"
      fi
      # The path of a module names it as well.
      wanted_name=${1##*/}
      wanted_name=${wanted_name%.ko}
      wanted_name=${wanted_name%.bo}
      ;;
  esac
  shift
done
case $seconds in
  *[!0-9]* | 0*)
    fail USAGE "--seconds takes a whole number, not $seconds"
    ;;
esac

enter_bundle common kernel signature module
other_target=

require_tools cat grep id mkdir rm tail tr uname
read_target
[ "$kind" = compiled ] || fail USAGE 'this bundle holds packages, not modules' 'sh install.sh'
if [ "$mode" = list ]; then
  list_modules
  exit 0
fi
if [ "$mode" = run ] && [ -z "$wanted_name" ]; then
  fail USAGE 'no module was named' 'sh run.sh --list'
fi
if [ "$mode" = run ]; then
  find_module "$wanted_name" || fail USAGE "there is no $wanted_name here, but$(names_of_modules)" 'sh run.sh --list'
  read_arguments
fi
check_sums
[ -z "$keyring" ] || check_signature "$keyring"
check_machine
check_kernel
check_build_known
check_loadable
if [ "$mode" = check ]; then
  say "$count files are what they were, and this is the kernel that they were made for"
  exit 0
fi
[ "$(id -u)" = 0 ] || fail NOT_ROOT 'loading a module needs root rights, and this is an ordinary user' "sudo sh run.sh $wanted_name"
trap clean_up EXIT
prepare_runtime
run_module
exit "$status"
