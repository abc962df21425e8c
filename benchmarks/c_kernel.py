"""The hand-written C kernel (`kernel.c`): built here, called through ctypes, shown to be vector code."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from one_month import Answer, Month

from homogsim.laws.tastes import NO_WAVES
from homogsim.laws.utility import outlet_table, traits_of

SOURCE = Path(__file__).with_name("kernel.c")
FLAGS = (
    "-O3", "-march=native", "-mprefer-vector-width=512", "-fopenmp", "-fno-fast-math", "-ffp-contract=off",
    "-fno-math-errno", "-fPIC", "-shared",
)  # fmt: skip
HOT = ("settle", "attract", "add_up", "draw", "race")
"""Functions in which all the time goes."""

_ARRAYS = {
    "plan": np.int64, "reach_towns": np.int64, "reach_minutes": np.float64, "alpha": np.float64,
    "personal": np.float64, "local": np.float64, "strength": np.float64, "loyalty": np.float64, "place": np.float64,
    "ideal": np.float64, "outlets": np.float64, "site_place": np.float64, "is_open": np.uint8,
}  # fmt: skip


_COUNTS = ("tasks", "towns", "sites_per_cell", "reach", "consumers", "sites", "axes")


class _Market(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int64) for name in _COUNTS),
        *((name, ctypes.c_void_p) for name in _ARRAYS),
        *((name, ctypes.c_double) for name in ("outside", "noise", "weight", "visit_probability")),
        ("month", ctypes.c_uint64), ("visit_key", ctypes.c_uint64 * 2), ("race_key", ctypes.c_uint64 * 2),
        *(
            (name, ctypes.c_void_p)
            for name in ("last", "bought", "inclusive", "surplus", "partial", "reached", "counts", "sums")
        ),
    ]  # fmt: skip


def build(folder: Path) -> Path | None:
    """Compile the kernel into a folder, with the compiler's report beside it; None where there is no gcc."""
    gcc = shutil.which("gcc")
    if gcc is None:
        return None
    library = folder / "kernel.so"
    report = folder / "vectorised.txt"
    subprocess.run([gcc, *FLAGS, f"-fopt-info-vec={report}", str(SOURCE), "-o", str(library), "-lm"], check=True)
    return library


def compiler() -> str:
    """Return the compiler's version."""
    said = subprocess.run(["gcc", "--version"], check=True, capture_output=True, text=True).stdout
    return said.splitlines()[0]


def vector_loops(library: Path) -> dict[str, int]:
    """Return how many loops of each hot function are vector code, by the compiler's own report."""
    text = library.with_name("vectorised.txt").read_text(encoding="utf-8")
    lines = {int(line) for line in re.findall(r"kernel\.c:(\d+):\d+: optimized: loop vectorized", text)}
    return {name: sum(first <= line <= last for line in lines) for name, (first, last) in _extents().items()}


def _extents() -> dict[str, tuple[int, int]]:
    """Return the first and the last line of each hot function."""
    source = SOURCE.read_text(encoding="utf-8").splitlines()
    starts = {
        match.group(1): number
        for number, line in enumerate(source, 1)
        if (match := re.match(r"static (?:inline )?\w+ (\w+)\(", line))
    }
    return {name: (starts[name], source.index("}", starts[name]) + 1) for name in HOT}


class CKernel:
    """The C kernel on a market."""

    def __init__(self, month: Month, library: Path, threads: int) -> None:
        self._month, self._threads = month, threads
        self._function = ctypes.CDLL(str(library)).choose_month
        streets, n, axes = month.streets, month.consumers, len(month.tastes.ideal)
        widest, columns = int(np.diff(streets.site_start).max()) * streets.reach_towns.shape[1], 7 + axes
        alpha, personal, local, strength, _, _, loyalty = traits_of(month.tastes)
        given = {
            "plan": month.plan, "reach_towns": streets.reach_towns, "reach_minutes": streets.reach_minutes,
            "alpha": alpha, "personal": personal, "local": local, "strength": strength, "loyalty": loyalty,
            "place": month.tastes.place, "ideal": month.tastes.ideal, "site_place": streets.site_place,
            "outlets": np.empty((month.is_open.size, 7 + axes)), "is_open": month.is_open.view(np.uint8),
        }  # fmt: skip
        arrays: dict[str, Any] = {name: np.ascontiguousarray(given[name], dtype=kind) for name, kind in _ARRAYS.items()}
        tasks = len(month.plan)
        arrays |= {
            "last": month.last, "bought": np.empty(n, np.int32), "inclusive": np.empty(n), "surplus": np.empty(n),
            "partial": np.empty((tasks, widest, columns)), "reached": np.empty((tasks, widest), np.int64),
            "counts": np.empty(tasks, np.int64), "sums": np.empty((month.is_open.size, columns)),
        }  # fmt: skip
        self._arrays = arrays
        luck = month.luck
        pair = ctypes.c_uint64 * 2
        self._market = _Market(
            tasks=tasks, towns=streets.towns, sites_per_cell=int(np.diff(streets.site_start).max()),
            reach=streets.reach_towns.shape[1], consumers=n, sites=month.is_open.size, axes=axes,
            outside=month.outside, noise=month.noise, weight=streets.weight,
            visit_probability=luck.visit_probability, month=int(luck.month),
            visit_key=pair(int(luck.visit_key0), int(luck.visit_key1)),
            race_key=pair(int(luck.race_key0), int(luck.race_key1)),
            **{name: values.ctypes.data for name, values in arrays.items()},
        )  # fmt: skip

    def __call__(self) -> Answer:
        """Let everybody choose. Packing what is seen of the outlets is part of the month, as it is in homogsim."""
        arrays = self._arrays
        arrays["outlets"][:] = outlet_table(self._month.appeal, self._month.noise, NO_WAVES)
        if self._function(ctypes.byref(self._market), self._threads):
            raise ValueError("the market does not fit into the kernel's rows")
        return Answer(arrays["sums"].T, arrays["inclusive"], arrays["surplus"], arrays["bought"])
