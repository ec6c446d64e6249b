#!/usr/bin/env bash
# The HTTP service against a bare Beast hello world, by wrk, in turn: requests per second of each
# route, its ratio to the bare server in the same round, p50 and p99. Medians of the rounds.
#
#   tools/bench_http.sh [ROUNDS [SECONDS]]      default: 5 rounds, 5 seconds a run
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in
  -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
rounds=${1:-5}
seconds=${2:-5}
connections=64

mkdir -p build
{ cmake --preset release -DTIEBREAK_TESTS=ON &&
  cmake --build --preset release --parallel "$(nproc)" --target bench_http_bare bench_http_coupon; } \
  >build/bench_http.log 2>&1 || { cat build/bench_http.log >&2; exit 1; }

folder=$(mktemp -d)
servers=()
cleanup() {
  for server in "${servers[@]}"; do kill "$server" 2>/dev/null || true; done
  wait
  rm -rf "$folder"
}
trap cleanup EXIT

# start NAME COMMAND…: leaves the server's port in the variable NAME.
start() {
  local -n port=$1
  shift
  "$@" >"$folder/port" &
  servers+=($!)
  for _ in $(seq 100); do
    [ ! -s "$folder/port" ] || break
    sleep 0.05
  done
  port=$(cat "$folder/port")
  : >"$folder/port"
}

start bare_port build/release/bin/bench_http_bare 0
start coupon_port build/release/bin/bench_http_coupon 0 "sqlite:$folder/bench.db"

# load URL: requests per second, p50 and p99 in microseconds.
load() {
  wrk --threads 2 --connections "$connections" --duration "${seconds}s" --latency "$1" | awk '
    function us(t) { return t ~ /us$/ ? t + 0 : t ~ /ms$/ ? t * 1000 : t * 1000000 }
    $1 == "50%" { p50 = us($2) }
    $1 == "99%" { p99 = us($2) }
    /Requests\/sec/ { rate = $2 }
    /Non-2xx/ { bad = $NF }
    /Socket errors/ { print > "/dev/stderr" }
    END { if (bad) { print "answers that are no success: " bad > "/dev/stderr"; exit 1 }
          print rate, p50, p99 }'
}

routes=(hello v1/coupons/SPRING v2/coupons/SPRING)
for round in $(seq "$rounds"); do
  read -r bare _ _ <<<"$(load "http://127.0.0.1:$bare_port/")"
  echo "bare $bare 1" >>"$folder/results"
  for route in "${routes[@]}"; do
    read -r rate p50 p99 <<<"$(load "http://127.0.0.1:$coupon_port/$route")"
    awk -v r="$rate" -v b="$bare" -v a="$p50" -v z="$p99" -v n="$route" \
      'BEGIN { print n, r, r / b, a, z, z / a }' >>"$folder/results"
  done
  echo "round $round of $rounds" >&2
done

median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
column() { awk -v n="$1" -v c="$2" '$1 == n { print $c }' "$folder/results" | median; }
printf '%-22s %12s %9s %9s %9s %9s\n' route 'requests/s' 'of bare' p50_us p99_us p99/p50
printf '%-22s %12.0f\n' 'bare Beast' "$(column bare 2)"
for route in "${routes[@]}"; do
  printf '%-22s %12.0f %9.2f %9.0f %9.0f %9.1f\n' "/$route" "$(column "$route" 2)" \
    "$(column "$route" 3)" "$(column "$route" 4)" "$(column "$route" 5)" "$(column "$route" 6)"
done
