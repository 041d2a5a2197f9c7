"""How fast modules are compiled: every function of a large module, in megabytes of code per second of CPU time."""

import math
import pathlib
import subprocess
import sys

from harness.build import OUT, ROOT, stop
from harness.measuring import measure
from harness.tables import table

# By the names of peers.txt: what compiles all of a module, beyond what the row in brackets does.
PEERS = {"wasmi": (["run", "--compilation-mode", "eager"], ["run", "--compilation-mode", "lazy"]),
         "winch": (["compile", "-C", "compiler=winch", "-C", "parallel-compilation=n", "-o", str(OUT / "compiled")], None),
         "wasmtime": (["compile", "-C", "parallel-compilation=n", "-o", str(OUT / "compiled")], None)}


# The optimising compiler takes minutes for more.
MOST_OPTIMISED_MB = 4


def bench_compile(godwit):
    """The program that measures godwit's own parts, built beside godwit."""
    folder = pathlib.Path(godwit).parent
    done = subprocess.run(["ninja", "-C", str(folder), "bench_compile"], capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        stop(f"cannot build bench_compile:\n{done.stdout}")
    return folder / "bench" / "bench_compile"


def run_compile(program, runtimes, godwit, rounds):
    """{row: megabytes of code per CPU second}."""
    printed = subprocess.run([str(bench_compile(godwit)), str(program.wasm), str(rounds)], capture_output=True, text=True)
    if printed.returncode:
        stop(f"bench_compile {program.wasm}: {printed.stderr}")
    words = printed.stdout.split()
    figures = {name: float(value) for name, value in zip(words[::2], words[1::2])}
    megabytes = figures["code_bytes"] / 1e6
    rows = {f"godwit: {part}": megabytes / figures[part] for part in ("validate", "translate")}
    rows["godwit: decode, validate and translate"] = megabytes / sum(figures[p] for p in ("decode", "validate", "translate"))
    if "baseline" in figures:
        rows["godwit: decode, validate, translate and make machine code"] = megabytes / (figures["decode"] + figures["baseline"])
    if megabytes <= MOST_OPTIMISED_MB:
        optimised = measure([str(godwit), "compile", str(program.wasm), "-o", str(OUT / "compiled")])
        if optimised:
            rows["godwit: optimise"] = megabytes / optimised.cpu_s
            rows["godwit: optimise, KiB of peak memory per KB of code"] = optimised.peak_kib / (megabytes * 1e3)
    for runtime in runtimes:
        if runtime.name not in PEERS:
            continue
        seconds = math.inf
        full, empty = PEERS[runtime.name]
        for _ in range(min(rounds, 2)):
            one = measure([runtime.program, *full, str(program.wasm)])
            other = measure([runtime.program, *empty, str(program.wasm)]) if empty else None
            if one and (other or not empty):
                seconds = min(seconds, one.cpu_s - (other.cpu_s if other else 0))
        if seconds < math.inf:
            rows[f"{runtime.name}: all" if not empty else f"{runtime.name}: translate and validate"] = megabytes / seconds
    print(f"  {program.name}: " + ", ".join(f"{name} {value:.2f}" for name, value in rows.items()), file=sys.stderr, flush=True)
    return rows


def compile_table(results):
    names = list(dict.fromkeys(name for rows in results.values() for name in rows))
    rows = [[name, *(f"{rows[name]:.2f}" if name in rows else "–" for rows in results.values())] for name in names]
    return table(["code compiled, MB per CPU second", *results], rows)
