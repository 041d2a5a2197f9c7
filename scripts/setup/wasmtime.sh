#!/usr/bin/env bash
# Wasmtime, as a package for Python: the tests run guests on it, too, and compare (tests/real).
# makes: third_party/wasmtime/wasmtime/__init__.py
source "$(dirname "$0")/lib.sh"
if [ "${1:-}" = key ]; then exit; fi

machine=$(uname -m)
hash_name=WASMTIME_SHA256_$machine
[ -n "${!hash_name:-}" ] || die "no Wasmtime is pinned for $machine (scripts/setup/pins.sh)"
scratch_dir
echo "fetching wasmtime $WASMTIME_VERSION"
pip_download wasmtime "$WASMTIME_VERSION" "${!hash_name}"
unzip -q "$scratch"/wheel/*.whl -d "$scratch/unpacked"
replace_dir "$scratch/unpacked" $third_party/wasmtime
PYTHONPATH=$third_party/wasmtime python3 -c 'import wasmtime; wasmtime.Engine()'
