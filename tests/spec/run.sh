#!/usr/bin/env bash
# Runs the official specification tests with a built runner; the suite is made by scripts/setup/spec.sh.
# usage: run.sh <build directory> [spec_runner options] [file...]
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:?usage: run.sh <build directory> [options] [file...]}
shift
exec "$build/tests/spec/spec_runner" --suite third_party/spec-json --lists tests/spec "$@"
