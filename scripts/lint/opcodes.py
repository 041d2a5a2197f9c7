#!/usr/bin/env python3
"""Counts the files that name a plain instruction, so that adding one stays a matter of a row and its meaning.

A plain instruction is one whose result follows from its operands: its row in opcodes.def and its function in numeric.h
or numeric_simd.h are all that it should need. The check fails when some instruction is named in more files than ALLOWED,
prints how many instructions are named in how many files, and where those above TARGET are. Tests, fuzzers and comments
do not count; names that macros put together (families of cells.def) are not seen.
"""

import collections
import pathlib
import re
import sys

ALLOWED = 2  # never raise this: let what names the instruction ask opcodes.def or numeric.h instead
TARGET = 2
TREES = ("src", "include", "tools", "plugins", "sdk")
SUFFIXES = {".h", ".cc", ".c", ".S", ".def", ".inc"}
CLASSES = re.compile(r"(Test|Compare|Unary|Binary|Convert|Wide|Simd(?!Load|Store|Const)\w+)$")
ROW = re.compile(r'^GODWIT_OP\(\w+, \w+, (\w+), "([^"]+)", \w+, "[^"]*", \d+, \w+, (\w+)\)')
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
WORD = re.compile(r"[A-Za-z_]\w*")


def is_test(path):
    return path.stem.endswith("_test") or path.name.startswith("test_")


def main():
    rows = [match for line in pathlib.Path("src/wasm/opcodes.def").read_text().splitlines() if (match := ROW.match(line))]
    plain = {match[1]: match[1] for match in rows if CLASSES.match(match[3])}
    plain |= {match[2]: match[1] for match in rows if CLASSES.match(match[3])}
    files = collections.defaultdict(set)
    for path in (path for tree in TREES for path in sorted(pathlib.Path(tree).rglob("*"))):
        if path.suffix not in SUFFIXES or not path.is_file() or is_test(path):
            continue
        text = COMMENT.sub("", path.read_text(errors="replace"))
        # an identifier, or a whole string
        for word in {*WORD.findall(STRING.sub("", text)), *(string[1:-1] for string in STRING.findall(text))}:
            if word in plain:
                files[plain[word]].add(str(path))
    counts = collections.Counter(len(named) for named in files.values())
    most = max(counts)
    distribution = ", ".join(f"{count} in {number}" for number, count in sorted(counts.items()))
    print(f"opcodes: {len(set(plain.values()))} plain instructions, by the number of files that name them: {distribution}"
          f" (most: {most}, allowed: {ALLOWED}, wanted: {TARGET})")  # fmt: skip
    above = collections.defaultdict(list)
    for name, named in files.items():
        if len(named) > TARGET:
            above[tuple(sorted(named - {"src/wasm/opcodes.def"}))].append(name)
    for named, names in sorted(above.items(), key=lambda item: -len(item[0])):
        print(f"  {' '.join(sorted(names))}: {' '.join(named)}")
    return 1 if most > ALLOWED else 0


if __name__ == "__main__":
    sys.exit(main())
