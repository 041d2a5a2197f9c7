#!/usr/bin/env python3
"""Runs the command lines of a .test file and compares what they print with what stands below them.

    run_cli_test.py [--bless] --path DIR [--set NAME=VALUE]... FILE.test...

A .test file is prose with indented sessions:

    Words that start in the first column are comment.

      $ godwit run hello.wasm        a command for sh; lines that start with "> " continue it
      Hello                          its standard output
      ! error: …                     its standard error, one "! " per line
      [1]                            its exit status, if it is not 0

What is printed as the value of GUESTS or of the working directory is expected as "$GUESTS" or "$PWD". An expected line
may end in " (re)": the rest is a regular expression for the whole line. A line "..." (or "! ...") stands for any
number of lines. All commands of a file run one after another in one empty directory. --bless writes what was printed
into the file, for the commands whose expectations fail.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

INDENT = "  "


class Session:
    """One command and what is expected of it."""

    def __init__(self, line_number, command):
        self.line_number = line_number
        self.command = command
        self.out, self.err, self.status = [], [], 0


def parse(text):
    """Yields strings (lines of comment) and Sessions, in order."""
    parts, session = [], None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith(INDENT):
            session = None
            parts.append(line)
            continue
        body = line[len(INDENT):]
        if body.startswith("$ "):
            session = Session(number, body[2:])
            parts.append(session)
        elif session is None:
            parts.append(line)
        elif body.startswith("> ") and not (session.out or session.err):
            session.command += "\n" + body[2:]
        elif re.fullmatch(r"\[\d+\]", body):
            session.status = int(body[1:-1])
        elif body.startswith("! ") or body == "!":
            session.err.append(body[2:])
        else:
            session.out.append(body)
    return parts


def line_matches(expected, actual):
    if expected.endswith(" (re)"):
        return re.fullmatch(expected[:-5], actual) is not None
    return expected == actual


def lines_match(expected, actual):
    """True if `actual` is what `expected` says, "..." standing for any lines."""
    if not expected:
        return not actual
    if expected[0] == "...":
        return any(lines_match(expected[1:], actual[i:]) for i in range(len(actual) + 1))
    return bool(actual) and line_matches(expected[0], actual[0]) and lines_match(expected[1:], actual[1:])


def run(command, directory, environment):
    done = subprocess.run(["/bin/sh", "-c", command], cwd=directory, env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=120)
    status = done.returncode if done.returncode >= 0 else 128 - done.returncode
    return decode(done.stdout, directory, environment), decode(done.stderr, directory, environment), status


def decode(data, directory, environment):
    """Lines, with the paths of this machine by the names the sessions have for them."""
    text = data.decode("utf-8", "backslashreplace").replace(directory, "$PWD")
    return text.replace(environment["GUESTS"], "$GUESTS").splitlines()


def render(session, out, err, status):
    lines = [INDENT + ("$ " if i == 0 else "> ") + line for i, line in enumerate(session.command.split("\n"))]
    lines += [INDENT + line for line in out] + [INDENT + "! " + line for line in err]
    return lines + ([f"{INDENT}[{status}]"] if status else [])


def run_file(path, environment, bless):
    """Runs one file; yields the number of sessions and of failures."""
    with open(path, encoding="utf-8") as file:
        parts = parse(file.read())
    written, sessions, failures = [], 0, 0
    with tempfile.TemporaryDirectory(prefix="godwit-cli-") as directory:
        for part in parts:
            if isinstance(part, str):
                written.append(part)
                continue
            sessions += 1
            out, err, status = run(part.command, directory, environment)
            good = lines_match(part.out, out) and lines_match(part.err, err) and part.status == status
            if good:
                written += render(part, part.out, part.err, part.status)
                continue
            written += render(part, out, err, status)
            failures += 1
            if not bless:
                print(f"{path}:{part.line_number}: FAILED")
                print("\n".join(["  expected"] + render(part, part.out, part.err, part.status)))
                print("\n".join(["  got"] + render(part, out, err, status)) + "\n")
    if bless and failures:
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(written) + "\n")
        print(f"{path}: wrote {failures} of {sessions} sessions anew")
        failures = 0
    return sessions, failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bless", action="store_true")
    parser.add_argument("--path", required=True, help="where godwit is")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    environment = {"PATH": os.path.abspath(options.path) + ":" + os.environ["PATH"], "LC_ALL": "C", "HOME": "/nowhere",
                   # nothing is kept for other tests, unless a test says where
                   "XDG_CACHE_HOME": "/dev/null", "XDG_DATA_HOME": "/dev/null"}
    environment.update(pair.split("=", 1) for pair in options.set)
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
        if name in os.environ:
            environment[name] = os.environ[name]
    sessions = failures = 0
    for path in options.files:
        ran, failed = run_file(path, environment, options.bless)
        sessions, failures = sessions + ran, failures + failed
    print(f"{sessions} commands, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
