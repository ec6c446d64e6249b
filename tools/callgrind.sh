#!/usr/bin/env bash
# Counts the client's instructions for one managed find-change-commit and for the same work with
# the bare C client, by callgrind: repeatable where times are noisy. Prints both and their ratio.
#
#   tools/callgrind.sh [--db URL] [--list N]     URL: a server, else SQLite in memory (there the
#                                                engine's own work is counted, too)
#                                                N: functions to list, 0 to 100, default 25
set -euo pipefail
cd "$(dirname "$0")/.."
database=()
list=25
while [ $# -gt 0 ]; do
  case $1 in
    --db) database=(--db "${2:?}"); shift 2 ;;
    --list) list=${2:?}; shift 2 ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "callgrind: unknown option '$1'; see --help" >&2; exit 2 ;;
  esac
done
program=build/release/bin/bench_micro
[ -x "$program" ] || { echo "callgrind: build first: make bench, or the target bench_micro" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

count() { # side, times -> instructions
  valgrind --tool=callgrind --callgrind-out-file="$folder/$1.$2" "$program" "${database[@]}" \
    --alone "$1" --times "$2" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; return 1; }
  sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$folder/log"
}

# The difference of two lengths leaves out starting up and filling the table.
short=1000 long=3000
for side in bare tiebreak; do
  a=$(count "$side" $short)
  b=$(count "$side" $long)
  printf '%-10s %8d instructions for one find-change-commit\n' "$side" $(((b - a) / (long - short)))
  declare "$side=$(((b - a) / (long - short)))"
done
# shellcheck disable=SC2154
awk -v a="$tiebreak" -v b="$bare" 'BEGIN { printf "ratio      %8.3f\n", a / b }'
[ "$list" -gt 0 ] || exit 0
echo
echo "Where they go (tiebreak, $long times and starting up):"
callgrind_annotate "$folder/tiebreak.$long" 2>/dev/null | grep -E '^ *[0-9,]+ \(' | head -n "$list" |
  sed -E 's/\[[^]]*\]//; s/ +/ /g' | cut -c1-150
