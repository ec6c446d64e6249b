#!/usr/bin/env bash
# Builds the interleavings, runs every order of them on all engines and prints the tables of
# docs/concepts/isolation-and-anomalies.md. The servers are private and thrown away.
#
#   tools/anomalies.sh [--write]      --write puts the tables into that page
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in
  -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
  "" | --write) ;;
  *) echo "anomalies: unknown option '$1'; the only one is --write" >&2; exit 2 ;;
esac

mkdir -p build
{ cmake --preset release -DTIEBREAK_TESTS=ON &&
  cmake --build --preset release --parallel "$(nproc)" --target interleaving_tests; } \
  >build/anomalies.log 2>&1 || { cat build/anomalies.log >&2; exit 1; }
TIEBREAK_REQUIRE_ENGINES=1 exec tools/databases.sh run \
  tools/anomalies.py "$@" build/release/bin/interleaving_tests
