#!/usr/bin/env python3
"""Writes the tables of docs/reference.md from the .def files that the code itself is built from.

usage: docs.py [--check]     --check: only say whether the page is up to date
"""

import collections
import pathlib
import re
import sys

PAGE = pathlib.Path("docs/reference.md")


def rows(path, macro):
    """The arguments of each `macro(...)` line of a table; adjacent string literals are joined."""
    text = re.sub(r"^\s*//.*$", "", pathlib.Path(path).read_text(), flags=re.MULTILINE)
    for match in re.finditer(rf"^{macro}\(((?:[^()\"]|\"(?:[^\"\\]|\\.)*\"|\([^()]*\))*)\)", text, re.MULTILINE):
        arguments = re.findall(r'(?:"(?:[^"\\]|\\.)*"\s*)+|\([^()]*\)|[^,"()]+', match[1])
        yield [clean(argument) for argument in arguments if argument.strip()]


def clean(argument):
    literals = re.findall(r'"((?:[^"\\]|\\.)*)"', argument)
    return "".join(literals).replace('\\"', '"') if literals else argument.strip()


def table(head, body):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in body]
    return "\n".join(lines)


def features():
    count = collections.Counter(row[7] for row in rows("src/wasm/opcodes.def", "GODWIT_OP"))
    return table(
        ["proposal", "option", "on unless switched off", "part of WebAssembly", "instructions"],
        [
            (title, f"`{option}`", "yes" if default == "true" else "no", version, count[name] or "")
            for name, option, default, version, title in rows("src/wasm/features.def", "GODWIT_FEATURE")
        ],
    )


def traps():
    return table(
        ["code", "name", "message"],
        [(code, name, words) for code, (name, words) in enumerate(rows("src/runtime/traps.def", "GODWIT_TRAP"), 1)],
    )


def options():
    """Of the ggml backend. A bound of 0 and 0 means that the option is no number."""
    effect = {"weights": "reads the model anew", "context": "makes a new context", "sampling": "at once", "run": "at once"}
    return table(
        ["key", "from", "to", "a change"],
        [
            (f"`{key}`", *(("", "") if low == high == "0" else (low, high)), effect[group])
            for group, _, key, low, high in rows("plugins/nn-ggml/options.def", "GODWIT_OPTION")
        ],
    )


def page():
    return f"""# Reference

Made by `./dev docs` from the tables that the code is built from; do not edit.

## Proposals

Decoding and validation know all of these; what the tiers run is said in the [README](../README.md).

{features()}

## Traps

The words are those of the official test suite where it has any. The numbers never change.

{traps()}

## Options of language models

What a guest may set in the JSON that it gives as metadata to a graph of the `GGML` encoding; other keys are ignored.

{options()}
"""


def main():
    text = page()
    if "--check" in sys.argv[1:]:
        if not PAGE.exists() or PAGE.read_text() != text:
            print(f"{PAGE} is not what the tables say: run ./dev docs")
            return 1
        return 0
    PAGE.write_text(text)
    print(f"wrote {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
