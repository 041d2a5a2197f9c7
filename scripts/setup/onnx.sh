#!/usr/bin/env bash
# Optional: ONNX Runtime, for the nn-onnx plug-in (./dev setup --nn onnx).
# makes: third_party/nn/onnx/libonnxruntime.so.1
source "$(dirname "$0")/lib.sh"
if [ "${1:-}" = key ]; then exit; fi

scratch_dir
echo "fetching $ONNX_PACKAGE $ONNX_VERSION (28 MB)"
pip_download "$ONNX_PACKAGE" "$ONNX_VERSION" "$ONNX_SHA256" --platform "$ONNX_PLATFORM" --python-version 3.11 --implementation cp --abi cp311
unzip -q "$scratch"/wheel/*.whl 'onnxruntime/capi/libonnxruntime.so*' 'onnxruntime/LICENSE' 'onnxruntime/ThirdPartyNotices.txt' \
  -d "$scratch/unpacked"
mkdir "$scratch/onnx"
mv "$scratch"/unpacked/onnxruntime/capi/libonnxruntime.so.*.* "$scratch/onnx/libonnxruntime.so.1"
mv "$scratch"/unpacked/onnxruntime/LICENSE "$scratch"/unpacked/onnxruntime/ThirdPartyNotices.txt "$scratch/onnx/"
replace_dir "$scratch/onnx" $third_party/nn/onnx
