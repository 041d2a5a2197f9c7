#!/usr/bin/env bash
# ./dev lint: every check runs, each prints what is wrong, the last line says how many failed.
# usage: lint.sh [check...]      checks: format layers opcodes addresses public text shell planted tidy
set -uo pipefail
cd "$(dirname "$0")/.."
source scripts/lint/files.sh

checks=("$@")
[ ${#checks[@]} -gt 0 ] || checks=(format layers opcodes addresses public text shell planted tidy)

check_format() { list_files '*.h' '*.cc' '*.c' '*.cpp' | xargs -r clang-format-22 --dry-run -Werror --ferror-limit=3; }
check_layers() { python3 scripts/lint/layers.py; }
check_opcodes() { python3 scripts/lint/opcodes.py; }
check_addresses() { python3 scripts/lint/addresses.py; }
check_public() { python3 scripts/lint/public.py; }
check_text() { list_files | xargs -r python3 scripts/lint/text.py && python3 scripts/docs.py --check; }
check_shell() { list_files dev '*.sh' | while read -r file; do bash -n "$file" || return 1; done; }
check_planted() {
  local bug bad=0
  for bug in tests/planted/*.patch; do
    git apply --check -C1 --recount "$bug" || { echo "$bug does not fit the sources: plant the same bug where it is now"; bad=1; }
  done
  return $bad
}
check_tidy() {
  local build=build/release
  ./dev build > /dev/null || { echo "the build fails: ./dev build"; return 1; }
  python3 scripts/lint/tidy.py $build
}

failed=()
for check in "${checks[@]}"; do
  started=$SECONDS
  if "check_$check"; then
    echo "lint $check: ok ($(( SECONDS - started )) s)"
  else
    echo "lint $check: failed ($(( SECONDS - started )) s)"
    failed+=("$check")
  fi
done
[ ${#failed[@]} -eq 0 ] || { echo "lint: ${#failed[@]} of ${#checks[@]} checks failed: ${failed[*]}"; exit 1; }
echo "lint: all ${#checks[@]} checks passed"
