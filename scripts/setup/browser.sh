#!/usr/bin/env bash
# A browser for the tests of the pages (tests/web): Debian's Chromium, what drives it, and what looks for barriers. An
# optional step.
# makes: third_party/browser/node_modules/playwright-core/package.json
# makes: third_party/browser/node_modules/axe-core/axe.min.js
source "$(dirname "$0")/lib.sh"
packages=(chromium fonts-dejavu-core)
if [ "${1:-}" = key ]; then
  dpkg-query --show --showformat='${Package} ${db:Status-Abbrev}\n' "${packages[@]}" 2>/dev/null | sha256sum
  exit
fi

as_root apt-get update
as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${packages[@]}"
scratch_dir
# fetch <package> <version> <sha256>
fetch() {
  echo "fetching $1 $2"
  local archive
  archive=$(cd "$scratch" && npm pack --silent "$1@$2" | tail -n 1)
  check_sha256 "$scratch/$archive" "$3"
  mkdir -p "$scratch/browser/node_modules/$1"
  tar -xzf "$scratch/$archive" -C "$scratch/browser/node_modules/$1" --strip-components=1
}
fetch playwright-core "$BROWSER_PLAYWRIGHT_VERSION" "$BROWSER_PLAYWRIGHT_SHA256"
fetch axe-core "$BROWSER_AXE_VERSION" "$BROWSER_AXE_SHA256"
replace_dir "$scratch/browser" $third_party/browser
