"""The benchmarks run, once and tiny, so that they cannot rot. Nothing here looks at a time."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

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
    resumed = sweeps.resuming(tmp_path / "resume", 100, shard=20)
    assert 0.0 < resumed.value < 10.0
    assert resumed.line().endswith("10 ok")
    row, series = sweeps.bytes_per_run(tmp_path / "bytes", 2)
    assert row.value > series.value > 100.0


def test_every_figure_of_the_benchmark_is_measured() -> None:
    speed = benchmark("speed")
    figures = {figure.name: figure for figure in speed.measure(tiny=True)}
    assert {"demand_ns_1_threads", "demand_ns_2_threads", "bytes_per_consumer", "help_seconds"} <= set(figures)
    assert all(figure.value > 0.0 for figure in figures.values())
    assert figures["bytes_per_consumer"].value == pytest.approx(
        sum(column.nbytes for column in speed.MarketModel().market.consumers.arrays().values()) / 9600 + 16.0
    )
    assert figures["bytes_per_consumer"].line().endswith("ok")
