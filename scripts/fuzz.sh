#!/usr/bin/env bash
# ./dev fuzz: builds the fuzz targets with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer, and runs them.
# usage: fuzz.sh [--minutes N] [decode_validate | debug_line | run_bytes | run | text | text_round_trip]
#   --minutes N   how long in all (1); each target that runs has its part
set -euo pipefail
cd "$(dirname "$0")/.."

build=build/fuzz
minutes=1
targets=()
while [ $# -gt 0 ]; do
  case $1 in
    --minutes) minutes=${2:?--minutes wants a number}; shift ;;
    decode_validate | debug_line | run_bytes | run | text | text_round_trip) targets+=("$1") ;;
    *) echo "error: unknown argument $1 (have: --minutes N, decode_validate, debug_line, run_bytes, run, text, text_round_trip)" >&2; exit 2 ;;
  esac
  shift
done
[[ $minutes =~ ^[0-9]+$ && $minutes -gt 0 ]] || { echo "error: --minutes wants a number above 0" >&2; exit 2; }
[ ${#targets[@]} -gt 0 ] || targets=(decode_validate debug_line run_bytes run text text_round_trip)
jobs=$(source scripts/setup/lib.sh; jobs)

[ -f $build/build.ninja ] || bash scripts/quietly.sh configure-fuzz cmake --preset fuzz
bash scripts/quietly.sh build-fuzz cmake --build $build -- -j "$jobs" fuzzers
mkdir -p $build/logs $build/findings
$build/fuzz/make_seeds $build/seeds

seconds=$(( minutes * 60 / ${#targets[@]} ))
failed=()
for target in "${targets[@]}"; do
  case $target in
    run) seeds=("$build/seeds/choices") ;;
    text) seeds=("$build/seeds/texts") ;;
    text_round_trip) seeds=("$build/seeds/modules" "$build/seeds/choices" "$build/seeds/texts") ;;
    *) seeds=("$build/seeds/modules") ;;
  esac
  corpus=$build/corpus/$target
  log=$build/logs/$target.log
  mkdir -p "$corpus"
  command=($build/fuzz/fuzz_"$target" -max_total_time=$seconds -max_len=4096 -timeout=30 -print_final_stats=1
           -artifact_prefix=$build/findings/"$target"- "$corpus" "${seeds[@]}")
  status=0
  "${command[@]}" > "$log" 2>&1 < /dev/null || status=$?
  # the last line of progress: coverage in edges and features, inputs in the corpus
  progress=$(grep -E '^#[0-9]+' "$log" | tail -n 1 | sed -E 's/^#([0-9]+).*cov: ([0-9]+) ft: ([0-9]+) corp: ([0-9]+).*/\1 runs, \2 edges, \3 features covered, \4 inputs kept/')
  echo "$target: $progress in $seconds s"
  grep -E 'instructions executed|modules of .* ran' "$log" | sed 's/^/  /' || true
  if [ $status -ne 0 ]; then
    failed+=("$target")
    grep -E 'finding:|ERROR: |SUMMARY: |runtime error:' "$log" | head -n 5 | sed 's/^/  /'
    artifact=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    echo "  again: $build/fuzz/fuzz_$target $artifact      (the whole output: $log)"
  fi
done
[ ${#failed[@]} -eq 0 ] || { echo "fuzz: findings in ${failed[*]}"; exit 1; }
echo "fuzz: no finding in ${#targets[@]} targets"
