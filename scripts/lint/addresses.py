#!/usr/bin/env python3
"""Addresses in guest memories are made in src/runtime/guest_address.h only: elsewhere nothing is added to a memory's base."""

import pathlib
import re
import sys

ALLOWED = pathlib.Path("src/runtime/guest_address.h")
# What a memory's base is called. Elements of tables are `&table.base[index]`.
SUM = re.compile(r"(\bmem|\bmemory0(_base)?|(\.|->)base)\s*\+(?!\+)|(\bmem|\bmemory0(_base)?)\[")


def main():
    found = []
    for path in sorted(pathlib.Path("src").rglob("*")):
        if path.suffix not in (".h", ".cc") or path == ALLOWED or path.name.endswith("_test.cc"):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if SUM.search(line.split("//")[0]):
                found.append(f"{path}:{number}: an address in guest memory is made here, not by {ALLOWED}: {line.strip()}")
    print("\n".join(found))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
