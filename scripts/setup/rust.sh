#!/usr/bin/env bash
# Rust's standard library for wasm32-wasip1, built with Debian's rustc: rlibs belong to one exact compiler, and Debian
# ships none for this target. Needs the sysroot step.
# makes: third_party/rust-sysroot/lib/rustlib/wasm32-wasip1/lib/self-contained/libc.a
source "$(dirname "$0")/lib.sh"
if [ "${1:-}" = key ]; then "$debian_rustc" --version 2>/dev/null || true; exit; fi

[ -x "$debian_rustc" ] || die "no $debian_rustc (package rustc-web)"
sysroot=$PWD/$third_party/wasi-sysroot
scratch_dir
mkdir -p "$scratch/std/src"
: > "$scratch/std/src/lib.rs"
printf '[package]\nname = "std-for-guests"\nversion = "0.0.0"\nedition = "2021"\n' > "$scratch/std/Cargo.toml"
echo "building std for wasm32-wasip1 with $("$debian_rustc" --version)"
(
  cd "$scratch/std"
  # RUSTC_BOOTSTRAP: -Zbuild-std is an unstable option of cargo; the library it builds is the released one.
  RUSTC=$debian_rustc RUSTC_BOOTSTRAP=1 "$debian_cargo" build --release --target wasm32-wasip1 \
    -Zbuild-std=std,panic_abort,test
)
lib=$scratch/rust-sysroot/lib/rustlib/wasm32-wasip1/lib
mkdir -p "$lib/self-contained"
cp "$scratch"/std/target/wasm32-wasip1/release/deps/*.rlib "$lib/"
rm "$lib"/libstd_for_guests-*.rlib
cp "$sysroot"/lib/wasm32-wasip1/{crt1-command.o,crt1-reactor.o,libc.a} "$lib/self-contained/"
replace_dir "$scratch/rust-sysroot" $third_party/rust-sysroot
