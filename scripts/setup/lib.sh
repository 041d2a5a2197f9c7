# What the set-up steps share: failing with a reason, checked downloads, running as root.
# A step is scripts/setup/<name>.sh. It runs from the repository root, may be run again at any time, prints what it
# does, and declares what must exist afterwards in lines `# makes: <path>`; called with the argument `key` it
# prints what its result depends on besides its own text and its pins.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source scripts/setup/pins.sh

readonly third_party=third_party
readonly debian_cargo=/usr/bin/cargo debian_rustc=/usr/bin/rustc   # by full path: a rustup toolchain may shadow them

die() { echo "error: $*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif has sudo; then sudo "$@"
  else die "need root to run: $* (run ./dev setup once as root, or install sudo)"
  fi
}

# jobs: how many compile jobs fit this machine (one per core, and 1.5 GB of memory each)
jobs() {
  local cores memory_mb
  cores=$(nproc)
  memory_mb=$(awk '/MemAvailable/ {print int($2 / 1024)}' /proc/meminfo)
  echo $(( cores < 1 + memory_mb / 1500 ? cores : 1 + memory_mb / 1500 ))
}

# check_sha256 <file> <hash>
check_sha256() {
  local actual
  actual=$(sha256sum "$1" | cut -d' ' -f1)
  [ "$actual" = "$2" ] || die "$1 has SHA-256 $actual, expected $2 (scripts/setup/pins.sh)"
}

# scratch_dir: a directory that goes away with the step
scratch_dir() {
  scratch=$(mktemp -d "${TMPDIR:-/tmp}/godwit-setup.XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
}

# replace_dir <new> <old>: puts a finished directory in the place of an older one
replace_dir() {
  rm -rf "$2"
  mkdir -p "$(dirname "$2")"
  mv "$1" "$2"
}

# vendor_crate <crate> <version> <checksum>: the crate's files come to $scratch/crate/vendor/<crate>
vendor_crate() {
  mkdir -p "$scratch/crate/src"
  : > "$scratch/crate/src/lib.rs"
  cat > "$scratch/crate/Cargo.toml" <<TOML
[package]
name = "fetch"
version = "0.0.0"
edition = "2021"
[dependencies]
$1 = "=$2"
TOML
  (cd "$scratch/crate" && "$debian_cargo" vendor --quiet > /dev/null)
  grep -A 3 "^name = \"$1\"" "$scratch/crate/Cargo.lock" | grep -q "checksum = \"$3\"" ||
    die "crate $1 $2 does not have the checksum in scripts/setup/pins.sh"
}

# pip_download <package> <version> <sha256> [<pip option>...]: the wheel comes to $scratch/wheel/
pip_download() {
  mkdir -p "$scratch/wheel"
  echo "$1==$2 --hash=sha256:$3" > "$scratch/requirements.txt"
  python3 -m pip download --disable-pip-version-check --no-cache-dir --no-deps --only-binary :all: --require-hashes \
    --dest "$scratch/wheel" --requirement "$scratch/requirements.txt" "${@:4}"
}

# nn_backends all|NAME,...: the names of tensor backends beside ggml, each a set-up step; nothing if one is unknown
nn_backends() {
  local all='onnx tflite openvino pytorch whisper tensorflow' name
  [ "$1" != all ] || { echo "$all"; return; }
  for name in ${1//,/ }; do
    [[ " $all " == *" $name "* ]] || return 0
  done
  echo "${1//,/ }"
}
