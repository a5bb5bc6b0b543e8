#!/bin/sh
# After the package is gone: what tapprep installed for SystemTap is not part of it, and its journal stays until it is used.
set -e
if [ "${1:-}" != upgrade ] && [ "${1:-}" != 1 ] && [ -e /var/lib/tapprep/journal.json ]; then
  echo 'tapprep is removed, but what it installed for SystemTap stays, and so does the list of it in /var/lib/tapprep/journal.json.'
  echo 'Install tapprep again and run "tapprep remove --purge" to take both away.'
fi
