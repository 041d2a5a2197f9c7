"""What is measured: kernels and whole programs, built natively and as wasm when their sources are newer."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

from harness.enlarge import enlarge

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BENCH = ROOT / "bench"
OUT = ROOT / "build" / "bench"
SYSROOT = ROOT / "third_party" / "wasi-sysroot"
CLANG = os.environ.get("GODWIT_CLANG", "clang-22")
GO = next((str(p) for p in [ROOT / "third_party" / "go" / "bin" / "go"] if p.exists()), shutil.which("go"))
NATIVE_FLAGS = ["-O3"]
# No fused multiply-add: the results must equal those of wasm.
TUNED_FLAGS = ["-O3", "-march=native", "-ffp-contract=off"]
WASM_FLAGS = ["--target=wasm32-wasip1", "--no-wasm-opt", f"--sysroot={SYSROOT}", "-O3"]


def stop(message):
    sys.exit(f"bench: {message}")


def build(command, source, target, environment=None):
    """Runs a compiler command unless the target is newer than its source and all headers."""
    headers = [*(BENCH / "kernels").glob("*.h"), *BENCH.glob("*/*.inc")]
    newest = max(p.stat().st_mtime for p in [source, *headers])
    if not target.exists() or target.stat().st_mtime <= newest:
        target.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([*command, "-o", str(target)], capture_output=True, text=True, env={**os.environ, **(environment or {})})
        if done.returncode:
            stop(f"cannot build {target.name}:\n{done.stderr}")
    return target


class Kernel:
    """A C program that takes a number, does that much work, and prints a checksum."""

    def __init__(self, source, simd=False):
        self.name = source.stem + ("+simd" if simd else "")
        found = re.search(r"^// bench: n=(\d+)$", source.read_text(), re.M)
        if not found:
            stop(f"{source} has no line '// bench: n=NUMBER' that says how much work is one run")
        self.args, self.idle_args = [found.group(1)], ["0"]
        self.python = source.with_suffix(".py") if not simd and source.with_suffix(".py").exists() else None
        common = [f"-I{BENCH / 'kernels'}", str(source), "-lm"]
        self.native = build([CLANG, *NATIVE_FLAGS, *common], source, OUT / "native" / source.stem)
        self.tuned = build([CLANG, *TUNED_FLAGS, *common], source, OUT / "tuned" / source.stem)
        self.wasm = build([CLANG, *WASM_FLAGS, *(["-msimd128"] if simd else []), *common], source, OUT / "wasm" / f"{self.name}.wasm")


class Thrower:
    """A C or C++ kernel that throws, for one of the two encodings of exceptions."""

    python = tuned = None

    def __init__(self, source, encoding):
        self.name = f"{source.stem} ({encoding})"
        self.args, self.idle_args = [re.search(r"^// bench: n=(\d+)$", source.read_text(), re.M).group(1)], ["0"]
        library = ROOT / "third_party" / "wasi-cxx" / encoding / "libc++eh.a"
        flags = ["-fwasm-exceptions", "-mllvm", "-wasm-enable-sjlj"]
        if encoding == "exnref":
            flags += ["-mllvm", "-wasm-use-legacy-eh=false"]
        if source.suffix == ".cc":
            compiler, link = CLANG.replace("clang", "clang++"), ["-nostdlib++", str(library), "-lc++"]
        else:
            compiler, link = CLANG, ["-lsetjmp"]
        common = [f"-I{BENCH / 'kernels'}", str(source)]
        self.native = build([compiler, *NATIVE_FLAGS, *common], source, OUT / "native" / source.stem)
        self.wasm = build([compiler, *WASM_FLAGS, *flags, *common, *link], source, OUT / "wasm" / f"{source.stem}-{encoding}.wasm")


class Program:
    """A whole program that starts, prints something and ends."""

    python = tuned = None

    def __init__(self, name, wasm, native=None):
        self.name, self.wasm, self.native, self.args, self.idle_args = name, wasm, native, [], None


def programs():
    """Those whose start-up is measured: a small C program, a C++ program whose functions are there many times, and Go
    programs of 4 and 21 MB."""
    hello_c = ROOT / "examples" / "guests" / "hello.c"
    yield Program("hello (C)", build([CLANG, *WASM_FLAGS, str(hello_c)], hello_c, OUT / "wasm" / "hello-c.wasm"),
                  build([CLANG, "-O2", str(hello_c)], hello_c, OUT / "native" / "hello-c"))
    wasm = OUT / "wasm" / "many-cc.wasm"
    source = large_cc()
    if not wasm.exists() or wasm.stat().st_mtime <= source.stat().st_mtime:
        wasm.write_bytes(enlarge(source.read_bytes(), 21_000_000))
    yield Program(f"many functions (C++), {wasm.stat().st_size / 1e6:.1f} MB", wasm)
    if GO is None:
        print("no Go compiler (./dev setup brings one): the Go programs are left out", file=sys.stderr)
        return
    wasip1 = {"GOOS": "wasip1", "GOARCH": "wasm", "CGO_ENABLED": "0"}
    for name, source, flags in [("hello (Go)", ROOT / "examples" / "guests" / "hello.go", ["-ldflags=-s -w"]),
                                ("large (Go)", BENCH / "programs" / "large.go", [])]:
        wasm = build_go(source, OUT / "wasm" / f"{source.stem}-go.wasm", flags, wasip1)
        yield Program(f"{name}, {wasm.stat().st_size / 1e6:.1f} MB", wasm, build_go(source, OUT / "native" / f"{source.stem}-go", flags, {}))


def large_cc():
    source = BENCH / "programs" / "large.cc"
    flags = ["--target=wasm32-wasip1", "--no-wasm-opt", f"--sysroot={SYSROOT}", "-std=c++20", "-fno-exceptions", "-O2"]
    return build([CLANG.replace("clang", "clang++"), *flags, str(source)], source, OUT / "wasm" / "large-cc.wasm")


def large_programs():
    """Those whose compilation is measured: the large Go program, and one in C++."""
    yield from (p for p in programs() if p.name.startswith("large"))
    wasm = large_cc()
    yield Program(f"large (C++), {wasm.stat().st_size / 1e6:.1f} MB", wasm)


def build_go(source, target, flags, environment):
    if not target.exists() or target.stat().st_mtime <= source.stat().st_mtime:
        target.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([GO, "build", *flags, "-o", str(target), str(source)], capture_output=True, text=True,
                              env={**os.environ, **environment})
        if done.returncode:
            stop(f"cannot build {target.name}:\n{done.stderr}")
    return target
