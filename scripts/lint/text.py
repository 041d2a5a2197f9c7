#!/usr/bin/env python3
"""Checks texts: links and anchors in Markdown, first lines that say what a file is for, and that nothing refers to a
place outside the repository or leaves work for later.

usage: text.py <file>...
"""

import pathlib
import re
import sys

LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# written so that this file does not match itself
OUTSIDE = re.compile(r"/" + r"work/(main|shared)\b|/ro" + r"ot/(\.|go/)|\.\./" + r"shared\b|/tmp/" + r"brief")
LATER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
FIRST_LINE = {".h": ("//", "/*"), ".cc": ("//", "/*"), ".c": ("//", "/*"), ".S": ("//", "/*", "#"), ".def": ("//", "/*"),
              ".py": ('"""', "#"), ".sh": ("#",), ".cmake": ("#",), ".rs": ("//",), ".go": ("//",)}  # fmt: skip
# data of others, kept as it came
EXEMPT = ("LICENSE",)


def anchor_of(heading):
    """As GitHub makes them."""
    text = re.sub(r"[`*_]|\[([^\]]*)\]\([^)]*\)", lambda m: m[1] or "", heading.strip()).lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors(path):
    text = CODE_BLOCK.sub("", path.read_text())
    return {anchor_of(line.lstrip("#")) for line in text.splitlines() if re.match(r"#{1,6} ", line)}


def check_links(path, text):
    for match in LINK.finditer(CODE_BLOCK.sub("", text)):
        target = match[1]
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name) if name else path
        if not file.exists():
            yield f"{path}: link to {target}, which does not exist"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file):
            yield f"{path}: link to {target}, which has no such heading"


def check(path):
    try:
        text = path.read_text()
    except UnicodeDecodeError:
        return
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if match := OUTSIDE.search(line):
            yield f"{path}:{number}: refers to {match[0]}, outside the repository"
        if match := LATER.search(line):
            yield f"{path}:{number}: {match[0]}"
    if path.suffix == ".md":
        yield from check_links(path, text)
    begins = FIRST_LINE.get(path.suffix)
    if begins and lines:
        first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
        if not first.lstrip().startswith(begins) or first.startswith(("#include", "#pragma", "#if")):
            yield f"{path}: the first line should be a comment that says what the file is for"


def main():
    problems = [p for name in sys.argv[1:] if not name.endswith(EXEMPT) for p in check(pathlib.Path(name))]
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
