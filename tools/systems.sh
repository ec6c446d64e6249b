#!/usr/bin/env bash
# Builds the tests and prints requirement, test, engine and result for every row of the systems.
#
#   tools/systems.sh [--markdown]      as a table for docs/systems.md
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in
  -h | --help) sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 0 ;;
  "" | --markdown) ;;
  *) echo "systems: unknown option '$1'; the only one is --markdown" >&2; exit 2 ;;
esac

mkdir -p build
{ cmake --preset release -DTIEBREAK_TESTS=ON &&
  cmake --build --preset release --parallel "$(nproc)" \
        --target unit_tests conformance_tests systems_tests; } >build/systems.log 2>&1 \
  || { cat build/systems.log >&2; exit 1; }
bin=build/release/bin
TIEBREAK_REQUIRE_ENGINES=1 exec tools/databases.sh run tools/systems.py "$@" $bin/unit_tests $bin/conformance_tests $bin/systems_tests
