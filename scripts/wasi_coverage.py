#!/usr/bin/env python3
"""Writes the table of docs/wasi.md: what the tests make each function of WASI answer.

usage: wasi_coverage.py [build folder]     with a wasi_test in it; build/release if none is named
"""

import os
import pathlib
import subprocess
import sys
import tempfile

PAGE = pathlib.Path("docs/wasi.md")
HEAD = "| function | succeeds | errors |\n|---|---|---|\n"
END = "<!-- end of the table -->"


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else "build/release"
    with tempfile.NamedTemporaryFile("r", suffix=".md") as rows:
        environment = dict(os.environ, GODWIT_WRITE_COVERAGE=rows.name)
        subprocess.run([f"{build}/wasi_test"], env=environment, check=True, stdout=subprocess.DEVNULL)
        table = rows.read()
    before, rest = PAGE.read_text().split(HEAD)
    PAGE.write_text(before + HEAD + table + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
