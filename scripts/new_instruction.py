#!/usr/bin/env python3
"""Checks that an instruction needs a row and a function, and nothing else.

usage: new_instruction.py

Adds the made-up instruction of docs/adding-an-instruction.md to a copy of the sources (tests/new-instruction/made-up.patch,
which may touch those two files only), builds the copy, and runs the instruction: every way the tests run any instruction,
and from a text, interpreted and compiled. The copy is that of planted_bugs.py, so that little is compiled twice.
"""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import planted_bugs as copy

NEW = copy.ROOT / "tests/new-instruction"
PLACES = {"src/wasm/opcodes.def", "src/runtime/numeric.h"}
TESTS = ["--gtest_filter=Plain/EveryOp.*/i64_mean_u:EveryOp.*"]
# What the examples come to: arguments and the mean of the two, rounded up.
EXAMPLES = [(("4", "9"), "7"), (("0", "0"), "0"), (("-1", "-2"), "-1"), (("-1", "0"), "-9223372036854775808")]


def run(*command):
    done = subprocess.run(command, cwd=copy.BUILD, capture_output=True, text=True)
    return done.returncode, done.stdout.strip()


def check():
    """What is wrong with the copy, now that it has the instruction; or None."""
    if not copy.build("engine_test", "godwit"):
        return f"the copy does not build: {copy.TREE.parent / 'build.log'}"
    status, text = run(copy.BUILD / "engine_test", *TESTS)
    if status != 0 or "1 test from Plain/EveryOp" not in text:
        return f"the tests of the instruction fail or are not there:\n{text}"
    for tier in ("interp", "baseline", "auto"):
        for function in ("mean", "mean_often"):
            for arguments, wanted in EXAMPLES:
                status, text = run(copy.BUILD / "godwit", "run", "--tier", tier, "--invoke", function, NEW / "mean.wat", *arguments)
                if status != 0 or text != wanted:
                    return f"--tier {tier}: {function}({', '.join(arguments)}) is {text}, not {wanted} (status {status})"
    return None


def main():
    patch = NEW / "made-up.patch"
    touched = {line[6:] for line in patch.read_text().splitlines() if line.startswith("+++ b/")}
    if touched != PLACES:
        sys.exit(f"error: {patch.name} touches {', '.join(sorted(touched))}: an instruction is a row and a function")
    copy.refresh_all()
    if not copy.patch(patch):
        sys.exit(f"error: {patch.relative_to(copy.ROOT)} does not fit the sources any more")
    try:
        wrong = check()
    finally:
        copy.patch(patch, "--reverse")
    print(wrong or "a new instruction needs a row and a function: tested, interpreted and compiled")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
