"""The results as Markdown. Every row that was measured is printed, the losing ones too."""

import math


def geomean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def table(head, rows):
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


def kernel_table(results, runtimes):
    """Ratios to native code; > 1 is slower."""
    names = [r.name for r in runtimes if r.name != "native" and any(r.name in row for row in results.values())]
    ratios = {name: [] for name in names}
    rows = []
    for kernel, row in results.items():
        cells = []
        for name in names:
            value = row.get(name, "–")
            if not isinstance(value, str):
                ratios[name].append(value / row["native"])
                value = f"{ratios[name][-1]:.2f}"
            cells.append(value)
        rows.append([kernel, f"{row['native']:.3f}", *cells])
    means = []
    for name in names:
        if not ratios[name]:
            means.append("–")
            continue
        count = "" if len(ratios[name]) == len(results) else f" ({len(ratios[name])} of {len(results)})"
        means.append(f"**{geomean(ratios[name]):.2f}**{count}")
    rows.append(["**geometric mean**", "", *means])
    return table(["kernel", "native, s", *names], rows)


def program_table(program, rows):
    cells = [[name, f"{row['cpu_ms']:.2f}", f"{row['wall_ms']:.2f}", f"{row['peak_mib']:.1f}"] for name, row in rows.items()]
    return table([f"{program}, whole process", "CPU, ms", "wall, ms", "peak memory, MiB"], cells)
