#!/usr/bin/env python3
"""How large the executable is, and how much of it the baseline compiler's tables are; fails where either is too much.

  tests/size/check.py build/release/godwit
"""

import os
import re
import subprocess
import sys
import tempfile

MOST_EXECUTABLE_BYTES = 4_000_000
MOST_STENCIL_BYTES = 500_000
# The tables of src/jit's stencils, by their mangled names.
STENCILS = re.compile(r"_ZN6godwit3jit.*\d+k(Stencils|StencilCode|Holes|Steps|StepNumbers|SlotUses|Constants)E$")


def stripped_size(path):
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "stripped")
        subprocess.run(["llvm-strip-22", "-o", copy, path], check=True)
        return os.path.getsize(copy)


def stencil_size(path):
    printed = subprocess.run(["llvm-nm-22", "--print-size", "--defined-only", path], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in printed.splitlines()]
    return sum(int(row[1], 16) for row in rows if len(row) == 4 and STENCILS.match(row[3]))


def main():
    path = sys.argv[1]
    sizes = {"stripped executable": (stripped_size(path), MOST_EXECUTABLE_BYTES), "stencils": (stencil_size(path), MOST_STENCIL_BYTES)}
    for name, (size, most) in sizes.items():
        print(f"{name}: {size} bytes, at most {most}")
    # no table found means that they have other names now
    if any(size > most or size == 0 for size, most in sizes.values()):
        sys.exit("too large, or nothing found")


if __name__ == "__main__":
    main()
