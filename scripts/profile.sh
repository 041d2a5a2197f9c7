#!/usr/bin/env bash
# ./dev profile: builds godwit so that it counts what it does, compiles two large modules with it, and writes
# cmake/release.profdata. To be run when the decoder, the validator, the translator or the compiler of machine code have
# changed much.
set -euo pipefail
cd "$(dirname "$0")/.."

build=build/profile
counts=$build/counts
jobs=$(source scripts/setup/lib.sh; jobs)
bash scripts/quietly.sh configure-profile \
  cmake --preset release -B $build -DGODWIT_PROFILE=generate -DGODWIT_BUILD_TESTS=OFF -DGODWIT_BUILD_GUESTS=OFF
bash scripts/quietly.sh build-profile cmake --build $build -- -j "$jobs" bench_compile
mapfile -t modules < <(PYTHONPATH=bench python3 -c '
from harness.build import large_programs
for program in large_programs(): print(program.wasm)')
rm -rf $counts
for module in "${modules[@]}"; do
  LLVM_PROFILE_FILE=$counts/%p.profraw $build/bench/bench_compile "$module" 1
done
llvm-profdata-22 merge -o cmake/release.profdata $counts/*.profraw
ls -l cmake/release.profdata
