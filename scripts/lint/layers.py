#!/usr/bin/env python3
"""Checks every #include of src/ against layers.txt, and that #if on an OS or a CPU stands in `platform` only."""

import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
CONDITION = re.compile(r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b(.*)")
MACHINE = re.compile(
    r"__linux__|__APPLE__|_WIN32|_WIN64|__ANDROID__|__FreeBSD__|__unix__|__gnu_linux__|__GLIBC__"
    r"|__x86_64__|__aarch64__|__i386__|__arm__|__riscv|_M_X64|_M_ARM64|__AVX\w*__|__SSE\w*__|__ARM_\w+"
)
# where machine conditions belong; examples are guests, which have machines of their own
MACHINE_ROOMS = ("src/platform/",)
MACHINE_TREES = ("src", "include", "tools")


def read_layers(path):
    layers = {}
    for line in path.read_text().splitlines():
        match = re.match(r"^([a-z0-9_]+):(.*)$", line)
        if match:
            layers[match[1]] = match[2].split()
    return layers


def check_order(layers):
    """layers.txt goes from the ground up: a room may name only rooms above its own line, so there are no circles."""
    seen = set()
    for room, links in layers.items():
        for link in links:
            if link not in seen:
                yield f"layers.txt: {room} names {link}, which does not stand above it"
        seen.add(room)


def check_includes(layers, path, lines):
    room = path.parts[1]
    if room not in layers:
        yield f"{path}: room '{room}' is not in layers.txt"
        return
    allowed = {room, *layers[room]}
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        target = match[1].split("/")[0]
        if target in ("godwit", "wasmedge") or match[1] in ("wasm.h", "godwit.h"):
            continue  # the public headers, which room may implement which is for their own tests
        if "/" not in match[1]:
            yield f'{path}:{number}: write #include "{room}/{match[1]}", with the room'
        elif target in layers and target not in allowed:
            yield f'{path}:{number}: {room} may not include "{match[1]}" (layers.txt: {" ".join(layers[room]) or "nothing"})'


def check_conditions(path, lines):
    if str(path).startswith(MACHINE_ROOMS):
        return
    for number, line in enumerate(lines, 1):
        match = CONDITION.match(line)
        if match and MACHINE.search(match[1]):
            yield f"{path}:{number}: a condition on OS or CPU belongs in src/platform"


def main():
    layers = read_layers(pathlib.Path("layers.txt"))
    problems = list(check_order(layers))
    suffixes = {".h", ".cc", ".c", ".S", ".def", ".inc"}
    for tree in MACHINE_TREES:
        for path in sorted(pathlib.Path(tree).rglob("*")):
            if path.suffix not in suffixes or not path.is_file():
                continue
            lines = path.read_text().splitlines()
            problems += check_conditions(path, lines)
            if tree == "src":
                problems += check_includes(layers, path, lines)
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
