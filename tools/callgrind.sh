#!/usr/bin/env bash
# Counts the instructions of one managed find-change-commit and of the same work with the bare C
# API, by callgrind: repeatable where times are noisy. Prints both counts and their ratio.
# Usage: tools/callgrind.sh [build folder, default build/release] [functions to list, default 25]
set -euo pipefail
cd "$(dirname "$0")/.."
program=${1:-build/release}/bin/bench_micro
[ -x "$program" ] || program=$(find "${1:-build/release}" -name bench_micro -type f | head -n 1)
list=${2:-25}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

count() { # side, times -> instructions
    valgrind --tool=callgrind --callgrind-out-file="$folder/$1.$2" "$program" --alone "$1" \
        --times "$2" 2>&1 | sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

# The difference of two lengths leaves out starting up and filling the table.
short=1000 long=3000
for side in bare tiebreak; do
    a=$(count "$side" $short)
    b=$(count "$side" $long)
    printf '%-10s %8d instructions for one find-change-commit\n' "$side" $(((b - a) / (long - short)))
    declare "$side=$(((b - a) / (long - short)))"
done
awk -v a="$tiebreak" -v b="$bare" 'BEGIN { printf "ratio      %8.3f\n\n", a / b }'
echo "Where they go (tiebreak, $long times and starting up):"
callgrind_annotate "$folder/tiebreak.$long" 2>/dev/null | grep -E '^ *[0-9,]+ \(' | head -n "$list" |
    sed -E 's/\[[^]]*\]//; s/ +/ /g' | cut -c1-150
