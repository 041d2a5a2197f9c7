#!/usr/bin/env python3
"""Checks what libgodwit.so exports: the symbols of symbols.txt, with their versions; of C functions exactly those that wasm.h
and godwit.h declare; and that the tests of the C API call every one of these.

usage: symbols.py LIBRARY TEST_PROGRAM [--bless]     --bless: write symbols.txt anew; then read the difference
"""

import json
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
INCLUDE = HERE.parent.parent / "include"
GOLDEN = HERE / "symbols.txt"


def output(*command, **options):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, **options).stdout


def exported(library):
    """Version and name of each symbol, C++ names demangled."""
    lines = output("llvm-nm-22", "--dynamic", "--defined-only", "--format=just-symbols", library).split("\n")
    symbols = [line.strip() for line in lines if "@" in line]
    names = output("llvm-cxxfilt-22", input="\n".join(re.sub("@.*", "", symbol) for symbol in symbols)).splitlines()
    versions = [re.sub(".*@", "", symbol) for symbol in symbols]
    return sorted(f"{version} {name}" for version, name in zip(versions, names) if name != version)


def declared(header):
    """The functions of a C header that are not its own (static inline)."""
    tree = json.loads(output("clang-22", "-x", "c", "-std=c11", f"-I{INCLUDE}", "-fsyntax-only", "-Xclang", "-ast-dump=json",
                             str(INCLUDE / header), stderr=subprocess.DEVNULL))  # fmt: skip
    return {
        node["name"]
        for node in tree["inner"]
        if node["kind"] == "FunctionDecl" and node.get("storageClass") != "static" and re.match("wasm_|godwit_", node["name"])
    }


def called(program):
    """The functions of libgodwit.so that the program calls: the dynamic linker binds each at its first call, and tells."""
    environment = dict(os.environ, LD_DEBUG="bindings")
    environment.pop("LD_BIND_NOW", None)
    result = subprocess.run([program], env=environment, check=True, text=True, capture_output=True)
    return set(re.findall(r"binding file \S+ \[0\] to \S*libgodwit\S+ \[0\]: normal symbol `(\w+)'", result.stderr))


def difference(what, expected, found):
    lines = [f"  missing: {name}" for name in sorted(set(expected) - set(found))]
    lines += [f"  not expected: {name}" for name in sorted(set(found) - set(expected))]
    if lines:
        print(f"{what}:", *lines, sep="\n")
    return bool(lines)


def main():
    library, program, *options = sys.argv[1:]
    symbols = exported(library)
    if "--bless" in options:
        GOLDEN.write_text("".join(symbol + "\n" for symbol in symbols))
    wrong = difference("exported, compared with symbols.txt (--bless rewrites it)", GOLDEN.read_text().splitlines(), symbols)
    in_c = {name for version, name in map(str.split, (s for s in symbols if not s.startswith("GODWIT_CXX"))) if version}
    headers = declared("wasm.h") | declared("godwit.h")
    wrong |= difference("exported C functions, compared with those that the headers declare", headers, in_c)
    calls = called(program)
    wrong |= difference("called by the tests, compared with those that the headers declare", headers, calls & headers)
    if wrong:
        sys.exit(1)
    print(f"{len(symbols)} symbols exported; {len(headers)} functions declared in C, and all of them called")


if __name__ == "__main__":
    main()
