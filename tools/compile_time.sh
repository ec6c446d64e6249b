#!/usr/bin/env bash
# How long a file that maps one struct and uses a unit of work takes to compile at -O2: the median
# of several runs, without a compiler cache, in processor time, which is elapsed time on a machine
# that does nothing else. Exit 1 when it is 2 s or more.
#
#   tools/compile_time.sh [RUNS]      default 15
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in
  -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
runs=${1:-15}
object=$(mktemp --suffix=.o)
trap 'rm -f "$object"' EXIT

TIMEFORMAT='%U %S'
times=$(for _ in $(seq "$runs"); do
  { time g++ -std=c++20 -O2 -Iinclude -c test/consumer/consumer.cpp -o "$object"; } 2>&1 |
    awk 'NF == 2 { printf "%d\n", ($1 + $2) * 1000; next } { print > "/dev/stderr" }'
done | sort -n)
median=$(sed -n "$(((runs + 1) / 2))p" <<<"$times")
echo "test/consumer/consumer.cpp: $median ms at -O2 (median of $runs, $(head -1 <<<"$times")..$(tail -1 <<<"$times"); limit 2000 ms)"
[ -n "$median" ] && [ "$median" -lt 2000 ]
