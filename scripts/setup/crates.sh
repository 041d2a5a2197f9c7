#!/usr/bin/env bash
# Fetches the crates that Rust guests are built with, as their Cargo.lock files name them, so that building does not.
source "$(dirname "$0")/lib.sh"
locks=(tests/*/rust/Cargo.lock tests/net/web/Cargo.lock)
if [ "${1:-}" = key ]; then
  sha256sum "${locks[@]}"
  exit
fi

for lock in "${locks[@]}"; do
  "$debian_cargo" fetch --locked --manifest-path "${lock%.lock}.toml"
done
