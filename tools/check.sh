#!/usr/bin/env bash
# Holds the tree to its rules: format, layers, text, shell scripts, documentation, headers that
# compile alone, static analysis of what changed. Runs everything, then says what failed.
#
#   tools/check.sh [--all | --since REVISION | --quick]
#
# clang-tidy looks at what differs from REVISION (default: origin/main, else ten commits back);
# with --all at everything. With --quick only what needs no compiler runs, in seconds.
set -uo pipefail
cd "$(dirname "$0")/.."

all=no
quick=no
since=
case "${1:-}" in
  "") ;;
  --all) all=yes ;;
  --quick) quick=yes ;;
  --since) since=${2:?check: --since needs a revision} ;;
  -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) echo "check: unknown option '$1'; use --all, --since REVISION or --quick" >&2; exit 2 ;;
esac

jobs=$(nproc)
failed=()
check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then
    printf 'ok      %s\n' "$name"
  else
    printf 'FAILED  %s\n' "$name"
    failed+=("$name")
  fi
  [ -z "$output" ] || sed 's/^/        /' <<<"$output"
}

existing() { while IFS= read -r file; do [ ! -f "$file" ] || echo "$file"; done; }

format() {
  git ls-files '*.cpp' '*.hpp' | existing |
    xargs --no-run-if-empty -P "$jobs" -n 16 clang-format --dry-run -Werror
}

shell_scripts() {
  local file result=0
  while IFS= read -r file; do
    bash -n "$file" || result=1
    [ -x "$file" ] || { echo "$file: not executable"; result=1; }
  done < <(git ls-files '*.sh' .ci/run | existing)
  return $result
}

headers() {
  mkdir -p build
  { cmake --preset dev && cmake --build --preset dev --parallel "$jobs" \
      --target all_verify_interface_header_sets; } >build/headers.log 2>&1 ||
    { grep -E 'error|CMake Error' -A3 build/headers.log | head -60; return 1; }
}

documentation() {
  mkdir -p build/doc
  doxygen Doxyfile 2>&1 | sed "s|$PWD/||"
  return "${PIPESTATUS[0]}"
}

changed_files() {
  if [ "$all" = yes ]; then
    git ls-files
    return
  fi
  local base=$since
  [ -n "$base" ] || base=$(git merge-base HEAD origin/main 2>/dev/null) || base=
  if [ -z "$base" ] || [ "$base" = "$(git rev-parse HEAD)" ]; then
    base=$(git rev-parse --verify --quiet HEAD~10 || git rev-list --max-parents=0 HEAD | tail -1)
  fi
  git diff --name-only "$base"
}

# A changed source is analysed itself; a changed public header through the file that checks that
# it compiles alone; another header through the source of the same name.
sources_to_analyse() {
  local file
  while IFS= read -r file; do
    case $file in
      include/tiebreak/*.hpp)
        echo "build/dev/tiebreak_verify_interface_header_sets/${file#include/}.cxx" ;;
      src/*.hpp | schema/*.hpp | systems/*.hpp | race/*.hpp | cli/*.hpp | service/*.hpp)
        echo "${file%.hpp}.cpp" ;;
      src/*.cpp | schema/*.cpp | systems/*.cpp | race/*.cpp | cli/*.cpp | service/*.cpp | \
        examples/*.cpp)
        echo "$file" ;;
    esac
  done < <(changed_files) | sort -u | existing
}

static_analysis() {
  local sources log
  sources=$(sources_to_analyse)
  [ -n "$sources" ] || return 0
  log=$(mktemp)
  local result=0
  xargs -P "$jobs" -n 1 clang-tidy -p build/dev --quiet \
    --extra-arg=-Wno-unknown-warning-option <<<"$sources" >"$log" 2>&1 || result=1
  grep -vE '^[0-9]+ warnings? (generated|treated)|^Suppressed|^Use -header-filter|^$' "$log" |
    sed "s|$PWD/||" | head -200
  rm -f "$log"
  return $result
}

check "format" format
check "layers" tools/check_layers.py
check "text" tools/check_text.py
check "shell scripts" shell_scripts
check "code in the documents" tools/check_docs.py
check "mutants still apply" tools/mutants.sh --check
if [ "$quick" = no ]; then
  check "reference (doxygen)" documentation
  check "headers compile alone" headers
  check "compile time" tools/compile_time.sh
  check "static analysis (clang-tidy)" static_analysis
fi

if [ ${#failed[@]} -gt 0 ]; then
  printf 'failed: %s\n' "${failed[@]}" >&2
  exit 1
fi
