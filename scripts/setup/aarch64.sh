#!/usr/bin/env bash
# Optional: what builds Godwit for aarch64 on a machine of another kind, and runs it there: ./dev setup aarch64, or
# ./dev test --full. The emulator is Debian's, but newer than Debian 12's own, which needs a tenth of a second for every
# memory of a guest and does not see machine code that is written at one address and executed at another.
# makes: third_party/qemu/qemu-aarch64
# makes: /usr/aarch64-linux-gnu/lib/libc.so.6
# makes: /usr/src/googletest/CMakeLists.txt
source "$(dirname "$0")/lib.sh"
if [ "${1:-}" = key ]; then exit; fi

packages=(libc6-dev-arm64-cross libstdc++-12-dev-arm64-cross libgtest-dev googletest)
missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  as_root apt-get update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
fi

# One program of a package of the backports, from where the machine has Debian 12 from, without adding them to its sources.
scratch_dir
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Codename: bookworm' 'Component: main' | head -n 1)
[ -n "$mirror" ] || die "no source of Debian 12 among this machine's: install qemu-user by hand, and link qemu-aarch64 to $third_party/qemu/"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm-backports main" > "$scratch/sources.list"
mkdir -p "$scratch/lists/partial" "$scratch/cache/archives/partial" "$scratch/qemu"
apt=(apt-get -o "Dir::Etc::SourceList=$scratch/sources.list" -o Dir::Etc::SourceParts=/dev/null
     -o "Dir::State::Lists=$scratch/lists" -o "Dir::Cache=$scratch/cache" -o APT::Sandbox::User=)
"${apt[@]}" update
(cd "$scratch" && "${apt[@]}" download "qemu-user=$AARCH64_QEMU_VERSION")
package=$(echo "$scratch"/qemu-user_*.deb)
check_sha256 "$package" "$AARCH64_QEMU_SHA256"
dpkg-deb --fsys-tarfile "$package" | tar -x -C "$scratch" ./usr/bin/qemu-aarch64 ./usr/share/doc/qemu-user/copyright
mv "$scratch/usr/bin/qemu-aarch64" "$scratch/usr/share/doc/qemu-user/copyright" "$scratch/qemu/"
replace_dir "$scratch/qemu" $third_party/qemu
