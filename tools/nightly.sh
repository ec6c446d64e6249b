#!/usr/bin/env bash
# The long versions: ThreadSanitizer over every test, every test many times in a random order, both
# on all engines; every interleaving, every race scenario often and under faults, all mutants,
# benchmarks, static analysis of everything. Runs all of it, then says what failed.
#
#   tools/nightly.sh [ROUNDS]      how often each race runs; default 10
set -uo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in
  -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
rounds=10
case "${1:-}" in
  [0-9]*) rounds=$1 ;;
esac
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
    TSAN_OPTIONS=second_deadlock_stack=1:die_after_fork=0 TIEBREAK_REQUIRE_ENGINES=1 \
      tools/databases.sh run \
      ctest --test-dir build/tsan --output-on-failure --no-tests=error --parallel "$jobs" \
      -LE 'consumer|compile_fail'
}

again_and_again() {
  cmake --preset asan >/dev/null && cmake --build --preset asan --parallel "$jobs" &&
    TIEBREAK_REQUIRE_ENGINES=1 tools/databases.sh run \
      ctest --test-dir build/asan --output-on-failure --no-tests=error --parallel "$jobs" \
      --schedule-random -LE 'consumer|compile_fail' --repeat until-fail:5
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

# race_on URL ARGUMENT…: says what failed. A control that by luck broke nothing makes a race prove
# nothing, so such a race is held once more; a broken promise is not.
race_on() {
  local url=$1
  shift
  local -a race=(build/release/bin/tiebreak race "$@" --db "$url")
  "${race[@]}" >build/race.log 2>&1 && return 0
  if grep -q 'INVALID' build/race.log && ! grep -q 'PROMISE BROKEN' build/race.log; then
    "${race[@]}" >build/race.log 2>&1 && return 0
  fi
  echo "FAILED on ${url%%:*}: tiebreak race $*"
  cat build/race.log
  return 1
}

# deadlocks_of URL ARGUMENT…: one crowd in one process meets on one coupon of MariaDB. Whoever inserts
# first is ended by deadlocks, which no exit code says, and nobody else is.
deadlocks_of() {
  local url=$1
  shift
  local race=(build/release/bin/tiebreak race "$@" --db "$url")
  if ! "${race[@]}" --json build/race.json >build/race.log 2>&1 ||
      ! python3 - build/race.json >>build/race.log 2>&1 <<'EOF'
import json, sys
of = {one["strategy"]: one["deadlocks"] for one in json.load(open(sys.argv[1]))["results"]}
print("deadlocks:", of)
wrong = [name for name in ("optimistic", "conditional", "pessimistic") if of[name] != 0]
wrong += ["insert_first"] if of["insert_first"] == 0 else []
sys.exit("not as promised: " + ", ".join(wrong) if wrong else 0)
EOF
  then
    echo "FAILED on ${url%%:*}: tiebreak race $*"
    cat build/race.log
    return 1
  fi
}

# Every scenario on both servers: stocks, processes x threads, isolation levels, thinking, faults.
races_on_servers() {
  make --no-print-directory build || return 1
  # The payment provider's books lie beside the servers' data, mostly in memory: a disk that stands
  # still would be told as answers that came too late.
  local -x TMPDIR=$TIEBREAK_TEST_SERVERS
  local result=0 seed=0 line crowd level url
  local -a lines=(
    "coupon --users 300 --stock 7" "coupon --users 300 --stock 97" "coupon --users 300 --stock 1000"
    "coupon --users 200 --stock 50 --think 1" "coupon --users 300 --stock 100 --attempts 3"
    "book --users 150" "book --users 40 --think 1"
    "ticket --users 60" "ticket --users 60 --attempts 1" "ticket --users 60 --attempts 4"
    "ticket --users 60 --drop-reply-rate 0.2 --error-rate 0.1 --decline-rate 0.1"
    "run --users 100" "run --users 100 --kill --pause"
  )
  for line in "${lines[@]}"; do
    for crowd in "1 8" "1 50" "2 4" "4 8" "8 4"; do
      for level in read_committed repeatable_read serializable; do
        seed=$((seed + 1))
        for url in "$TIEBREAK_TEST_POSTGRES_URL" "$TIEBREAK_TEST_MARIADB_URL"; do
          # shellcheck disable=SC2086  # the arguments are words
          race_on "$url" $line --processes ${crowd% *} --threads ${crowd#* } --isolation $level \
            --seed $seed || result=1
        done
      done
    done
  done
  deadlocks_of "$TIEBREAK_TEST_MARIADB_URL" \
    coupon --users 500 --stock 1000 --threads 50 --processes 1 || result=1
  return $result
}

# Long enough for the servers to be killed in the middle of everything.
restarted_servers() {
  cmake --preset asan >/dev/null && cmake --build --preset asan --parallel "$jobs" \
    --target fault_tests &&
    TIEBREAK_RACE_SIZE=20 build/asan/bin/fault_tests --gtest_filter='*RestartedServer*'
}

case "${1:-}" in
  races_on_servers | restarted_servers) "$1"; exit ;;  # started by itself, with servers
esac

stage "ThreadSanitizer: everything" thread_sanitizer
stage "AddressSanitizer: everything, five times, in a random order" again_and_again
stage "interleavings: every order of every case" interleavings
stage "races: $rounds rounds of each" races
stage "races on PostgreSQL and MariaDB: every combination" tools/databases.sh run tools/nightly.sh races_on_servers
stage "races while the server is killed" tools/databases.sh run tools/nightly.sh restarted_servers
stage "mutants: what breaks a promise turns a named test red" tools/mutants.sh
stage "benchmarks" tools/bench.sh
stage "checks of every file" tools/check.sh --all

if [ ${#failed[@]} -gt 0 ]; then
  printf 'FAILED: %s\n' "${failed[@]}" >&2
  exit 1
fi
echo "nightly: all passed"
