#!/usr/bin/env bash
# The library against the bare C client, in interleaved pairs; writes bench.json.
#
#   tools/bench.sh [--quick]      --quick: the fewest pairs, short slices, for a first look
set -euo pipefail
cd "$(dirname "$0")/.."
options=()
case "${1:-}" in
  "") ;;
  --quick) options=(--pairs 15 --slice-ms 50) ;;
  -h | --help) sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) echo "bench: unknown option '$1'; the only one is --quick" >&2; exit 2 ;;
esac

mkdir -p build
{ cmake --preset release -DTIEBREAK_TESTS=ON &&
  cmake --build --preset release --parallel "$(nproc)" --target bench_micro bench_contention; } \
  >build/bench.log 2>&1 || { cat build/bench.log >&2; exit 1; }

rm -f bench.json
build/release/bin/bench_micro "${options[@]}" --json bench.json
build/release/bin/bench_contention "${options[@]}" --json bench.json
echo
tools/compile_time.sh
echo "written: bench.json"
