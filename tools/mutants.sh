#!/usr/bin/env bash
# Breaks the sources on purpose, one small change at a time, and shows that the named tests turn
# red: a check whose removal no test notices is no check. One file for each in test/mutants/.
#
#   tools/mutants.sh [OPTION…] [NAME…]   runs those whose name holds one of NAME, by default all
#     --list       names and sentences
#     --check      only whether each still applies at exactly one place, and its tests exist
#     --resume     leaves out what was killed before and has not changed since, nor the tree
#     --all-tests  runs all tests of the named programs and prints which turn red
#
# Works on a copy in build/mutants with a build folder of its own, never on the sources; starts
# private servers (tools/databases.sh) unless TIEBREAK_TEST_POSTGRES_URL names one. Exit 1 unless
# every mutant is killed.
set -euo pipefail
cd "$(dirname "$0")/.."
case " $* " in
  *" -h "* | *" --help "*) sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *" --list "* | *" --check "*) exec tools/mutants.py "$@" ;;
esac
if [ -n "${TIEBREAK_TEST_POSTGRES_URL:-}" ]; then
  exec tools/mutants.py "$@"
fi
exec tools/databases.sh run tools/mutants.py "$@"
