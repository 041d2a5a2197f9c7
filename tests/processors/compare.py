#!/usr/bin/env python3
"""Runs guest programs on two processors, each interpreted and compiled, and compares what they print.

    compare.py --here GODWIT --there GODWIT --guests DIRECTORY

The two GODWITs are of two processors; one may be a script that starts an emulator. Output, errors and exit status of
every program must be the same in all four runs.
"""
import argparse
import pathlib
import subprocess
import sys

TIERS = ("interp", "baseline")

# What is run, by the name of the guest: arguments of the program.
PROGRAMS = {
    "hello-c": [],
    "hello-cc": [],
    "hello-rs": [],
    "hello-go": [],
    "cli-arguments": ["one", "two words", ""],
    "cli-exit-status": ["7"],
    "cli-missing-import": [],
    "divide-by-zero": [],
    "out-of-bounds": [],
    "recursion": [],
    "unreachable": [],
    "exceptions-cxx-exnref": [],
    "exceptions-cxx-legacy": [],
    "exceptions-longjmp-exnref": [],
    "exceptions-longjmp-legacy": [],
    "threads-handover": ["1000"],
    # small enough for an emulator
    "kernel-dot-i8": ["2"],
    "kernel-fannkuch": ["7"],
    "kernel-fib": ["22"],
    "kernel-json": ["2"],
    "kernel-mandel": ["1"],
    "kernel-matmul-f32": ["1"],
    "kernel-matmul-f64": ["1"],
    "kernel-nbody": ["2"],
    "kernel-qsort": ["1"],
    "kernel-sha256": ["1"],
    "kernel-sieve": ["1"],
    "kernel-transformer": ["1"],
    "kernel-vm": ["1"],
}


def run(godwit, tier, wasm, arguments):
    done = subprocess.run([godwit, "run", "--tier", tier, wasm, *arguments], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--here", required=True)
    parser.add_argument("--there", required=True)
    parser.add_argument("--guests", required=True, type=pathlib.Path)
    options = parser.parse_args()
    missing = [name for name in PROGRAMS if not (options.guests / f"{name}.wasm").exists()]
    if missing:
        sys.exit(f"not in {options.guests}: {' '.join(missing)}")
    failures = 0
    for name, arguments in PROGRAMS.items():
        wasm = str(options.guests / f"{name}.wasm")
        expected = run(options.here, TIERS[0], wasm, arguments)
        for godwit, tier in [(options.here, TIERS[1])] + [(options.there, tier) for tier in TIERS]:
            got = run(godwit, tier, wasm, arguments)
            if got == expected:
                continue
            failures += 1
            print(f"{name}: {godwit} --tier {tier} differs\n  expected {expected}\n  got      {got}")
    print(f"{len(PROGRAMS)} programs on two processors, {len(TIERS)} tiers each: {failures} differences")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
