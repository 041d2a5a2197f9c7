#!/usr/bin/env python3
"""Runs the command blocks of the docs: each ```sh block of a page in an empty directory of its own, by bash, line after line
as a reader would type them. A block fails with the first command that does, and if its last command says nothing.

usage: run_docs.py [--build DIR] [page...]     without pages: all of docs/
"""

import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def blocks(page):
    """(line, text) of each."""
    text = page.read_text()
    for match in re.finditer(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, match.start()) + 1, match[1]


def run(text, build):
    environment = {**os.environ, "GODWIT": str(ROOT), "PATH": f"{build}:{os.environ['PATH']}"}
    with tempfile.TemporaryDirectory(prefix="godwit-docs-") as directory:
        environment["XDG_CACHE_HOME"] = str(pathlib.Path(directory) / ".cache")
        process = subprocess.Popen(["bash", "-euo", "pipefail", "-c", text], cwd=directory, env=environment, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)  # fmt: skip
        lines = []
        status = None
        while status is None:  # what a block leaves running in the background keeps the pipe open
            try:
                status = process.wait(600)
            except subprocess.TimeoutExpired:
                status = 124
        os.killpg(process.pid, signal.SIGTERM)
        lines.append(process.stdout.read())
        return status, "".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=ROOT / "build" / "release", type=pathlib.Path)
    parser.add_argument("pages", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    failed = 0
    for page in options.pages or sorted((ROOT / "docs").glob("*.md")):
        for line, text in blocks(page):
            status, said = run(text, options.build.resolve())
            print(f"{page.name}:{line}: {'ok' if status == 0 else f'ended with {status}'}")
            print(re.sub("^", "    ", said.rstrip(), flags=re.MULTILINE))
            failed += status != 0
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
