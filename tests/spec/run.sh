#!/usr/bin/env bash
# Runs the official specification tests with a built runner; the suite is made by scripts/setup/spec.sh.
# usage: [GODWIT_BUILD=<build directory>] run.sh [spec_runner options] [file...]
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${GODWIT_BUILD:-build/release}
exec "$build/tests/spec/spec_runner" --suite third_party/spec-json --lists tests/spec "$@"
