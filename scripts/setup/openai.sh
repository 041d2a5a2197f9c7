#!/usr/bin/env bash
# OpenAI's client for Python: the tests of the server talk by it (tests/openai).
# makes: third_party/openai-client/openai/__init__.py
source "$(dirname "$0")/lib.sh"
if [ "${1:-}" = key ]; then cat scripts/setup/openai.txt; exit; fi

if [ "$(uname -m)" != x86_64 ]; then
  mkdir -p $third_party/openai-client/openai && touch $third_party/openai-client/openai/__init__.py   # no tests there
  exit
fi
scratch_dir
echo "fetching OpenAI's client for Python"
python3 -m pip install --disable-pip-version-check --no-cache-dir --no-deps --only-binary :all: --require-hashes --quiet \
  --target "$scratch/unpacked" --requirement scripts/setup/openai.txt
replace_dir "$scratch/unpacked" $third_party/openai-client
PYTHONPATH=$third_party/openai-client python3 -c 'import openai'
