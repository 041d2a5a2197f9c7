#!/usr/bin/env bash
# Optional: TensorFlow's library for C, for the nn-tensorflow plug-in (./dev setup --nn tensorflow): two libraries of the
# package for Python, and the headers that they are called by.
# makes: third_party/nn/tensorflow/libtensorflow_cc.so.2
# makes: third_party/nn/tensorflow/include/tensorflow/c/c_api.h
source "$(dirname "$0")/lib.sh"
if [ "${1:-}" = key ]; then exit; fi

scratch_dir
echo "fetching $TENSORFLOW_PACKAGE $TENSORFLOW_VERSION (274 MB)"
pip_download "$TENSORFLOW_PACKAGE" "$TENSORFLOW_VERSION" "$TENSORFLOW_SHA256" --platform "$TENSORFLOW_PLATFORM" \
  --python-version 3.11 --implementation cp --abi cp311
unzip -q "$scratch"/wheel/*.whl 'tensorflow/libtensorflow_cc.so.2' 'tensorflow/libtensorflow_framework.so.2' \
  'tensorflow/include/LICENSE' 'tensorflow/THIRD_PARTY_NOTICES.txt' 'tensorflow/include/tensorflow/c/*.h' \
  'tensorflow/include/tensorflow/core/platform/ctstring.h' 'tensorflow/include/tsl/platform/ctstring*.h' \
  'tensorflow/include/xla/tsl/c/tsl_status.h' -d "$scratch/unpacked"
mv "$scratch/unpacked/tensorflow/include/LICENSE" "$scratch/unpacked/tensorflow/"
replace_dir "$scratch/unpacked/tensorflow" $third_party/nn/tensorflow
