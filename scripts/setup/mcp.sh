#!/usr/bin/env bash
# The Model Context Protocol's library for Python: clients and servers of the tests of agents' tools (tests/agents).
# makes: third_party/mcp-client/mcp/__init__.py
source "$(dirname "$0")/lib.sh"
if [ "${1:-}" = key ]; then cat scripts/setup/mcp.txt; exit; fi

if [ "$(uname -m)" != x86_64 ]; then
  mkdir -p $third_party/mcp-client/mcp && touch $third_party/mcp-client/mcp/__init__.py   # no tests there
  exit
fi
scratch_dir
echo "fetching the Model Context Protocol's library for Python"
python3 -m pip install --disable-pip-version-check --no-cache-dir --no-deps --no-compile --only-binary :all: --require-hashes --quiet \
  --target "$scratch/unpacked" --requirement scripts/setup/mcp.txt
replace_dir "$scratch/unpacked" $third_party/mcp-client
PYTHONPATH=$third_party/mcp-client python3 -c 'import mcp, mcp.server.mcpserver, uvicorn'
