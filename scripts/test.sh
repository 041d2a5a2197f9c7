#!/usr/bin/env bash
# ./dev test, after set-up and build: every test on the release build, then the unit and mutation tests with
# sanitizers. The last line counts test programs; what each checked stands above it.
# usage: test.sh [--full | --nn all|NAME,...]
#   --nn     only the tests of tensor backends other than ggml, of those that are named; what they need is fetched
#   --full   tests under load (200 connections to one server, 5,000 to 1,000), all tests under the address and
#            undefined-behaviour sanitizers, the unit tests and the guests with threads
#            under the thread sanitizer, the bugs of tests/planted, which the tests must find, an instruction added as
#            docs/adding-an-instruction.md says, a Kotlin program (which needs a Java machine), clients of real databases,
#            the pages in a browser, and on aarch64, in an emulator, the specification suite, guest programs and the unit tests of the rooms that know processors
set -uo pipefail
cd "$(dirname "$0")/.."

full=
nn=
case ${1:-} in
  --full) full=1 ;;
  --nn) nn=$(source scripts/setup/lib.sh; nn_backends "${2:-}")
        [ -n "$nn" ] || { echo "error: --nn needs 'all' or names of backends, with commas" >&2; exit 2; } ;;
  '') ;;
  *) echo "error: unknown option $1 (have: --full, --nn)" >&2; exit 2 ;;
esac
jobs=$(source scripts/setup/lib.sh; jobs)
passed=0
failed=0
failures=()

# build <preset> [target...]
build() {
  local preset=$1
  shift
  [ -f "build/$preset/build.ninja" ] || bash scripts/quietly.sh "configure-$preset" cmake --preset "$preset" || exit 1
  bash scripts/quietly.sh "build-$preset" cmake --build "build/$preset" -- -j "$jobs" "$@" || exit 1
}

# run <preset> [ctest option...]: runs tests, adds to the counts
run() {
  local preset=$1 log=build/logs/ctest-$1.log total bad
  shift
  echo "== tests of build/$preset"
  ctest --test-dir "build/$preset" --output-on-failure --no-tests=error --parallel "$jobs" "$@" 2>&1 | tee "$log"
  total=$(sed -n 's/.*tests failed out of \([0-9]*\).*/\1/p' "$log")
  bad=$(sed -n 's/.*, \([0-9]*\) tests failed out of .*/\1/p' "$log")
  if [ -z "$total" ]; then
    failed=$(( failed + 1 ))
    failures+=("$preset: ctest did not run")
    return
  fi
  passed=$(( passed + total - bad ))
  failed=$(( failed + bad ))
  while read -r line; do
    failures+=("$preset: $line")
  done < <(sed -n '/The following tests FAILED/,$p' "$log" | grep -E '^[[:space:]]+[0-9]+ - ')
}

# A build folder of its own: its plug-ins must not come to be part of other tests.
if [ -n "$nn" ]; then
  # shellcheck disable=SC2086  # names, one a word
  bash scripts/setup/run.sh $nn || exit 1
  options=(-B build/nn)
  for name in $nn; do options+=("-DGODWIT_PLUGIN_NN_${name^^}=ON"); done
  bash scripts/quietly.sh configure-nn cmake --preset release "${options[@]}" || exit 1
  build nn nn_backends_tests
  run nn -L nn-backends
  [ ${#failures[@]} -eq 0 ] || printf 'failed: %s\n' "${failures[@]}"
  echo "$passed passed, $failed failed"
  exit $(( failed > 0 ))
fi

if [ -n "$full" ]; then
  bash scripts/setup/run.sh kotlin aarch64 databases browser || exit 1
  build release databases flow_crates
fi
run release ${full:+-C Full}
if [ -n "$full" ]; then
  build asan
  run asan
  build tsan unit_tests godwit guest_threads-handover guest_threads-ends
  run tsan -L 'unit|threads'
  build aarch64 platform_test jit_test spec_runner godwit guests
  # without those tests that execute themselves anew, which the emulator is not asked about
  GTEST_FILTER='-TrapHandlerDeathTest.*' \
    run aarch64 -R '^(platform|jit|spec|spec_(baseline|random_tiers)|processors|(cli|wasi|exceptions)[.].*)$'
  echo "== a new instruction"
  if python3 scripts/new_instruction.py; then
    passed=$(( passed + 1 ))
  else
    failed=$(( failed + 1 ))
    failures+=("new instruction")
  fi
  echo "== planted bugs"
  if python3 scripts/planted_bugs.py; then
    passed=$(( passed + 1 ))
  else
    failed=$(( failed + 1 ))
    failures+=("planted bugs")
  fi
else
  build asan unit_tests mutation_test
  run asan -L 'unit|mutation'
fi

[ ${#failures[@]} -eq 0 ] || printf 'failed: %s\n' "${failures[@]}"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
