"""What runs it: native code, CPython, godwit, and the peers of peers.txt. Each gives the command for a kernel or
program, or None if it cannot run that."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from harness.build import BENCH, OUT, ROOT


class Native:
    name, version = "native", ""

    def command(self, program, args):
        return [str(program.native), *args] if program.native else None


class Tuned:
    """Native code for exactly this machine (-march=native)."""

    name, version = "native-tuned", ""

    def command(self, program, args):
        return [str(program.tuned), *args] if program.tuned else None


class Python:
    name = "CPython"

    def __init__(self):
        self.program = shutil.which("python3")
        self.version = subprocess.run([self.program, "--version"], capture_output=True, text=True).stdout.strip()

    def command(self, program, args):
        return [self.program, str(program.python), *args] if program.python else None


class Peer:
    """One line of peers.txt; available if its program is found."""

    def __init__(self, line, godwit, directories):
        self.name, self.tier, version, self.prepare, self.run = [field.strip() for field in line.split("|")]
        program = self.run.split()[0]
        path = os.pathsep.join([*directories, os.environ["PATH"]])
        self.program = godwit if program == "godwit" else shutil.which(program, path=path)
        self.version = ""
        if self.program:
            printed = subprocess.run(self.substitute(version, {}), capture_output=True, text=True).stdout
            self.version = (printed.strip().splitlines() or [""])[0]

    def substitute(self, template, values):
        words = []
        for word in shlex.split(template):
            words += values["args"] if word == "{args}" else [word.format(**values)]
        if words:
            words[0] = self.program
        return words

    def newest(self, program):
        """When what a prepared file is made of changed last: the program, the runtime, and what it loads from beside it."""
        parts = [program.wasm]
        if found := shutil.which(self.program):
            parts += [Path(found), *Path(found).resolve().parent.glob("plugins/*.so")]
        return max(part.stat().st_mtime for part in parts)

    def command(self, program, args):
        out = OUT / "prepared" / f"{program.wasm.stem}.{self.name}"
        values = {"wasm": str(program.wasm), "out": str(out), "bench": str(BENCH), "args": args}
        if self.prepare and (not out.exists() or out.stat().st_mtime < self.newest(program)):
            out.parent.mkdir(parents=True, exist_ok=True)
            done = subprocess.run(self.substitute(self.prepare, values), capture_output=True, text=True, cwd=ROOT)
            if done.returncode:
                return None
        return self.substitute(self.run, values)


def read_peers(godwit, directories):
    lines = (BENCH / "peers.txt").read_text().splitlines()
    return [Peer(line, godwit, directories) for line in lines if line and not line.startswith("#")]
