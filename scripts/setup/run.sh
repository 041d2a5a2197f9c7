#!/usr/bin/env bash
# Runs the set-up steps that are not up to date, in order; quick when all are.
# A step is up to date when its stamp holds the hash of its text, its pins and its key, and all that it makes exists.
# usage: run.sh [--force] [--nn all|NAME,...] [step...]
#   --nn   also the libraries of tensor backends other than ggml, by their steps' names
source "$(dirname "$0")/lib.sh"

all_steps=(apt sysroot cxx rust crates llama model go wasmtime openai mcp spec)
stamps=$third_party/.stamps
logs=build/logs
mkdir -p "$stamps" "$logs"

force=
steps=()
nn=()
while [ $# -gt 0 ]; do
  case $1 in
    --force) force=1 ;;
    --nn) [ $# -ge 2 ] || die "--nn needs 'all' or names: $(nn_backends all)"
          read -r -a nn <<< "$(nn_backends "$2")"
          [ ${#nn[@]} -gt 0 ] || die "--nn $2: no such backend (have: $(nn_backends all))"
          shift ;;
    *) [ -f "scripts/setup/$1.sh" ] || die "no set-up step '$1' (have: ${all_steps[*]})"
       steps+=("$1") ;;
  esac
  shift
done
[ ${#steps[@]} -gt 0 ] || for step in "${all_steps[@]}"; do
  [ ! -f "scripts/setup/$step.sh" ] || steps+=("$step")
done
steps+=("${nn[@]}")

step_key() {
  { cat "scripts/setup/$1.sh"; grep -E "^(${1^^}|APT)_" scripts/setup/pins.sh; bash "scripts/setup/$1.sh" key; } |
    sha256sum | cut -d' ' -f1
}

made_everything() {
  local path
  while read -r path; do
    [ -e "$path" ] || return 1
  done < <(sed -n 's/^# makes: //p' "scripts/setup/$1.sh")
}

position=0
for step in "${steps[@]}"; do
  position=$(( position + 1 ))
  if [ -z "$force" ] && [ "$(cat "$stamps/$step" 2>/dev/null)" = "$(step_key "$step")" ] && made_everything "$step"; then
    continue
  fi
  bash scripts/quietly.sh --label "[$position/${#steps[@]}] $step" "setup-$step" bash "scripts/setup/$step.sh"
  made_everything "$step" || die "step $step ended well but did not make what it declares (log: $logs/setup-$step.log)"
  step_key "$step" > "$stamps/$step"     # after the run: the step may have installed what its key asks for
done
