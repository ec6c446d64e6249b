#!/usr/bin/env bash
# Installs the Debian packages that are missing for the named groups, and nothing else. Needs
# neither root nor network when nothing is missing.
#
#   tools/setup.sh [GROUP…]      groups: build test check bench (default: build test)
set -euo pipefail

packages_of() {
  case "$1" in
    build) echo g++ cmake ninja-build ccache libboost1.81-dev libboost-json1.81-dev libsqlite3-dev \
                libpq-dev libmariadb-dev libhiredis-dev libcurl4-openssl-dev libssl-dev \
                libspdlog-dev libcli11-dev libjs-chart.js prometheus-cpp-dev ;;
    test)  echo libgtest-dev git python3 clang-format openssl postgresql-15 mariadb-server \
                redis-server nginx-light ;;
    check) echo git clang-format clang-tidy doxygen python3 ;;
    bench) echo libgtest-dev curl python3 valgrind wrk postgresql-15 mariadb-server ;;
    *)     return 1 ;;
  esac
}

is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

case "${1:-}" in
  -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac

[ $# -gt 0 ] || set -- build test
missing=()
for group in "$@"; do
  if ! packages=$(packages_of "$group"); then
    echo "setup: there is no group '$group'; use build, test, check or bench" >&2
    exit 2
  fi
  if ! command -v dpkg-query >/dev/null; then
    echo "setup: this is not a Debian system; install by hand what stands for: $packages" >&2
    exit 2
  fi
  for package in $packages; do
    is_installed "$package" || missing+=("$package")
  done
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "setup: run as root or install sudo; these packages are missing: ${missing[*]}" >&2
    exit 2
  fi
  as_root=(sudo)
fi

echo "setup: installing ${missing[*]}"
apt_get() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get --quiet --yes -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" </dev/null
}
apt_get update
apt_get install --no-install-recommends "${missing[@]}"
