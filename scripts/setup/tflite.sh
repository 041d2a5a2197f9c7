#!/usr/bin/env bash
# Optional: TensorFlow Lite, for the nn-tensorflowlite plug-in (./dev setup --nn tflite). Of a package for Java, whose
# library exports the functions for C as well.
# makes: third_party/nn/tflite/libjnitensorflowlite.so
source "$(dirname "$0")/lib.sh"
if [ "${1:-}" = key ]; then exit; fi

packages=()
has java || packages+=(default-jre-headless)
has mvn || packages+=(maven)
[ ${#packages[@]} -eq 0 ] || as_root apt-get install -y --no-install-recommends "${packages[@]}"

scratch_dir
echo "fetching tensorflow-lite $TFLITE_VERSION (4 MB)"
(cd "$scratch" && mvn -q -B dependency:copy -DoutputDirectory="$scratch" \
  "-Dartifact=org.bytedeco:tensorflow-lite:$TFLITE_VERSION:jar:linux-x86_64")
check_sha256 "$scratch/tensorflow-lite-$TFLITE_VERSION-linux-x86_64.jar" "$TFLITE_SHA256"
mkdir "$scratch/tflite"
unzip -q -p "$scratch"/tensorflow-lite-*.jar org/bytedeco/tensorflowlite/linux-x86_64/libjnitensorflowlite.so \
  > "$scratch/tflite/libjnitensorflowlite.so"
replace_dir "$scratch/tflite" $third_party/nn/tflite
