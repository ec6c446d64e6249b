#!/usr/bin/env bash
# The long versions: ThreadSanitizer over every test, every test many times in a random order,
# every interleaving, every race scenario often and under faults, all mutants, benchmarks, static
# analysis of everything. Runs all of it, then says what failed.
#
#   tools/nightly.sh [ROUNDS]      how often each race runs; default 10
set -uo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in
  -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
rounds=${1:-10}
jobs=$(nproc)
failed=()

stage() {
  local name=$1
  shift
  echo "== $name"
  "$@" || failed+=("$name")
}

thread_sanitizer() {
  cmake --preset tsan >/dev/null && cmake --build --preset tsan --parallel "$jobs" &&
    ctest --test-dir build/tsan --output-on-failure --parallel "$jobs" -LE 'consumer|compile_fail'
}

again_and_again() {
  cmake --preset asan >/dev/null && cmake --build --preset asan --parallel "$jobs" &&
    ctest --test-dir build/asan --output-on-failure --parallel "$jobs" --schedule-random \
      -LE 'consumer|compile_fail' --repeat until-fail:5
}

interleavings() {
  cmake --preset asan >/dev/null &&
    cmake --build --preset asan --parallel "$jobs" --target interleaving_tests &&
    TIEBREAK_INTERLEAVINGS=all TIEBREAK_REQUIRE_ENGINES=1 \
      tools/databases.sh run build/asan/bin/interleaving_tests --gtest_brief=1
}

races() {
  make --no-print-directory build || return 1
  local tiebreak=build/release/bin/tiebreak result=0 round arguments
  local -a lines=(
    "coupon --users 500 --stock 100 --processes 4"
    "coupon --users 500 --stock 97 --processes 8"
    "coupon --users 500 --stock 1000 --processes 4"
    "coupon --users 500 --stock 100 --attempts 3"
    "book --users 200 --processes 4"
    "ticket --users 100 --processes 4"
    "ticket --users 100 --processes 4 --attempts 1"
    "ticket --users 100 --drop-reply-rate 0.2 --error-rate 0.1 --decline-rate 0.1"
    "run --users 200 --processes 4"
    "run --users 200 --processes 4 --kill --pause"
  )
  for arguments in "${lines[@]}"; do
    for round in $(seq "$rounds"); do
      # shellcheck disable=SC2086  # the arguments are words
      if ! "$tiebreak" race $arguments --seed "$round" --quiet >build/race.log 2>&1; then
        echo "FAILED: tiebreak race $arguments --seed $round"
        cat build/race.log
        result=1
      fi
    done
  done
  return $result
}

stage "ThreadSanitizer: everything" thread_sanitizer
stage "AddressSanitizer: everything, five times, in a random order" again_and_again
stage "interleavings: every order of every case" interleavings
stage "races: $rounds rounds of each" races
stage "mutants: what breaks a promise turns a named test red" tools/mutants.sh
stage "benchmarks" tools/bench.sh
stage "checks of every file" tools/check.sh --all

if [ ${#failed[@]} -gt 0 ]; then
  printf 'FAILED: %s\n' "${failed[@]}" >&2
  exit 1
fi
echo "nightly: all passed"
