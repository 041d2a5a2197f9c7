#!/usr/bin/env bash
# Optional: OpenVINO, for the nn-openvino plug-in (./dev setup --nn openvino): its C functions, the CPU and the readers of its
# own format.
# makes: third_party/nn/openvino/libs/libopenvino_c.so
# makes: third_party/nn/openvino/include/openvino/c/openvino.h
source "$(dirname "$0")/lib.sh"
if [ "${1:-}" = key ]; then exit; fi

scratch_dir
echo "fetching $OPENVINO_PACKAGE $OPENVINO_VERSION (59 MB)"
pip_download "$OPENVINO_PACKAGE" "$OPENVINO_VERSION" "$OPENVINO_SHA256" --platform "$OPENVINO_PLATFORM" --python-version 3.11 \
  --implementation cp --abi cp311
unzip -q "$scratch"/wheel/*.whl -d "$scratch/unpacked"
openvino=$scratch/openvino
mkdir -p "$openvino/libs" "$openvino/include/openvino"
cp -r "$scratch"/unpacked/openvino/include/openvino/c "$openvino/include/openvino/"
for library in libopenvino.so libopenvino_c.so libopenvino_ir_frontend.so libopenvino_intel_cpu_plugin.so libtbb.so libhwloc.so; do
  cp -a "$scratch/unpacked/openvino/libs/$library"* "$openvino/libs/"
done
cp -r "$scratch"/unpacked/openvino-*.dist-info/licenses "$openvino/" 2>/dev/null || true
ln -s "$(cd "$openvino/libs" && ls libopenvino_c.so.*)" "$openvino/libs/libopenvino_c.so"
replace_dir "$openvino" $third_party/nn/openvino
