#!/bin/sh
# Proves again that SystemTap, as this bundle installed it, runs on this system; changes nothing but the report.
# The same as "sh install.sh --verify", and takes the same options.
here=.
case $0 in
  */*) here=${0%/*} ;;
esac
case $here in
  -*) here=./$here ;;
esac
exec sh "${here:-/}/install.sh" --verify "$@"
