"""How it is measured: process CPU time as the system accounts it, interleaved, the minimum of several rounds."""

import dataclasses
import math
import subprocess
import sys

from harness.build import BENCH, CLANG, OUT, ROOT, build


@dataclasses.dataclass
class Figures:
    cpu_s: float
    wall_s: float
    peak_kib: int
    output: str


def measure(command):
    """Runs a command once; None if it failed."""
    helper = build([CLANG, "-O2", "-static", str(BENCH / "harness" / "measure.c")], BENCH / "harness" / "measure.c", OUT / "measure")
    report = OUT / "report.txt"
    done = subprocess.run([str(helper), str(report), *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, cwd=ROOT)
    cpu, wall, peak, status = report.read_text().split()
    return Figures(int(cpu) / 1e6, int(wall) / 1e6, int(peak), done.stdout) if status == "0" else None


def run_kernel(kernel, runtimes, rounds):
    """{runtime: CPU seconds less start-up, or a word that says what went wrong}; a runtime that has no command for
    this kernel is absent."""
    best, start, failed = {}, {}, {}
    want = None
    for _ in range(rounds):
        for runtime in runtimes:
            if runtime.name in failed:
                continue
            commands = runtime.command(kernel, kernel.args), runtime.command(kernel, kernel.idle_args)
            if None in commands:
                continue
            full, empty = measure(commands[0]), measure(commands[1])
            if full is None or empty is None:
                failed[runtime.name] = "failed"
                continue
            want = want or full.output  # the first runtime is native
            if full.output != want:
                failed[runtime.name] = "wrong result"
                continue
            best[runtime.name] = min(best.get(runtime.name, math.inf), full.cpu_s)
            start[runtime.name] = min(start.get(runtime.name, math.inf), empty.cpu_s)
    row = {name: max(best[name] - start[name], 1e-6) for name in best} | failed
    text = ", ".join(f"{name} {value if isinstance(value, str) else format(value, '.3f') + ' s'}" for name, value in row.items())
    print(f"  {kernel.name}: {text}", file=sys.stderr, flush=True)
    return row


def run_program(program, runtimes, rounds):
    """{runtime: CPU and wall milliseconds, peak MiB} of whole processes. What takes over a second runs twice only."""
    figures = {}
    for round_ in range(rounds):
        for runtime in runtimes:
            if round_ >= 2 and figures.get(runtime.name) and figures[runtime.name][0].cpu_s > 1:
                continue
            command = runtime.command(program, program.args)
            one = measure(command) if command else None
            if one:
                figures.setdefault(runtime.name, []).append(one)
    print(f"  {program.name}", file=sys.stderr, flush=True)
    return {name: {"cpu_ms": min(f.cpu_s for f in all_) * 1e3, "wall_ms": min(f.wall_s for f in all_) * 1e3,
                   "peak_mib": min(f.peak_kib for f in all_) / 1024} for name, all_ in figures.items()}
