#!/usr/bin/env bash
# Optional: PyTorch's library for C++, Debian's, for the nn-pytorch plug-in (./dev setup --nn pytorch; 156 MB). OpenBLAS is of
# the kind with threads: without it models are slow.
# makes: /usr/include/torch/script.h
source "$(dirname "$0")/lib.sh"
packages=(libtorch-dev libopenblas0-pthread)
if [ "${1:-}" = key ]; then
  dpkg-query --show --showformat='${Package} ${db:Status-Abbrev}\n' "${packages[@]}" 2>/dev/null | sha256sum
  exit
fi

as_root apt-get update
as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${packages[@]}"
