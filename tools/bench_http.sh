#!/usr/bin/env bash
# `tiebreak serve` on SQLite against a bare Beast hello world, by wrk, in turn: requests per second
# of each route, its ratio to the bare server in the same round, p50 and p99. Medians of the rounds.
# With --slow also the p99 of healthy clients while 2,000 others each send a byte a second.
#
#   tools/bench_http.sh [--slow] [ROUNDS [SECONDS]]      default: 5 rounds, 5 seconds a run
set -euo pipefail
cd "$(dirname "$0")/.."
slow=no
case "${1:-}" in
  -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
  --slow) slow=yes; shift ;;
esac
rounds=${1:-5}
seconds=${2:-5}
connections=64

mkdir -p build
{ cmake --preset release -DTIEBREAK_TESTS=ON &&
  cmake --build --preset release --parallel "$(nproc)" --target bench_http_bare tiebreak_cli; } \
  >build/bench_http.log 2>&1 || { cat build/bench_http.log >&2; exit 1; }

folder=$(mktemp -d)
started=()
cleanup() {
  for one in "${started[@]}"; do kill "$one" 2>/dev/null || true; done
  wait
  rm -rf "$folder"
}
trap cleanup EXIT

# start COMMAND…: runs it and waits for its first line, which is then in $line.
start() {
  : >"$folder/line"
  "$@" >"$folder/line" &
  started+=($!)
  for _ in $(seq 400); do
    [ ! -s "$folder/line" ] || break
    sleep 0.05
  done
  line=$(cat "$folder/line")
}

# load PORT ROUTE: requests per second, p50 and p99 in microseconds.
load() {
  wrk --threads 2 --connections "$connections" --duration "${seconds}s" --latency \
    "http://127.0.0.1:$1/$2" | awk '
    function us(t) { return t ~ /us$/ ? t + 0 : t ~ /ms$/ ? t * 1000 : t * 1000000 }
    $1 == "50%" { p50 = us($2) }
    $1 == "99%" { p99 = us($2) }
    /Requests\/sec/ { rate = $2 }
    /Non-2xx/ { print "answers that are no success: " $NF > "/dev/stderr"; bad = 1 }
    /Socket errors/ { print > "/dev/stderr"; bad = 1 }
    END { if (bad) exit 1; print rate, p50, p99 }'
}

median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
column() { awk -v n="$1" -v c="$2" '$1 == n { print $c }' "$folder/results" | median; }

# measure NAME PORT ROUTE BARE: adds a row.
measure() {
  local rate p50 p99
  read -r rate p50 p99 <<<"$(load "$2" "$3")"
  awk -v n="$1" -v r="$rate" -v b="${4:-$rate}" -v a="$p50" -v z="$p99" \
    'BEGIN { print n, r, r / b, a, z, z / a }' >>"$folder/results"
}

start build/release/bin/bench_http_bare 0
bare_port=$line
start build/release/bin/tiebreak serve --db "sqlite:$folder/bench.db" --listen 127.0.0.1:0 \
  2>/dev/null # the access log is on
serve_port=${line##*:}
curl --silent --fail --output /dev/null --json '{"code":"SPRING","name":"Spring",
  "discount_amount":500,"total_quantity":100}' "http://127.0.0.1:$serve_port/v1/coupons"
routes=(ping v1/coupons/SPRING)
for round in $(seq "$rounds"); do
  measure bare "$bare_port" ""
  bare=$(awk '$1 == "bare" { r = $2 } END { print r }' "$folder/results")
  for route in "${routes[@]}"; do measure "/$route" "$serve_port" "$route" "$bare"; done
  echo "round $round of $rounds" >&2
done
rows=(bare)
for route in "${routes[@]}"; do rows+=("/$route"); done

if [ "$slow" = yes ]; then
  for round in $(seq "$rounds"); do
    measure without-slow "$serve_port" v1/coupons/SPRING
    start tools/slow_clients.py "$serve_port" 2000
    measure with-2000-slow "$serve_port" v1/coupons/SPRING
    kill "${started[-1]}" && unset 'started[-1]'
    echo "slow round $round of $rounds" >&2
  done
  rows+=(without-slow with-2000-slow)
fi

printf '%-22s %12s %9s %9s %9s %9s\n' '' 'requests/s' 'of bare' p50_us p99_us p99/p50
for row in "${rows[@]}"; do
  printf '%-22s %12.0f %9.2f %9.0f %9.0f %9.1f\n' "$row" "$(column "$row" 2)" \
    "$(column "$row" 3)" "$(column "$row" 4)" "$(column "$row" 5)" "$(column "$row" 6)"
done
