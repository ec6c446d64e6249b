#!/usr/bin/env bash
# The library against the bare C clients of its engines, in interleaved pairs; writes bench.json.
# PostgreSQL and MariaDB are private throw-away servers (tools/databases.sh) on one processor with
# their client, unless both of TIEBREAK_TEST_POSTGRES_URL and TIEBREAK_TEST_MARIADB_URL name others:
# databases to make two tables in, which are dropped at the end. Ends with failure when a ratio is
# above its target, even at the lower end of its spread, or a part could not be measured; the others
# are measured all the same.
#
#   tools/bench.sh [--quick]      --quick: the fewest pairs, short slices, for a first look
set -euo pipefail
cd "$(dirname "$0")/.."
pairs=() slices=()
case "${1:-}" in
  "") ;;
  --quick) pairs=(--pairs 15) slices=(--slice-ms 50) ;;
  -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) echo "bench: unknown option '$1'; the only one is --quick" >&2; exit 2 ;;
esac

mkdir -p build
{ cmake --preset release -DTIEBREAK_TESTS=ON &&
  cmake --build --preset release --parallel "$(nproc)" --target bench_micro bench_contention; } \
  >build/bench.log 2>&1 || { cat build/bench.log >&2; exit 1; }

if [ -z "${TIEBREAK_TEST_POSTGRES_URL:-}" ] || [ -z "${TIEBREAK_TEST_MARIADB_URL:-}" ]; then
  # Waking a process on another processor takes 20 µs now and 200 µs then where machines are
  # virtual: ratios of single statements would be those of the wake-ups.
  TIEBREAK_BENCH_PROCESSORS=$(taskset --cpu-list --pid $$ | sed 's/.*: //')
  export TIEBREAK_BENCH_PROCESSORS
  one=${TIEBREAK_BENCH_PROCESSORS##*[,-]}
  echo "Client and servers share processor $one."
  exec taskset --cpu-list "$one" tools/databases.sh run tools/bench.sh "$@"
fi
on_all=(${TIEBREAK_BENCH_PROCESSORS:+taskset --cpu-list "$TIEBREAK_BENCH_PROCESSORS"})

failed=()
part() {
  local name=$1
  shift
  "$@" || failed+=("$name")
}

rm -f bench.json
for database in "" "$TIEBREAK_TEST_POSTGRES_URL" "$TIEBREAK_TEST_MARIADB_URL"; do
  name=${database%%:*}
  name=${name:-sqlite}
  part "$name" build/release/bin/bench_micro ${database:+--db "$database"} "${pairs[@]}" --json bench.json
  ! command -v valgrind >/dev/null ||
    part "$name, instructions" tools/callgrind.sh ${database:+--db "$database"} --list 0
  echo
done
part contention "${on_all[@]}" build/release/bin/bench_contention "${pairs[@]}" "${slices[@]}" --json bench.json
echo
part "compile time" "${on_all[@]}" tools/compile_time.sh
echo "written: bench.json"

if [ ${#failed[@]} -gt 0 ]; then
  printf 'FAILED: %s\n' "${failed[@]}" >&2
  exit 1
fi
