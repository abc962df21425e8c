"""Measure the speed of homogsim on this machine: `make bench`, and `make bench-full` for the large worlds.

Every figure is measured in this run. Contestants agree before they are timed, take turns, and are told as medians with
the lowest and the highest. Lines that begin with ``goal`` are for machines: ``goal NAME FIGURE BOUND ok|short``.
``--write`` renews the table and the picture of `README.md`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import c_kernel
import report
import whole
from contest import Timed, compete, goals, kernel_tastes
from figures import Figure, machine

SIZES = (10_000, 100_000, 1_000_000)


def contests(sizes: tuple[int, ...], *, tiny: bool) -> tuple[list[Figure], list[Timed], list[str]]:
    """Return the month of demand at several sizes: figures, times, and remarks."""
    figures, all_timed, remarks = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        library = c_kernel.build(Path(folder))
        if library is None:
            remarks.append("C kernel not measured: there is no gcc")
        else:
            loops = ", ".join(f"{name} {count}" for name, count in c_kernel.vector_loops(library).items())
            remarks.append(f"C kernel: {c_kernel.compiler()}, {' '.join(c_kernel.FLAGS)}; vector loops: {loops}")
        for size in sizes:
            timed, said = compete(size, library, tiny=tiny)
            figures += goals(timed)
            all_timed.append(timed)
            remarks += [said] if said and said not in remarks else []
    return figures, all_timed, remarks


def measure(*, tiny: bool = False, full: bool = False) -> tuple[list[Figure], list[Timed], list[str]]:
    """Return all figures; `tiny` measures each once at a small size, to see that the benchmark itself works."""
    figures, timed, remarks = contests((1000,) if tiny else SIZES, tiny=tiny)
    figures += kernel_tastes(1000 if tiny else 100_000, 1 if tiny else 15)
    figures.append(whole.memory_per_consumer())
    figures.append(whole.command("help_seconds", ["--help"], 1 if tiny else 5, 0.4))
    if tiny:
        return figures, timed, remarks
    figures += whole.month_against_demand(35)
    figures += whole.teaching(5)  # seconds, on a machine whose speed changes: more repeats than ratios need
    *grown, million = whole.growing((*whole.SIZES, whole.MILLION))
    figures += whole.million(million)
    growth = whole.fitted([whole.fastest(runs) for runs in grown])
    remarks.append(
        "cost of a month, 2 threads: " + json.dumps({k: float(f"{v:.3g}") for k, v in growth._asdict().items()})
    )
    figures += whole.checked(growth, whole.fastest(million), "1000000")
    if full:
        larger, run = whole.ten_million()
        figures += [*larger, *whole.checked(growth, run, "10000000")]
    return figures, timed, remarks


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="also 10,000,000 consumers")
    parser.add_argument("--write", action="store_true", help="renew README.md's table and picture")
    options = parser.parse_args()
    start, facts = time.perf_counter(), machine()
    print(json.dumps(facts))
    figures, timed, remarks = measure(full=options.full)
    print(*remarks, *(figure.row() for figure in figures), sep="\n")
    print(f"measured in {time.perf_counter() - start:.0f} s")
    if options.write:
        report.write(figures, timed, remarks, facts)
    for figure in figures:
        if figure.bound is not None:
            print(figure.line())


if __name__ == "__main__":
    main()
