#!/usr/bin/env python3
"""Checks that every public name in include/ has a comment. The names come from clang's syntax tree, not from guesses.

A name is documented by a comment that ends on the line above its declaration, or by one on its own line; a member also by
the comment above the unbroken block of lines that it stands in. Exempt are deleted and defaulted functions, default
construction, copying and moving, destructors, forward declarations, and parameters.
"""

import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys

KINDS = {
    "CXXRecordDecl", "RecordDecl", "EnumDecl", "EnumConstantDecl", "FunctionDecl", "CXXMethodDecl", "CXXConstructorDecl",
    "CXXConversionDecl", "FieldDecl", "TypedefDecl", "TypeAliasDecl", "VarDecl", "ConceptDecl",
}  # fmt: skip
MEMBERS = {"FieldDecl", "EnumConstantDecl"}
SCOPES = {"NamespaceDecl", "LinkageSpecDecl", "ClassTemplateDecl", "FunctionTemplateDecl", "TypeAliasTemplateDecl",
          "TranslationUnitDecl", "CXXRecordDecl", "RecordDecl", "EnumDecl"}  # fmt: skip


def syntax_tree(header):
    """The declarations of a header: of a C++ header those in namespace godwit, since the standard library's are many."""
    is_c = "abi" in header.parts or header.parent.name == "include"
    language = ["-x", "c", "-std=c11"] if is_c else ["-x", "c++", "-std=c++20", "-Xclang", "-ast-dump-filter=godwit"]
    command = ["clang-22", *language, "-Iinclude", "-fsyntax-only", "-Wno-pragma-once-outside-header", "-Xclang",
               "-ast-dump=json", str(header)]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(f"{header} does not compile by itself:\n{result.stderr}")
    decoder, text, roots = json.JSONDecoder(), result.stdout.strip(), []
    while text:
        root, end = decoder.raw_decode(text)
        roots.append(root)
        text = text[end:].lstrip()
    return {"kind": "TranslationUnitDecl", "inner": roots}


def line_of(node, state):
    """The line of a declaration's first token, or None where it is not in the header itself.

    Clang leaves out a file or a line that equals the last one printed, so the state follows every location in order.
    """
    begin = node.get("range", {}).get("begin", {})
    return state.lines.get(id(begin))


class Locations:
    """Restores the file and line that clang's printer leaves out when they did not change."""

    def __init__(self, root, header):
        self.lines = {}
        self.header = str(header)
        self.file, self.line = None, None
        self.walk(root)

    def walk(self, root):
        stack = [root]
        while stack:
            item = stack.pop()
            if isinstance(item, list):
                stack.extend(reversed(item))
            elif isinstance(item, dict):
                if "offset" in item and "tokLen" in item:
                    self.file = item.get("file", self.file)
                    self.line = item.get("line", self.line)
                    if self.file == self.header:
                        self.lines[id(item)] = self.line
                else:
                    # printed in this order; "includedFrom" carries a file name of its own and is skipped
                    stack.extend(reversed([v for k, v in item.items() if k != "includedFrom"]))


def documented(lines, number):
    """number: from 1."""
    own = lines[number - 1]
    if "//" in own or "/*" in own:
        return True
    above = number - 2
    while above >= 0 and re.match(r"^\s*(template\b.*>|\[\[.*\]\]|GODWIT_\w+)\s*$", lines[above]):
        above -= 1
    if above < 0:
        return False
    text = lines[above].strip()
    return text.startswith("//") or text.endswith("*/")


def in_documented_block(lines, number):
    """Whether the lines above, up to an empty one, hold a comment: what belongs together may share one."""
    for line in reversed(lines[: number - 1]):
        text = line.strip()
        if not text:
            return False
        if text.startswith("//") or text.endswith("*/"):
            return True
    return False


def end_documented(lines, node, state):
    """A comment behind a declaration of several lines."""
    end = state.lines.get(id(node.get("range", {}).get("end", {})))
    return end is not None and re.search(r"(//|/\*)", lines[end - 1]) is not None


def undocumented(node, state, lines, public=True):
    access_is_public = node.get("tagUsed") != "class"
    for child in node.get("inner", []):
        kind = child.get("kind")
        if kind == "AccessSpecDecl":
            access_is_public = child.get("access") == "public"
            continue
        if not access_is_public and node.get("kind") == "CXXRecordDecl":
            continue
        if child.get("isImplicit"):
            continue
        number = line_of(child, state)
        if kind in KINDS and number is not None and child.get("name") and not exempt(child):
            covered = documented(lines, number) or end_documented(lines, child, state)
            if not covered and kind in MEMBERS | ({"CXXMethodDecl"} if node.get("kind") == "CXXRecordDecl" else set()):
                covered = in_documented_block(lines, number)
            if not covered:
                yield number, child["name"]
        if kind in SCOPES:
            yield from undocumented(child, state, lines)


def is_customary(node):
    """X(), X(X&&), X(const X&) and their assignments."""
    if node["kind"] != "CXXConstructorDecl" and node["name"] != "operator=":
        return False
    parameters = [child for child in node.get("inner", []) if child.get("kind") == "ParmVarDecl"]
    if not parameters:
        return node["kind"] == "CXXConstructorDecl"
    return len(parameters) == 1 and parameters[0]["type"]["qualType"].endswith("&")


def exempt(node):
    if is_customary(node):
        return True
    if node.get("explicitlyDefaulted") or node.get("explicitlyDeleted"):
        return True
    if node["kind"] in ("CXXRecordDecl", "RecordDecl") and not node.get("completeDefinition"):
        return True
    # typedef struct name name: the structure carries the comment
    return node["kind"] == "TypedefDecl" and node.get("type", {}).get("qualType", "").endswith(" " + node["name"])


def check(header):
    try:
        tree = syntax_tree(header)
    except RuntimeError as error:
        return [str(error)]
    state = Locations(tree, header)
    lines = header.read_text().splitlines()
    return [f"{header}:{number}: public name '{name}' has no comment" for number, name in sorted(set(undocumented(tree, state, lines)))]


def main():
    sys.setrecursionlimit(10000)
    headers = sorted(pathlib.Path("include").rglob("*.h"))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        problems = [problem for found in pool.map(check, headers) for problem in found]
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
