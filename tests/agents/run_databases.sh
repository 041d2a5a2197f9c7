#!/usr/bin/env bash
# Runs databases_test.py; ends with 77, "skipped", where the databases are not set up, which only ./dev test --full does.
# usage: run_databases.sh <godwit-serve> <directory of guests>
set -euo pipefail
cd "$(dirname "$0")"
programs=$PWD/../../third_party/databases/usr/lib/postgresql/15/bin
if [ ! -x "$programs/postgres" ]; then
  echo "skipped: ./dev setup databases"
  exit 77
fi
exec python3 databases_test.py --server "$1" --guests "$2" --source ../.. --postgresql "$programs" --databases ../real
