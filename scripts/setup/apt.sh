#!/usr/bin/env bash
# Installs the Debian packages that building and testing need. Nothing is downloaded when all are there.
source "$(dirname "$0")/lib.sh"

packages=(
  ca-certificates git python3 python3-pip unzip xz-utils
  clang-$APT_LLVM lld-$APT_LLVM llvm-$APT_LLVM                          # host and guests
  libclang-rt-$APT_LLVM-dev libclang-rt-$APT_LLVM-dev-wasm32            # sanitizers; run-time support of guests
  clang-format-$APT_LLVM clang-tidy-$APT_LLVM
  cmake ninja-build ccache
  rustc-web cargo-web rust-web-src                                      # Rust guests, and crates as a source of sources
  libstdc++-12-dev libfmt-dev
  llvm-$APT_LLVM-dev libzstd-dev zlib1g-dev                             # the optimising compiler
  libssl-dev openssl                                                    # TLS for guests, and the certificates of its tests
  libboost1.81-dev libtomlplusplus-dev libsqlite3-dev                   # HTTP, manifests and state of agents
  wrk curl                                                              # tests under load, and of TLS as others speak it
  libgtest-dev g++-12                                                   # tests
)

if [ "${1:-}" = key ]; then
  dpkg-query --show --showformat='${Package} ${db:Status-Abbrev}\n' "${packages[@]}" 2>/dev/null | sha256sum
  has npm || echo "no npm"
  exit
fi

[ -r /etc/debian_version ] || die "set-up knows Debian 12 and its relatives. Install by hand: ${packages[*]} npm"
has npm || packages+=(npm)     # a node of another origin conflicts with Debian's npm

missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "all ${#packages[@]} packages are installed"
  exit
fi
echo "installing ${#missing[@]} packages: ${missing[*]}"
as_root apt-get update
as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
