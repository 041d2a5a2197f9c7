#!/usr/bin/env bash
# Compiles program.kt for WebAssembly with garbage collection, runs it, and compares what it prints with what the same
# source prints on a Java machine (expected.txt). Ends with 77, "skipped", where Kotlin was not set up.
# usage: run.sh <godwit> <build directory> [--bless]
set -euo pipefail
cd "$(dirname "$0")"
godwit=$1 build=$2
kotlin=../../third_party/kotlin
if [ ! -d $kotlin ]; then
  echo "skipped: no Kotlin (./dev setup kotlin)"
  exit 77
fi
mkdir -p "$build"
source=$PWD/program.kt
expected=$PWD/expected.txt
lib=$PWD/$kotlin/lib
stdlib=$PWD/$kotlin/kotlin-stdlib-wasm-wasi.klib
compiler=org.jetbrains.kotlin.cli
cd "$build"

if [ "${3:-}" = --bless ]; then
  java -cp "$lib/*" $compiler.jvm.K2JVMCompiler -no-stdlib -no-reflect -cp "$lib/kotlin-stdlib-2.3.0.jar" -d jvm "$source"
  java -cp "jvm:$lib/*" ProgramKt > "$expected"
  exit
fi

if [ ! main/main.wasm -nt "$source" ]; then
  to_wasm() { java -cp "$lib/*" $compiler.js.K2JSCompiler -Xwasm -Xwasm-target=wasm-wasi -ir-output-name main "$@"; }
  to_wasm -libraries "$stdlib" -Xir-produce-klib-file -ir-output-dir klib "$source"
  to_wasm -libraries "$stdlib:$PWD/klib/main.klib" -Xir-produce-js -Xinclude="$PWD/klib/main.klib" -ir-output-dir main
fi
if ! "$godwit" run --invoke _initialize main/main.wasm > output.txt 2> errors.txt; then
  cat errors.txt >&2
  # the program throws and catches exceptions, which an interpreter without them refuses by name
  grep -q "cannot be executed by this version" errors.txt && exit 77
  exit 1
fi
diff "$expected" output.txt
echo "$(wc -l < output.txt) lines as expected"
