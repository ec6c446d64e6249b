#!/usr/bin/env bash
# Compiles one file and looks at what a user would see first. The file's line `// expect: TEXT`
# says what must stand within the first lines of the compiler's output; `// expect: compiles` that
# it is right.
#
#   check.sh COMPILER INCLUDE-FOLDER FILE
set -euo pipefail
compiler=$1 include=$2 file=$3
lines_at_most=12

expected=$(sed -n 's|^// expect: ||p' "$file")
[ -n "$expected" ] || { echo "$file: no line '// expect: …'" >&2; exit 2; }

if output=$("$compiler" -std=c++20 -fsyntax-only -Werror=unused-result "-I$include" "$file" 2>&1); then
  [ "$expected" = compiles ] && exit 0
  echo "$file compiles, but should not: $expected" >&2
  exit 1
fi
if [ "$expected" != compiles ] && head -n "$lines_at_most" <<<"$output" | grep -qF "$expected"; then
  exit 0
fi
echo "$file: '$expected' does not stand in the first $lines_at_most lines of:" >&2
head -n 40 <<<"$output" >&2
exit 1
