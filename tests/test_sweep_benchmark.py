"""The benchmark of sweeps runs once, tiny, as a test, so that it cannot rot."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def benchmark(name: str) -> ModuleType:
    """Return a benchmark as a module."""
    found = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_disk_and_the_resumption_of_sweeps_are_measured(tmp_path: Path) -> None:
    sweeps = benchmark("sweeps")
    resumed = sweeps.resuming(tmp_path / "resume", 100, at_once=20)
    assert 0.0 < resumed.value < 120.0
    assert resumed._replace(value=9.0).line().endswith(" 9 10 ok")
    row, series = sweeps.bytes_per_run(tmp_path / "bytes", 2)
    assert row.value > series.value > 100.0
