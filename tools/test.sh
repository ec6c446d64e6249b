#!/usr/bin/env bash
# Everything that is tested: the rules of the tree that need no compiler (tools/check.sh --quick),
# unit tests and conformance on SQLite under ThreadSanitizer, then all tests on all engines under
# AddressSanitizer and UndefinedBehaviorSanitizer, the installed library and wrong mappings among
# them. The servers are private and thrown away (tools/databases.sh). Each part runs even if one
# before it fails.
#
#   tools/test.sh [CTEST-OPTION…]      for example -R Lease
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in
  -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac

jobs=$(nproc)
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-second_deadlock_stack=1}

# build PRESET [TARGET…]
build() {
  local preset=$1
  shift
  mkdir -p build
  cmake --preset "$preset" >"build/configure-$preset.log" 2>&1 \
    || { cat "build/configure-$preset.log" >&2; return 1; }
  cmake --build --preset "$preset" --parallel "$jobs" ${1:+--target "$@"}
}

failed=()
stage() {
  local name=$1
  shift
  echo "== $name"
  "$@" || failed+=("$name")
}

thread_sanitizer() {
  build tsan unit_tests conformance_tests &&
    ctest --preset tsan --parallel "$jobs" --no-tests=error \
      --exclude-regex '^unit\.(Maria|Postgres)' "${ctest_options[@]}"
}
# One more at once than there are cores: many wait for a server.
everything() {
  build asan && TIEBREAK_REQUIRE_ENGINES=1 tools/databases.sh run \
    ctest --preset asan --parallel $((jobs + 1)) --no-tests=error "${ctest_options[@]}"
}

ctest_options=("$@")
stage "Rules of the tree" tools/check.sh --quick
stage "ThreadSanitizer: unit tests, conformance on SQLite" thread_sanitizer
stage "AddressSanitizer, UndefinedBehaviorSanitizer: everything, all engines" everything

if [ ${#failed[@]} -gt 0 ]; then
  printf 'FAILED: %s\n' "${failed[@]}" >&2
  exit 1
fi
