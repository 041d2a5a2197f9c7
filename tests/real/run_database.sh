#!/usr/bin/env bash
# Runs databases/<kind>.test; ends with 77, "skipped", where the databases are not set up or their clients not built, which
# only ./dev test --full does.
# usage: run_database.sh <kind> <directory of godwit> <directory of guests>
set -euo pipefail
cd "$(dirname "$0")"
programs=$PWD/../../third_party/databases/usr/lib/postgresql/15/bin
if [ ! -x "$programs/postgres" ] || [ ! -e "$3/real-redis.wasm" ]; then
  echo "skipped: ./dev setup databases, then ninja databases"
  exit 77
fi
exec python3 ../cli/run_cli_test.py --path "$2" --set "GUESTS=$3" --set "WITH=python3 $PWD/databases.py --postgresql $programs" \
  "databases/$1.test"
