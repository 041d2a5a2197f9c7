#!/usr/bin/env python3
"""Runs clang-tidy over the compiled sources, in parallel, and remembers what was clean.

A file is skipped when its text, all headers of the project that it includes, its compile command and .clang-tidy are
the same as when it was last clean (build/.tidy/<hash>).

usage: tidy.py <build directory> [file...]
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

TIDY = "clang-tidy-22"
CLEAN = pathlib.Path("build/.tidy")
TREES = ("src/", "tools/", "plugins/", "tests/")


def headers_of(build):
    """What ninja knows: source file -> the project's files that its object depends on."""
    output = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=True).stdout
    root = os.getcwd() + os.sep
    result, current = {}, []
    for line in output.splitlines():
        if line and not line.startswith(" "):
            current = []
        elif line.strip():
            path = os.path.normpath(os.path.join(build, line.strip()))
            path = path[len(root) :] if path.startswith(root) else path
            if not os.path.isabs(path) and not path.startswith(("build/", "third_party/")):
                current.append(path)
                result.setdefault(current[0], current)
    return result


def key_of(path, command, headers, config):
    digest = hashlib.sha256(config + command.encode())
    for name in sorted({path, *headers}):
        digest.update(name.encode())
        if os.path.exists(name):
            digest.update(pathlib.Path(name).read_bytes())
    return digest.hexdigest()


def tidy(build, path):
    result = subprocess.run([TIDY, "-p", build, "--quiet", path], capture_output=True, text=True, check=False)
    return result.returncode, result.stdout


def main():
    build, wanted = sys.argv[1], set(sys.argv[2:])
    root = os.getcwd() + os.sep
    config = pathlib.Path(".clang-tidy").read_bytes()
    headers = headers_of(build)
    todo = {}
    for entry in json.loads(pathlib.Path(build, "compile_commands.json").read_text()):
        path = os.path.normpath(os.path.join(entry["directory"], entry["file"])).removeprefix(root)
        if not path.startswith(TREES) or not path.endswith((".cc", ".c")) or (wanted and path not in wanted):
            continue
        arguments = entry.get("command") or shlex.join(entry["arguments"])
        key = key_of(path, arguments.replace(build, ""), headers.get(path, []), config)
        if not (CLEAN / key).exists():
            todo[path] = key
    CLEAN.mkdir(parents=True, exist_ok=True)
    started, failed, done = time.monotonic(), 0, 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {pool.submit(tidy, build, path): path for path in todo}
        for future in concurrent.futures.as_completed(running):
            path, (code, output) = running[future], future.result()
            done += 1
            if code == 0:
                (CLEAN / todo[path]).touch()
            else:
                failed += 1
                print(output.strip())
            print(f"  clang-tidy [{done}/{len(todo)}] {path} ({time.monotonic() - started:.0f} s)", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
