#!/usr/bin/env bash
# Runs a command with its output in build/logs/<name>.log: shows how far it is, and the end of the log if it fails.
# usage: quietly.sh [--label text] <name> <command...>
set -euo pipefail
label=
[ "$1" != --label ] || { label=$2; shift 2; }
name=$1
label=${label:-$name}
shift
log=build/logs/$name.log
mkdir -p build/logs
started=$SECONDS shown=0 status=0
"$@" > "$log" 2>&1 < /dev/null &
command=$!
trap 'kill $command 2>/dev/null' INT TERM
while kill -0 $command 2>/dev/null; do
  sleep 0.1
  elapsed=$(( SECONDS - started ))
  [ $elapsed -ge 2 ] && [ $elapsed -gt $shown ] || continue
  line=$(tail -c 4096 "$log" | tr '\r' '\n' | grep -v '^[[:space:]]*$' | tail -n 1 | cut -c 1-90 || true)
  if [ -t 1 ]; then
    shown=$elapsed
    printf '\r\033[K%s  %d s  %s' "$label" $elapsed "$line"
  elif [ $shown -eq 0 ] || [ $elapsed -ge $(( shown + 20 )) ]; then
    shown=$elapsed
    printf '%s  %d s  %s\n' "$label" $elapsed "$line"
  fi
done
wait $command || status=$?
[ ! -t 1 ] || printf '\r\033[K'
if [ $status -ne 0 ]; then
  echo "$label failed after $(( SECONDS - started )) s; the end of $log:" >&2
  tail -n 60 "$log" >&2
  exit $status
fi
[ $(( SECONDS - started )) -lt 2 ] || echo "$label  done in $(( SECONDS - started )) s"
