#!/usr/bin/env python3
"""Writes docs/reference.md and docs/status.md from the tables that code and tests themselves are built from.

usage: docs.py [--check]     --check: only say whether the pages are up to date
"""

import collections
import pathlib
import re
import sys

REFERENCE = pathlib.Path("docs/reference.md")
STATUS = pathlib.Path("docs/status.md")


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


def words(path):
    """The words of each line of a list, without comments."""
    lines = pathlib.Path(path).read_text().splitlines()
    return [line.split("#")[0].split() for line in lines if line.split("#")[0].strip()]


def feature_rows():
    return list(rows("src/wasm/features.def", "GODWIT_FEATURE"))


def features():
    return table(
        ["proposal", "option", "on unless switched off", "part of WebAssembly"],
        [
            (title, f"`{option}`", "yes" if default == "true" else "no", version)
            for _, option, default, version, title in feature_rows()
        ],
    )


# Tiers and the least depth, of those in tests/spec/scope.txt, at which the suite shows that a tier has a proposal: what is
# executed at all is executed by all tiers (tests/spec/CMakeLists.txt).
DEPTHS = ["skip", "validate", "partial", "execute"]
TIERS = {"decode": "validate", "validate": "validate", "text": "validate", "interpreter": "execute", "baseline": "execute",
         "optimising": "execute"}


def depth_of(option, place, scope):
    """How deep the suite is run in a folder: (the least, the most). The last line that fits a file decides, and a line
    of one file stands for that file alone."""
    if place in DEPTHS:
        return place, place
    depths = [depth for depth, _, pattern in scope if pattern == place + "/*"][-1:]
    if not depths:
        sys.exit(f"docs.py: tests/spec/scope.txt has no line for {place}/*, where {option} is tested")
    depths += [depth for depth, _, pattern in scope if pattern.startswith(place + "/") and "*" not in pattern]
    depths.sort(key=DEPTHS.index)
    return depths[0], depths[-1]


def status():
    instructions = collections.Counter(row[7] for row in rows("src/wasm/opcodes.def", "GODWIT_OP"))
    places = dict(words("tests/spec/proposals.txt"))
    scope = words("tests/spec/scope.txt")
    body = []
    for name, option, _, version, title in feature_rows():
        if option not in places:
            sys.exit(f"docs.py: tests/spec/proposals.txt has no line for {option}")
        place = places.pop(option)
        least, most = depth_of(option, place, scope)
        has = lambda depth, tier: DEPTHS.index(depth) >= DEPTHS.index(TIERS[tier])
        cells = [
            "yes" if has(least, tier) else "in part" if has(most, tier) or most == "partial" else "no" for tier in TIERS
        ]
        where = "our own" if place in DEPTHS else f"`{place}`"
        body.append((title, version, instructions[name] or "", *cells, where))
    if places:
        sys.exit(f"docs.py: tests/spec/proposals.txt names no feature: {', '.join(places)}")
    return table(["proposal", "part of WebAssembly", "instructions", *TIERS, "tests"], body)


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


def statistics():
    return table(
        ["row", "functions", "bytes", "ms"],
        [
            (f"`{name}`", functions, bytes_, "that this took, in real time")
            for _, name, functions, bytes_ in rows("tools/godwit/statistics.def", "GODWIT_STATISTIC")
        ],
    )


def reference_page():
    return f"""# Reference

Made by `./dev docs` from the tables that the code is built from; do not edit.

## Proposals

What decodes, validates and runs them is said in [status.md](status.md).

{features()}

## Traps

The words are those of the official test suite where it has any. The numbers never change.

{traps()}

## Statistics

`godwit run --stats` prints these when the guest has ended, on standard error; `Engine::statistics()` has them for
embedders. Lines below the table say how many functions are interpreted because there was no room for their machine code,
why functions have no optimised code, why there is no machine code at all, and, if the guest has garbage-collected objects,
what collecting them has cost.

{statistics()}

## Options of language models

What a guest may set in the JSON that it gives as metadata to a graph of the `GGML` encoding; other keys are ignored.

{options()}
"""


def status_page():
    return f"""# Status of the proposals

Made by `./dev docs` from [features.def](../src/wasm/features.def), [opcodes.def](../src/wasm/opcodes.def) and what
[the official suite](../tests/spec/README.md) is run on ([scope.txt](../tests/spec/scope.txt)); do not edit.

A tier has a proposal (yes) when every command of the suite passes on it; "in part" means that the commands that need
what is missing end as "unsupported" and are skipped. The suite is text: what is run of it at all is also parsed, and
its valid modules are printed and parsed again. What has no machine code of its own in the baseline compiler is done there by
the interpreter's handlers. The optimising compiler leaves functions to the tiers below only for their size
([decision 0090](decisions/0090-how-does-compiled-code-join-the-tiers.md)): the suite has none of these. Instructions are
counted with the proposal that brought them.

{status()}
"""


def main():
    is_check = "--check" in sys.argv[1:]
    stale = []
    for path, text in ((REFERENCE, reference_page()), (STATUS, status_page())):
        if is_check:
            if not path.exists() or path.read_text() != text:
                stale.append(path)
        else:
            path.write_text(text)
            print(f"wrote {path}")
    for path in stale:
        print(f"{path} is not what the tables say: run ./dev docs")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
