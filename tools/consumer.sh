#!/usr/bin/env bash
# Installs the library into a folder of its own, then builds and runs test/consumer against that
# tree alone, as a user of the library would.
#
#   tools/consumer.sh [FOLDER]      where to build; default build/consumer
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
case "${1:-}" in
  -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac
work=${1:-$root/build/consumer}
mkdir -p "$work"
work=$(cd "$work" && pwd)
rm -rf "$work/installed" "$work/program"

quietly() {
  "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
}

quietly cmake -S "$root" -B "$work/library" -G Ninja -DCMAKE_UNITY_BUILD=ON \
  -DTIEBREAK_PROGRAMS=OFF -DTIEBREAK_TESTS=OFF -DCMAKE_INSTALL_PREFIX="$work/installed"
quietly cmake --build "$work/library" --parallel "$(nproc)"
quietly cmake --install "$work/library"
quietly cmake -S "$root/test/consumer" -B "$work/program" -G Ninja \
  -DCMAKE_PREFIX_PATH="$work/installed"
quietly cmake --build "$work/program"

# Nothing of the source tree may have come in.
if grep -rlF "$root/include" "$work/program" "$work/installed" 2>/dev/null | grep -q .; then
  echo "consumer: the installed tree points back to the source tree" >&2
  exit 1
fi
"$work/program/consumer"
