#!/usr/bin/env python3
"""Runs a guest everywhere it runs, and fails unless it does the same there.

    compare.py [--bless] --godwit FILE --guests DIR [--native DIR] [--peak] [--wasmtime DIR] [--cache DIR] SCENARIO.toml...

A scenario says what is run, one step after another in one directory, which the guest has as "/":

    guest = "real-go.wasm"       in the directory of guests; a step may name another
    native = "real-go"           the same source compiled for this machine, or ["grep", …]: another program that prints
                                 the same
    expected = "text.expected"   beside the scenario: what was seen of the native program, where building that takes
                                 long. --bless writes it. With neither, godwit's tiers are held against each other
    tree = "many_files"          a function of trees.py that fills the directory before the first step
    shared = true                one directory for all places: it is large, and only read
    skip = ["peak"]              where it is not run, with a reason beside it (native, interp, baseline, auto, peak, wasmtime)
    stderr = false               what stands on standard error is not compared: it ends with a trap, for example
    sorted = true                the lines of standard output come in any order
    keep = ["path"]              files whose bytes are not compared: two runs write different ones
    [[step]]
    arguments = ["."]
    environment = {WHO = "you"}
    input = "text"
    native_arguments = []        where they differ from the guest's
    directories = ["one::two"]   what the guest has instead of "/"
    status = 7                   0 when left out

Compared are standard output, standard error, exit status, and the directory afterwards: names, kinds, permissions, bytes,
where links lead.
"""
import argparse
import contextlib
import difflib
import hashlib
import itertools
import os
import stat
import subprocess
import sys
import tempfile
import time
import tomllib

import trees

SHOWN_LINES = 80  # of what went wrong
HERE = os.path.dirname(os.path.abspath(__file__))


def entry_text(path, keep):
    """One line that says all of a file that is compared."""
    status = os.lstat(path)
    mode = stat.filemode(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return f"{mode} -> {os.readlink(path)}"
    if not stat.S_ISREG(status.st_mode):
        return mode
    with open(path, "rb") as file:
        data = file.read()
    return f"{mode} {len(data)} bytes" + ("" if keep else f" {hashlib.sha256(data).hexdigest()[:16]} {data[:60]!r}")


def snapshot(root, kept):
    lines = []
    for directory, directories, files in os.walk(root):
        for name in directories + files:
            path = os.path.join(directory, name)
            relative = os.path.relpath(path, root)
            lines.append(f"{relative} {entry_text(path, relative in kept)}")
    return sorted(lines)


class Place:
    """Somewhere a guest runs."""

    def __init__(self, name, command, environment=None):
        self.name = name
        self.command = command  # (scenario, step, directory) -> arguments of a process
        self.environment = environment or (lambda step: {})

    def run(self, scenario, step, directory):
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "XDG_CACHE_HOME": "/dev/null",
                       "XDG_DATA_HOME": "/dev/null", **self.environment(step)}
        done = subprocess.run(self.command(scenario, step, directory), cwd=directory, env=environment,
                              input=step.get("input", "").encode(), capture_output=True, timeout=600, check=False,
                              umask=0o022)
        out = done.stdout.decode("utf-8", "backslashreplace").splitlines()
        err = done.stderr.decode("utf-8", "backslashreplace").splitlines()
        err = [line for line in err if not line.startswith("note: the guest ")]  # godwit's own, about grants
        status = done.returncode if done.returncode >= 0 else 128 - done.returncode
        return sorted(out) if scenario.get("sorted") else out, err, status


def places(options):
    def guest_options(step, directory):
        words = []
        for mapping in step.get("directories", [f"{directory}::/"]):
            words += ["--dir", mapping]
        for name, value in step.get("environment", {}).items():
            words += ["--env", f"{name}={value}"]
        return words

    def guest(scenario, step):
        return os.path.join(options.guests, step.get("guest", scenario.get("guest")))

    def native(scenario, step, _):
        program = scenario["native"]
        words = program if isinstance(program, list) else [os.path.join(options.native, program)]
        return words + step.get("native_arguments", step.get("arguments", []))

    def on_tier(tier):
        return lambda scenario, step, directory: (
            [options.godwit, "run", "--tier", tier, *guest_options(step, directory), guest(scenario, step)]
            + step.get("arguments", []))

    def on_wasmtime(scenario, step, directory):
        return ([sys.executable, os.path.join(HERE, "on_wasmtime.py"), "--cache", options.cache,
                 *guest_options(step, directory), guest(scenario, step)] + step.get("arguments", []))

    found = [Place("native", native, lambda step: step.get("environment", {}))] if options.native else []
    found += [Place(tier, on_tier(tier)) for tier in ["interp", "baseline", "auto"] + ["peak"] * options.peak]
    if options.wasmtime:
        found.append(Place("wasmtime", on_wasmtime, lambda step: {"PYTHONPATH": options.wasmtime}))
    return found


@contextlib.contextmanager
def start_directory(scenario, shared=None):
    if shared is not None:
        yield shared
        return
    with tempfile.TemporaryDirectory(prefix="godwit-real-") as directory:
        if "tree" in scenario:
            getattr(trees, scenario["tree"])(directory)
        yield directory


def observe(place, scenario, shared):
    """All that can be seen of a scenario in one place, as lines."""
    lines = []
    with start_directory(scenario, shared) as directory:
        for number, step in enumerate(scenario["step"], 1):
            out, err, status = place.run(scenario, step, directory)
            lines += [f"step {number}: exit status {status}", "standard output:", *out]
            if scenario.get("stderr", True) or status != step.get("status", 0):
                lines += ["standard error:", *err]
            if status != step.get("status", 0):
                lines.append(f"expected exit status {step.get('status', 0)}")
                return lines, False
        lines += ["files:", *snapshot(directory, scenario.get("keep", []))]
    return lines, True


def runs_natively(scenario, options):
    return "native" in scenario and ("expected" not in scenario or options.bless)


def compare(path, options):
    with open(path, "rb") as file:
        scenario = tomllib.load(file)
    with contextlib.ExitStack() as stack:
        shared = stack.enter_context(start_directory(scenario)) if scenario.get("shared") else None
        return compare_places(path, scenario, shared, options)


def compare_places(path, scenario, shared, options):
    name = os.path.basename(path).removesuffix(".toml")
    reference, failures, took = None, 0, []
    if "expected" in scenario and not options.bless:
        with open(os.path.join(os.path.dirname(path), scenario["expected"]), encoding="utf-8") as file:
            reference = scenario["expected"], file.read().splitlines()
    for place in places(options):
        if place.name in scenario.get("skip", []) or (place.name == "native" and not runs_natively(scenario, options)):
            continue
        started = time.monotonic()
        lines, good = observe(place, scenario, shared)
        took.append(f"{place.name} {time.monotonic() - started:.1f} s")
        if not good:
            print(f"{name}: FAILED {place.name}", *lines[-SHOWN_LINES:], sep="\n  ")
            failures += 1
        elif reference is None:
            reference = place.name, lines
            if options.bless and "expected" in scenario:
                with open(os.path.join(os.path.dirname(path), scenario["expected"]), "w", encoding="utf-8") as file:
                    file.write("\n".join(lines) + "\n")
        elif lines != reference[1]:
            print(f"{name}: FAILED: not the same in two places")
            difference = difflib.unified_diff(reference[1], lines, reference[0], place.name, lineterm="")
            print(*itertools.islice(difference, SHOWN_LINES), sep="\n")
            failures += 1
    print(f"{name}: {', '.join(took)}")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bless", action="store_true", help="write what the native programs did beside the scenarios")
    parser.add_argument("--godwit", required=True)
    parser.add_argument("--guests", required=True)
    parser.add_argument("--native", help="where programs for this machine are")
    parser.add_argument("--peak", action="store_true", help="also with the optimising compiler")
    parser.add_argument("--wasmtime", help="where Python's package wasmtime is")
    parser.add_argument("--cache", help="where what Wasmtime compiles is kept")
    parser.add_argument("scenarios", nargs="+")
    options = parser.parse_args()
    failures = sum(compare(path, options) for path in options.scenarios)
    print(f"{len(options.scenarios)} scenarios, {failures} differences")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
